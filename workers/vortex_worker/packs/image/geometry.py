"""Size, position and orientation."""

from __future__ import annotations

import math
from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import color_for, own_unit, to_image, to_planes, unit
from vortex_worker.sdk import Choices, Doc, Image, Range, Step, Unit, Widget, node

Extent = Annotated[int, Range(0, 16384), Unit("px")]
Margin = Annotated[int, Range(0, 8192), Unit("px")]
Resampling = Annotated[
    str, Choices("bilinear", "bicubic", "nearest", "area"), Doc("Bilinear and bicubic smooth when they make smaller.")
]


@node("image.resize", category="transform")
def resize(
    image: Image,
    width: Annotated[Extent, Doc("0 follows the height.")] = 512,
    height: Annotated[Extent, Doc("0 follows the width.")] = 512,
    mode: Resampling = "bicubic",
    keep_aspect: Annotated[bool, Doc("Fit within width and height instead of stretching.")] = False,
) -> Image:
    """Resize to a width and a height in pixels."""
    old_height, old_width = image.shape[1:3]
    ratios = [new / old for new, old in ((width, old_width), (height, old_height)) if new]
    if keep_aspect or not (width and height):
        return _resampled(image, old_height * min(ratios, default=1.0), old_width * min(ratios, default=1.0), mode)
    return _resampled(image, height, width, mode)


@node("image.scale", category="transform")
def scale(
    image: Image,
    factor: Annotated[float, Range(0.01, 16.0), Step(0.05), Doc("Of width and height alike.")] = 0.5,
    mode: Resampling = "bicubic",
) -> Image:
    """Make the image larger or smaller by a factor."""
    return _resampled(image, image.shape[1] * factor, image.shape[2] * factor, mode)


@node("image.crop", category="transform")
def crop(
    image: Image,
    x: Annotated[Extent, Doc("Left edge.")] = 0,
    y: Annotated[Extent, Doc("Upper edge.")] = 0,
    width: Annotated[Extent, Doc("0 goes to the right edge of the image.")] = 0,
    height: Annotated[Extent, Doc("0 goes to the lower edge of the image.")] = 0,
) -> Image:
    """Cut a rectangle out. What it asks for beyond the image's edges is left out."""
    rows, columns = image.shape[1:3]
    if x >= columns or y >= rows:
        raise ValueError(f"the corner {x}, {y} lies outside the image of {columns}×{rows} pixels")
    bottom, right = y + height if height else rows, x + width if width else columns
    return unit(image[:, y:bottom, x:right]).contiguous()


@node("image.pad", category="transform")
def pad(
    image: Image,
    left: Margin = 32,
    top: Margin = 32,
    right: Margin = 32,
    bottom: Margin = 32,
    mode: Annotated[str, Choices("color", "edge", "reflect"), Doc("What the margins show.")] = "color",
    color: Annotated[str, Widget("colour"), Doc("Of the margins, as #rrggbb; in mode color.")] = "#000000",
) -> Image:
    """Add margins around the image."""
    if mode == "color":
        return own_unit(_bordered(image, (left, top, right, bottom), color_for(image, color)))
    rows = _continued(image.shape[1], top, bottom, reflect=mode == "reflect").to(image.device)
    columns = _continued(image.shape[2], left, right, reflect=mode == "reflect").to(image.device)
    return unit(image.index_select(1, rows).index_select(2, columns))


@node("image.flip", category="transform")
def flip(image: Image, direction: Annotated[str, Choices("horizontal", "vertical", "both")] = "horizontal") -> Image:
    """Mirror the image: horizontally swaps left and right."""
    axes = {"horizontal": [2], "vertical": [1], "both": [1, 2]}[direction]
    return own_unit(image.flip(axes))


@node("image.rotate", category="transform")
def rotate(
    image: Image,
    angle: Annotated[float, Range(-360.0, 360.0), Step(1.0), Unit("°"), Doc("Counter-clockwise.")] = 90.0,
    expand: Annotated[bool, Doc("Grow the picture so that no corner is lost.")] = True,
    color: Annotated[str, Widget("colour"), Doc("Of the corners that are left empty, as #rrggbb.")] = "#000000",
) -> Image:
    """Turn the image about its centre. Quarter turns are exact."""
    height, width = image.shape[1:3]
    quarters, rest = divmod(angle, 90.0)
    if rest == 0 and (expand or quarters % 2 == 0 or height == width):
        return unit(torch.rot90(image, int(quarters), (1, 2))).contiguous()
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    if expand:
        width, height = (
            math.ceil(width * abs(cosine) + height * abs(sine)),
            math.ceil(width * abs(sine) + height * abs(cosine)),
        )
    return _turned(image, sine, cosine, height, width, color_for(image, color))


def _resampled(image: torch.Tensor, height: float, width: float, mode: str) -> torch.Tensor:
    size = (max(1, round(height)), max(1, round(width)))
    planes = to_planes(image)
    if mode in ("nearest", "area"):
        return to_image(F.interpolate(planes, size=size, mode="nearest-exact" if mode == "nearest" else mode))
    return to_image(F.interpolate(planes, size=size, mode=mode, align_corners=False, antialias=True))


def _bordered(image: torch.Tensor, margins: tuple[int, int, int, int], color: torch.Tensor) -> torch.Tensor:
    left, top, right, bottom = margins
    batch, height, width, channels = image.shape
    canvas = image.new_empty(batch, height + top + bottom, width + left + right, channels)
    for border in (canvas[:, :top], canvas[:, top + height :], canvas[:, :, :left], canvas[:, :, left + width :]):
        border.copy_(color.expand(border.shape))
    canvas[:, top : top + height, left : left + width] = image
    return canvas


def _continued(length: int, before: int, after: int, *, reflect: bool) -> torch.Tensor:
    """Which of `length` pixels stands at each position from −before to length + after − 1.

    A reflection does not repeat the edge, and goes back and forth where the margin is the wider.
    """
    positions = torch.arange(-before, length + after)
    if not reflect or length == 1:
        return positions.clamp(0, length - 1)
    period = 2 * (length - 1)
    folded = positions.remainder(period)
    return torch.minimum(folded, period - folded)


def _turned(
    image: torch.Tensor, sine: float, cosine: float, height: int, width: int, color: torch.Tensor
) -> torch.Tensor:
    """Bilinear samples of the image, turned counter-clockwise onto height × width pixels."""
    planes = to_planes(image)
    rows, columns = planes.shape[-2:]
    y = (torch.arange(height, dtype=image.dtype, device=image.device) - (height - 1) / 2).unsqueeze(1)
    x = (torch.arange(width, dtype=image.dtype, device=image.device) - (width - 1) / 2).unsqueeze(0)
    grid = torch.stack([(x * cosine - y * sine) * (2 / columns), (x * sine + y * cosine) * (2 / rows)], dim=-1)
    # A plane of ones turned alike tells how much of each pixel the image covers.
    source = torch.cat([planes, torch.ones_like(planes[:, :1])], dim=1)
    turned = F.grid_sample(source, grid.expand(len(planes), -1, -1, -1), padding_mode="zeros", align_corners=False)
    return to_image(turned[:, :-1] + color.view(1, -1, 1, 1) * (1 - turned[:, -1:]))
