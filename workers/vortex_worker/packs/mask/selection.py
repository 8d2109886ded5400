"""Masks of what an image shows."""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.filters import gaussian
from vortex_worker.packs.image.pixels import color, luma, require_same_size, rgb, unit
from vortex_worker.sdk import Doc, Image, Mask, Range, Step, Unit, Widget, node

_BINS = 256


@node("mask.otsu", category="selection", title="Threshold by Otsu")
def otsu(image: Image) -> Mask:
    """Select the bright parts, above the luma that parts bright from dark best.

    Source: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, IEEE Trans. SMC 9 (1979).
    """
    brightness = unit(torch.nan_to_num(luma(image)))
    thresholds = torch.stack([_otsu(plane) for plane in brightness])
    return (brightness > thresholds.view(-1, 1, 1)).to(torch.float32)


@node("mask.local_threshold", category="selection", title="Local threshold")
def local_threshold(
    image: Image,
    radius: Annotated[float, Range(0.5, 200.0), Unit("px"), Doc("Standard deviation of the neighbourhood.")] = 15.0,
    offset: Annotated[float, Range(-1.0, 1.0), Step(0.01), Doc("How much brighter than around it.")] = 0.0,
) -> Mask:
    """Select what is brighter than its neighbourhood: writing on paper that is lit unevenly, say."""
    brightness = luma(image)
    around = gaussian(brightness.unsqueeze(1), radius)[:, 0]
    return (brightness > around + offset).to(torch.float32)


@node("mask.color_range", category="selection")
def color_range(
    image: Image,
    color_: Annotated[str, Widget("colour"), Doc("As #rrggbb.")] = "#00ff00",
    tolerance: Annotated[
        float, Range(0.0, 1.0), Step(0.01), Doc("Distance in RGB that is inside; 1 is from black to white.")
    ] = 0.2,
    softness: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Width of the transition.")] = 0.1,
) -> Mask:
    """Select what is like a colour: a green background, say."""
    colors = rgb(image)
    apart = (colors - color(color_, colors)).square().mean(-1).sqrt()
    return unit((tolerance + softness - apart) / max(softness, 1e-6))


@node("mask.differences", category="selection", title="Where images differ")
def differences(a: Image, b: Image, threshold: Annotated[float, Range(0.0, 1.0), Step(0.01)] = 0.1) -> Mask:
    """Select the pixels of which a channel differs by more than a threshold."""
    require_same_size(a=a, b=b)
    return ((rgb(a) - rgb(b)).abs().amax(-1) > threshold).to(torch.float32)


@node("mask.peaks", category="selection", title="Bright points")
def peaks(
    image: Image,
    radius: Annotated[int, Range(1, 100), Unit("px"), Doc("No two are nearer in a row or column.")] = 3,
    threshold: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Darker ones do not count.")] = 0.5,
) -> Mask:
    """Select the pixels than which none around them is brighter."""
    brightness = luma(image).unsqueeze(1)
    greatest = F.max_pool2d(brightness, 2 * radius + 1, stride=1, padding=radius)
    return ((brightness == greatest) & (brightness >= threshold))[:, 0].to(torch.float32)


def _otsu(plane: torch.Tensor) -> torch.Tensor:
    values = plane.flatten().double().cpu()
    low, high = float(values.min()), float(values.max())
    if low == high:
        return plane.new_tensor(low)
    counts, edges = torch.histogram(values, _BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = counts.cumsum(0), counts.flip(0).cumsum(0).flip(0)
    mean_below = (counts * centres).cumsum(0) / below.clamp(min=1)
    mean_above = ((counts * centres).flip(0).cumsum(0).flip(0)) / above.clamp(min=1)
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]).square()
    return plane.new_tensor(float(centres[int(between.argmax())]))
