"""What film and lenses do to a picture."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.image.filters import gaussian
from vortex_worker.packs.image.pixels import luma, rgb, unit
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Doc, Image, Range, Step, Unit, Widget, node


@node("image.noise", category="effect")
def noise(
    image: Image,
    seed: Seed = 0,
    amount: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider"), Doc("Standard deviation.")] = 0.05,
    monochrome: Annotated[bool, Doc("The same in all channels.")] = False,
) -> Image:
    """Add Gaussian noise."""
    shape = (*image.shape[:-1], 1) if monochrome else image.shape
    return unit(image + amount * _normal(shape, seed, image))


@node("image.grain", category="effect")
def grain(
    image: Image,
    seed: Seed = 0,
    amount: Annotated[float, Range(0.0, 1.0), Step(0.01), Widget("slider")] = 0.1,
    size: Annotated[float, Range(0.0, 10.0), Step(0.1), Unit("px"), Doc("Of the grains.")] = 1.0,
) -> Image:
    """Add film grain: soft, without colour, and strongest in the midtones."""
    grains = gaussian(_normal(image.shape[:-1], seed, image).unsqueeze(1), size / 2)[:, 0]
    # A blur weakens noise; back to a standard deviation of 1, so that size and amount are independent.
    grains = grains / grains.square().mean().sqrt().clamp(min=1e-6)
    tones = unit(luma(image))
    return unit(rgb(image) + (amount * grains * 4 * tones * (1 - tones)).unsqueeze(-1))


@node("image.vignette", category="effect")
def vignette(
    image: Image,
    amount: Annotated[
        float, Range(-1.0, 1.0), Step(0.01), Widget("slider"), Doc("Above 0 darkens the corners, below 0 lightens.")
    ] = 0.5,
    radius: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Where it starts: 0 centre, 1 corners.")] = 0.4,
    softness: Annotated[float, Range(0.0, 1.0), Step(0.01), Doc("Width of the transition.")] = 0.6,
) -> Image:
    """Darken or lighten the corners."""
    rows, columns = (_pixel_centres(length, image) for length in image.shape[1:3])
    distance = ((rows.unsqueeze(1).square() + columns.square()) / 2).sqrt()
    t = unit((distance - radius) / max(softness, 1e-6))
    fade = (t * t * (3 - 2 * t)).unsqueeze(-1)
    return unit(image * (1 - amount * fade) if amount >= 0 else image - amount * fade * (1 - image))


def _pixel_centres(length: int, like: torch.Tensor) -> torch.Tensor:
    """From edge to edge, −1 to 1: the border pixels' centres lie half a pixel within."""
    return (torch.arange(length, dtype=like.dtype, device=like.device) + 0.5) * (2 / length) - 1


def _normal(shape: tuple[int, ...], seed: int, like: torch.Tensor) -> torch.Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=like.dtype).to(like.device)
