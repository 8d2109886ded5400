"""Pictures as other media show them."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import PIL.Image
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import color, luma, rgb, to_image, to_planes, unit
from vortex_worker.sdk import Doc, Image, Json, Range, Step, Unit, Widget, node


@node("image.pixelate", category="stylize")
def pixelate(image: Image, size: Annotated[int, Range(1, 1024), Unit("px"), Doc("Side of a block.")] = 8) -> Image:
    """Paint blocks of pixels in their mean colour; those at the right and lower edge may be smaller."""
    height, width = image.shape[1:3]
    planes = to_planes(image)
    # At the edges the mean is of what is there.
    summed = F.avg_pool2d(planes, size, ceil_mode=True, count_include_pad=False)
    blocks = summed.repeat_interleave(size, -2).repeat_interleave(size, -1)
    return to_image(blocks[..., :height, :width])


@node("image.emboss", category="stylize")
def emboss(
    image: Image,
    strength: Annotated[float, Range(0.0, 10.0), Step(0.1)] = 1.0,
    angle: Annotated[
        float, Range(-360.0, 360.0), Unit("°"), Doc("Where the light comes from, counter-clockwise.")
    ] = 135.0,
) -> Image:
    """Show brightness as a relief in grey."""
    height = F.pad(luma(image).unsqueeze(1), [1] * 4, mode="replicate")[:, 0]
    across = (height[:, 1:-1, 2:] - height[:, 1:-1, :-2]) / 2
    down = (height[:, 2:, 1:-1] - height[:, :-2, 1:-1]) / 2
    turn = torch.deg2rad(torch.tensor(angle))
    slope = across * torch.cos(turn) - down * torch.sin(turn)
    return unit((0.5 - strength * slope).unsqueeze(-1).expand(*slope.shape, 3)).contiguous()


@node("image.dither", category="stylize", title="Ordered dither")
def dither(
    image: Image,
    levels: Annotated[int, Range(2, 256), Doc("Of each channel.")] = 2,
) -> Image:
    """Reduce to few levels in a pattern that keeps the mean brightness.

    Source: B. Bayer, An optimum method for two-level rendition of continuous-tone pictures, ICC 1973.
    """
    height, width = image.shape[1:3]
    pattern = _bayer(3).to(image)
    tiled = pattern.repeat(-(-height // 8), -(-width // 8))[:height, :width]
    steps = levels - 1
    return unit((unit(image) * steps + tiled.unsqueeze(-1)).floor().clamp(max=steps) / steps)


@node("image.quantize", category="stylize", title="Reduce colours")
def quantize(image: Image, colors: Annotated[int, Range(1, 256)] = 16) -> Image:
    """Paint each picture with a few of its own colours, by median cut."""
    found = []
    for picture in (unit(torch.nan_to_num(rgb(image))) * 255).round().to(torch.uint8).cpu().numpy():
        few = PIL.Image.fromarray(picture).quantize(colors, PIL.Image.Quantize.MEDIANCUT, dither=PIL.Image.Dither.NONE)
        found.append(np.asarray(few.convert("RGB"), np.float32) / 255)
    return torch.from_numpy(np.stack(found)).to(image.device)


@node("image.gradient_map", category="stylize")
def gradient_map(
    image: Image,
    colors: Annotated[Json, Doc("Two or more colours as #rrggbb, from dark to bright.")] = (
        "#000000",
        "#ff8000",
        "#ffffff",
    ),
) -> Image:
    """Paint every brightness in a colour of its own."""
    stops = _stops(colors, image)
    position = unit(luma(image)) * (len(stops) - 1)
    left = position.long().clamp(max=len(stops) - 2)
    return unit(torch.lerp(stops[left], stops[left + 1], (position - left).unsqueeze(-1)))


@node("image.glow", category="stylize")
def glow(
    image: Image,
    threshold: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("Luma from here up glows.")] = 0.7,
    radius: Annotated[float, Range(0.0, 100.0), Step(0.5), Unit("px")] = 12.0,
    amount: Annotated[float, Range(0.0, 4.0), Step(0.05)] = 0.6,
) -> Image:
    """Let bright parts shine over their surroundings."""
    from vortex_worker.packs.image.filters import gaussian

    colors = rgb(image)
    bright = colors * ((luma(image) - threshold) / max(1 - threshold, 1e-6)).clamp(0, 1).unsqueeze(-1)
    light = unit(amount * gaussian(to_planes(bright), radius)).movedim(1, -1)
    return unit(colors + light - colors * light).contiguous()


def _bayer(order: int) -> torch.Tensor:
    """Thresholds of a 2^order square, each in 0..1 once."""
    pattern = torch.zeros(1, 1)
    for _ in range(order):
        fourfold = 4 * pattern
        pattern = torch.cat([torch.cat([fourfold, fourfold + 2], 1), torch.cat([fourfold + 3, fourfold + 1], 1)])
    return (pattern + 0.5) / pattern.numel()


def _stops(colors: Any, like: torch.Tensor) -> torch.Tensor:
    if not isinstance(colors, list | tuple) or not 2 <= len(colors) <= 256:
        raise ValueError(f"colors is a list of 2 to 256 colours, not {colors!r:.60}")
    return torch.stack([color(str(each), like) for each in colors])
