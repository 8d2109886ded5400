"""Images out of nothing."""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import color, unit
from vortex_worker.sdk import Choices, Context, Doc, Image, Range, Unit, Widget, node

Extent = Annotated[int, Range(1, 16384), Unit("px")]
Batch = Annotated[int, Range(1, 256), Doc("Number of images.")]
Color = Annotated[str, Widget("colour"), Doc("As #rrggbb.")]


@node("image.solid", category="source")
def solid(
    ctx: Context, width: Extent = 512, height: Extent = 512, color_: Color = "#808080", batch: Batch = 1
) -> Image:
    """An image of one colour."""
    blank = torch.zeros(batch, height, width, 3, device=ctx.device)
    return blank + color(color_, blank)


@node("image.gradient", category="source")
def gradient(
    ctx: Context,
    width: Extent = 512,
    height: Extent = 512,
    direction: Annotated[str, Choices("horizontal", "vertical", "diagonal", "radial")] = "horizontal",
    start: Annotated[Color, Doc("Left, top or centre.")] = "#000000",
    end: Annotated[Color, Doc("Right, bottom or corners.")] = "#ffffff",
    batch: Batch = 1,
) -> Image:
    """A gradient from one colour to another."""
    blank = torch.zeros(batch, height, width, 3, device=ctx.device)
    across = torch.linspace(0, 1, width, device=ctx.device).unsqueeze(0)
    down = torch.linspace(0, 1, height, device=ctx.device).unsqueeze(1)
    if direction == "radial":
        t = (((2 * across - 1).square() + (2 * down - 1).square()) / 2).sqrt()
    else:
        t = {"horizontal": across + 0 * down, "vertical": 0 * across + down, "diagonal": (across + down) / 2}[direction]
    first, last = color(start, blank), color(end, blank)
    return unit(blank + first + t.unsqueeze(-1) * (last - first))
