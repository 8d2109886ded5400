"""What pictures measure, and how alike two are."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.core.numbers import finite
from vortex_worker.packs.image.pixels import luma, require_same_size, rgb, unit
from vortex_worker.sdk import Choices, Doc, Image, Json, Range, Tensor, node

#: What equal pictures are said to have: finite, and above all others of 8 bits.
_EQUAL_DB = 100.0
#: Z. Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 13 (2004).
_SIGMA, _RADIUS, _C1, _C2 = 1.5, 5, 0.01**2, 0.03**2


class Likeness(NamedTuple):
    mse: Annotated[float, Doc("Mean of the squared differences.")]
    psnr: Annotated[float, Doc("In dB; 100 for equal ones.")]
    ssim: Annotated[float, Doc("Structural similarity; 1 for equal ones.")]


class Statistics(NamedTuple):
    mean: float
    deviation: float
    minimum: float
    maximum: float
    entropy: Annotated[float, Doc("Of the luma in 256 steps, in bits.")]


@node("image.compare", category="measure")
def compare(a: Image, b: Image) -> Likeness:
    """How alike two images of one size are, over all channels."""
    require_same_size(a=a, b=b)
    first, second = (rgb(image).double() for image in (a, b))
    batch = max(len(first), len(second))
    first, second = first.expand(batch, -1, -1, -1), second.expand(batch, -1, -1, -1)
    mse = finite(float((first - second).square().mean()))
    psnr = min(_EQUAL_DB, -10 * math.log10(mse)) if mse else _EQUAL_DB
    return Likeness(mse, psnr, finite(_ssim(first, second)))


@node("image.statistics", category="measure")
def statistics(image: Image) -> Statistics:
    """Mean, deviation, ends and entropy of all pixels of the batch."""
    values = image.double()
    counts = torch.bincount((unit(luma(image)) * 255).round().long().flatten(), minlength=256).double()
    shares = counts[counts > 0] / counts.sum()
    entropy = float(-(shares * shares.log2()).sum())
    ends = float(values.min()), float(values.max())
    return Statistics(*map(finite, (float(values.mean()), float(values.std(correction=0)), *ends, entropy)))


@node("image.histogram", category="measure")
def histogram(
    image: Image,
    bins: Annotated[int, Range(1, 65536)] = 256,
    of: Annotated[str, Choices("channels", "luma")] = "channels",
) -> Tensor:
    """How many pixels of each picture lie in equal steps from 0 to 1: (batch, channel, bin)."""
    values = unit(torch.nan_to_num(image if of == "channels" else luma(image).unsqueeze(-1)))
    steps = (values * bins).long().clamp(max=bins - 1).movedim(-1, 1).flatten(2)
    counts = torch.zeros(*steps.shape[:2], bins, dtype=torch.int64, device=image.device)
    return counts.scatter_add_(2, steps, torch.ones_like(steps))


@node("image.palette", category="measure", outputs=("colors",))
def palette(image: Image, count: Annotated[int, Range(1, 256)] = 5) -> Json:
    """The main colours of the first picture as [{color, share}], the most frequent first; by median cut."""
    import PIL.Image

    pixels = (unit(torch.nan_to_num(rgb(image[:1])))[0] * 255).round().to(torch.uint8).cpu().numpy()
    few = PIL.Image.fromarray(pixels).quantize(count, PIL.Image.Quantize.MEDIANCUT, dither=PIL.Image.Dither.NONE)
    entries = few.getpalette() or []
    found: list[tuple[int, int]] = few.getcolors() or []  # type: ignore[assignment]  # of a palette these are places
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return [
        {"color": "#" + bytes(entries[3 * index : 3 * index + 3]).hex(), "share": number / (few.width * few.height)}
        for number, index in found
    ]


def _ssim(a: torch.Tensor, b: torch.Tensor) -> float:
    first, second = (image.movedim(-1, 1).flatten(0, 1).unsqueeze(1) for image in (a, b))
    mean_a, mean_b = _blurred(first), _blurred(second)
    spread_a = _blurred(first.square()) - mean_a.square()
    spread_b = _blurred(second.square()) - mean_b.square()
    common = _blurred(first * second) - mean_a * mean_b
    found = ((2 * mean_a * mean_b + _C1) * (2 * common + _C2)) / (
        (mean_a.square() + mean_b.square() + _C1) * (spread_a + spread_b + _C2)
    )
    if min(found.shape[-2:]) > 2 * _RADIUS:
        # As the authors have it: only where the window lies within the picture.
        found = found[..., _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
    return float(found.mean())


def _blurred(planes: torch.Tensor) -> torch.Tensor:
    offsets = torch.arange(-_RADIUS, _RADIUS + 1, dtype=planes.dtype, device=planes.device)
    weights = torch.exp(-offsets.square() / (2 * _SIGMA**2))
    weights = weights / weights.sum()
    padded = F.pad(planes, [_RADIUS] * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
