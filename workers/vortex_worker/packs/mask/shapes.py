"""Masks of simple forms, with soft edges one pixel wide."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
import torch

from vortex_worker.packs.image.pixels import unit
from vortex_worker.sdk import Choices, Context, Doc, Json, Mask, Range, Unit, node

Extent = Annotated[int, Range(1, 16384), Unit("px")]
Share = Annotated[float, Range(-10.0, 10.0)]
Length = Annotated[float, Range(0.0, 10.0)]

#: A polygon is drawn so many times as large, and then made smaller.
_OVERSAMPLED = 4


@node("mask.rectangle", category="shape")
def rectangle(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    x: Annotated[Share, Doc("Left edge; 0 to 1 across the mask.")] = 0.25,
    y: Annotated[Share, Doc("Upper edge; 0 to 1 down the mask.")] = 0.25,
    w: Annotated[Length, Doc("Of the rectangle; 1 is the whole width.")] = 0.5,
    h: Annotated[Length, Doc("Of the rectangle; 1 is the whole height.")] = 0.5,
) -> Mask:
    """A rectangle; a pixel that it covers in part is inside in part."""
    across = _covered(x * width, (x + w) * width, width)
    down = _covered(y * height, (y + h) * height, height)
    return (down.unsqueeze(1) * across).unsqueeze(0).to(ctx.device)


@node("mask.ellipse", category="shape")
def ellipse(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    x: Annotated[Share, Doc("Centre; 0 to 1 across the mask.")] = 0.5,
    y: Annotated[Share, Doc("Centre; 0 to 1 down the mask.")] = 0.5,
    w: Annotated[Length, Doc("Diameter; 1 is the whole width.")] = 0.5,
    h: Annotated[Length, Doc("Diameter; 1 is the whole height.")] = 0.5,
) -> Mask:
    """An ellipse."""
    half_w, half_h = w * width / 2, h * height / 2
    if half_w == 0 or half_h == 0:
        return torch.zeros(1, height, width, device=ctx.device)
    across = (torch.arange(width, dtype=torch.float64) + 0.5 - x * width).unsqueeze(0)
    down = (torch.arange(height, dtype=torch.float64) + 0.5 - y * height).unsqueeze(1)
    level = ((across / half_w).square() + (down / half_h).square()).sqrt()
    slope = ((across / half_w**2).square() + (down / half_h**2).square()).sqrt() / level.clamp(min=1e-9)
    # The level's distance from 1, over its slope, is that from the edge in pixels.
    return unit(0.5 - (level - 1) / slope.clamp(min=1e-9)).to(ctx.device, torch.float32).unsqueeze(0)


@node("mask.polygon", category="shape")
def polygon(
    ctx: Context,
    points: Annotated[Json, Doc("Three or more pairs [x, y], 0 to 1 across and down the mask.")] = (
        (0.5, 0.1),
        (0.9, 0.9),
        (0.1, 0.9),
    ),
    width: Extent = 512,
    height: Extent = 512,
) -> Mask:
    """A form of straight edges; where it crosses itself, every other part is outside."""
    import PIL.Image
    import PIL.ImageDraw

    corners = _points(points)
    if width * height > 1 << 26:
        raise ValueError(f"a polygon on {width}×{height} pixels is too large")
    canvas = PIL.Image.new("L", (width * _OVERSAMPLED, height * _OVERSAMPLED))
    # Pillow's coordinates name pixels by their centres.
    PIL.ImageDraw.Draw(canvas).polygon(
        [(px * width * _OVERSAMPLED - 0.5, py * height * _OVERSAMPLED - 0.5) for px, py in corners], fill=255
    )
    small = np.asarray(canvas.reduce(_OVERSAMPLED), np.float32) / 255
    return torch.from_numpy(small).unsqueeze(0).to(ctx.device)


@node("mask.ramp", category="shape", title="Gradient mask")
def ramp(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    direction: Annotated[str, Choices("right", "left", "down", "up", "outwards")] = "right",
    start: Annotated[float, Range(-1.0, 2.0), Doc("Where it is 0.")] = 0.0,
    end: Annotated[float, Range(-1.0, 2.0), Doc("Where it is 1.")] = 1.0,
) -> Mask:
    """From 0 to 1 along a direction."""
    if start == end:
        raise ValueError("start and end are the same place")
    across = ((torch.arange(width) + 0.5) / width).expand(height, width)
    down = ((torch.arange(height) + 0.5) / height).unsqueeze(1).expand(height, width)
    t = {
        "right": across, "left": 1 - across, "down": down, "up": 1 - down,
        "outwards": ((2 * across - 1).square() + (2 * down - 1).square()).sqrt() / math.sqrt(2),
    }[direction]  # fmt: skip
    return unit((t - start) / (end - start)).unsqueeze(0).to(ctx.device)


def _covered(low: float, high: float, length: int) -> torch.Tensor:
    """How much of each of `length` pixels lies between two places."""
    edges = torch.arange(length + 1, dtype=torch.float64).clamp(low, high)
    return edges.diff().to(torch.float32)


def _points(points: Any) -> list[tuple[float, float]]:
    if not isinstance(points, list | tuple) or not 3 <= len(points) <= 10_000:
        raise ValueError("points is a list of 3 to 10000 pairs [x, y]")
    for item in points:
        pair = isinstance(item, list | tuple) and len(item) == 2
        if not pair or not all(isinstance(value, int | float) and -10 <= value <= 10 for value in item):
            raise ValueError(f"{item!r:.60} is no pair of numbers in −10..10")
    return [(float(x), float(y)) for x, y in points]
