"""Noise away, detail apart."""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.filters import gaussian
from vortex_worker.packs.image.pixels import to_image, to_planes, unit
from vortex_worker.sdk import Context, Doc, Image, Range, Step, Unit, Widget, node

#: Of Chambolle's iteration in two dimensions: a larger one need not converge.
_STEP = 0.25


@node("image.bilateral", category="filter")
def bilateral(
    image: Image,
    ctx: Context,
    radius: Annotated[int, Range(1, 15), Unit("px"), Doc("The square's side is twice this, and one.")] = 3,
    space: Annotated[float, Range(0.1, 50.0), Unit("px"), Doc("Deviation of the weights by distance.")] = 2.0,
    tone: Annotated[float, Range(0.001, 2.0), Step(0.01), Doc("Deviation of the weights by colour.")] = 0.1,
) -> Image:
    """Smooth, but not across edges: neighbours count the less the more their colour differs.

    Source: C. Tomasi, R. Manduchi, Bilateral Filtering for Gray and Color Images, ICCV 1998.
    """
    planes = to_planes(image)
    height, width = planes.shape[-2:]
    padded = F.pad(planes, [radius] * 4, mode="replicate")
    total, weights = torch.zeros_like(planes), torch.zeros_like(planes[:, :1])
    for down in range(2 * radius + 1):
        ctx.progress(down / (2 * radius + 1))
        for across in range(2 * radius + 1):
            there = padded[:, :, down : down + height, across : across + width]
            apart = (down - radius) ** 2 + (across - radius) ** 2
            colors = (there - planes).square().sum(1, keepdim=True)
            weight = torch.exp(-apart / (2 * space**2) - colors / (2 * tone**2))
            total += weight * there
            weights += weight
    return to_image(total / weights)


@node("image.denoise", category="filter", title="Denoise by total variation")
def denoise(
    image: Image,
    ctx: Context,
    weight: Annotated[float, Range(0.001, 2.0), Step(0.01), Widget("slider"), Doc("More leaves less.")] = 0.1,
    steps: Annotated[int, Range(1, 1000)] = 50,
) -> Image:
    """Take noise away and keep edges, by the least total variation.

    Source: A. Chambolle, An Algorithm for Total Variation Minimization and Applications, J. Math. Imaging 20 (2004).
    """
    planes = to_planes(image)
    down, across = torch.zeros_like(planes), torch.zeros_like(planes)
    cleaned = planes
    for step in range(steps):
        ctx.progress(step / steps)
        if step:
            cleaned = planes + _divergence(down, across)
        slope_down, slope_across = _slopes(cleaned)
        steepness = 1 + _STEP / weight * (slope_down.square() + slope_across.square()).sqrt()
        down = (down - _STEP * slope_down) / steepness
        across = (across - _STEP * slope_across) / steepness
    return to_image(cleaned)


@node("image.high_pass", category="filter")
def high_pass(
    image: Image,
    radius: Annotated[float, Range(0.1, 100.0), Step(0.5), Unit("px"), Doc("What is larger goes away.")] = 8.0,
) -> Image:
    """Keep detail alone, around middle grey: laid over a picture (overlay) it sharpens it."""
    planes = to_planes(image)
    return to_image(unit(planes - gaussian(planes, radius) + 0.5))


@node("image.band", category="filter", title="Difference of Gaussians")
def band(
    image: Image,
    small: Annotated[float, Range(0.1, 100.0), Unit("px")] = 1.0,
    large: Annotated[float, Range(0.1, 100.0), Unit("px")] = 3.0,
    gain: Annotated[float, Range(0.0, 100.0)] = 4.0,
) -> Image:
    """Show structures between two sizes, around middle grey."""
    planes = to_planes(image)
    return to_image(unit(0.5 + gain * (gaussian(planes, small) - gaussian(planes, large))))


def _slopes(planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Differences to the next pixel below and to the right; 0 at the last ones."""
    down = F.pad(planes.diff(dim=-2), (0, 0, 0, 1))
    return down, F.pad(planes.diff(dim=-1), (0, 1))


def _divergence(down: torch.Tensor, across: torch.Tensor) -> torch.Tensor:
    """The negative of what is adjoint to `_slopes`, so that it can be added."""
    found = -down - across
    return found + F.pad(down, (0, 0, 1, 0))[..., :-1, :] + F.pad(across, (1, 0))[..., :-1]
