"""Patterns out of nothing, and pictures repeated."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import color, unit
from vortex_worker.packs.image.sources import Batch, Color, Extent
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Context, Doc, Image, Range, Step, Unit, node


@node("image.checkerboard", category="source")
def checkerboard(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    size: Annotated[int, Range(1, 8192), Unit("px"), Doc("Side of a square.")] = 32,
    first: Annotated[Color, Doc("Of the upper left square.")] = "#ffffff",
    second: Color = "#000000",
    batch: Batch = 1,
) -> Image:
    """Squares of two colours in turn."""
    rows, columns = (torch.arange(length, device=ctx.device) // size for length in (height, width))
    odd = ((rows.unsqueeze(1) + columns) % 2).to(torch.float32).unsqueeze(-1)
    blank = torch.zeros(batch, height, width, 3, device=ctx.device)
    return unit(blank + torch.lerp(color(first, odd), color(second, odd), odd))


@node("image.perlin", category="source", title="Cloud noise")
def perlin(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    size: Annotated[float, Range(1.0, 16384.0), Unit("px"), Doc("Of the largest clouds.")] = 128.0,
    octaves: Annotated[int, Range(1, 16), Doc("Each half as large and half as strong as the one before.")] = 4,
    seed: Seed = 0,
    batch: Batch = 1,
) -> Image:
    """Soft noise as of clouds, in grey.

    Source: K. Perlin, Improving Noise, SIGGRAPH 2002.
    """
    numbers = generator(seed)
    total = torch.zeros(batch, height, width)
    strength = 0.0
    for octave in range(octaves):
        if octave and size < 2**octave:
            break  # smaller than a pixel: nothing would be seen of it
        weight = 0.5**octave
        total += weight * _gradient_noise(batch, height, width, size / 2**octave, numbers)
        strength += weight
    grey = unit(0.5 + total / (2 * strength)).to(ctx.device)
    return grey.unsqueeze(-1).expand(-1, -1, -1, 3).contiguous()


@node("image.tile", category="transform")
def tile(
    image: Image,
    across: Annotated[int, Range(1, 64)] = 2,
    down: Annotated[int, Range(1, 64)] = 2,
    mirror: Annotated[bool, Doc("Turn every other one round, so that edges fit.")] = False,
) -> Image:
    """Repeat the picture beside and below itself."""
    if image.numel() * across * down > 1 << 30:
        raise ValueError(f"{across}×{down} pictures of this size do not fit into memory")
    if not mirror:
        return unit(image.repeat(1, down, across, 1))
    row = torch.cat([image.flip(2) if place % 2 else image for place in range(across)], 2)
    return unit(torch.cat([row.flip(1) if place % 2 else row for place in range(down)], 1))


@node("image.offset", category="transform")
def offset(
    image: Image,
    x: Annotated[float, Range(-1.0, 1.0), Step(0.01), Doc("To the right; 1 is the width.")] = 0.5,
    y: Annotated[float, Range(-1.0, 1.0), Step(0.01), Doc("Down; 1 is the height.")] = 0.5,
) -> Image:
    """Shift the picture; what leaves at one edge comes in at the other."""
    return unit(image.roll((round(y * image.shape[1]), round(x * image.shape[2])), (1, 2)))


@node("image.crop_center", category="transform", title="Crop to aspect")
def crop_center(
    image: Image, aspect: Annotated[float, Range(0.01, 100.0), Step(0.01), Doc("Width by height.")] = 1.0
) -> Image:
    """Cut the largest part of an aspect out of the middle."""
    height, width = image.shape[1:3]
    new_width = max(1, min(width, round(height * aspect)))
    new_height = max(1, min(height, round(width / aspect)))
    top, left = (height - new_height) // 2, (width - new_width) // 2
    return unit(image[:, top : top + new_height, left : left + new_width]).contiguous()


def _gradient_noise(batch: int, height: int, width: int, size: float, numbers: torch.Generator) -> torch.Tensor:
    """(batch, height, width) about in −1..1, and 0 at the corners of squares of a size."""
    rows, columns = ((torch.arange(length) / size) for length in (height, width))
    top, left = rows.floor().long(), columns.floor().long()
    turns = torch.rand(batch, int(top[-1]) + 2, int(left[-1]) + 2, generator=numbers) * math.tau
    v, u = (rows - top).unsqueeze(1), (columns - left).unsqueeze(0)

    def corner(down: int, right: int) -> torch.Tensor:
        angle = turns[:, top + down][:, :, left + right]
        return torch.cos(angle) * (u - right) + torch.sin(angle) * (v - down)

    fade_u, fade_v = (t**3 * (t * (6 * t - 15) + 10) for t in (u, v))
    upper = torch.lerp(corner(0, 0), corner(0, 1), fade_u.expand(height, width))
    lower = torch.lerp(corner(1, 0), corner(1, 1), fade_u.expand(height, width))
    # The greatest value is the root of a half.
    return torch.lerp(upper, lower, fade_v.expand(height, width)) * 2**0.5
