"""Several pictures on one."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from vortex_worker.packs.image.pixels import color_for, rgb, unit
from vortex_worker.sdk import Choices, Doc, Image, Many, Range, Unit, Widget, node


@node("batch.grid", category="batch", title="Contact sheet")
def grid(
    image: Image,
    columns: Annotated[int, Range(0, 1000), Doc("0: about as many as rows.")] = 0,
    gap: Annotated[int, Range(0, 1000), Unit("px")] = 0,
    color: Annotated[str, Widget("colour"), Doc("Of gaps and empty places, as #rrggbb.")] = "#000000",
) -> Image:
    """All pictures of a batch in rows on one."""
    count, height, width, channels = image.shape
    across = min(columns or math.ceil(math.sqrt(count)), count)
    down = -(-count // across)
    size = down * (height + gap) - gap, across * (width + gap) - gap
    sheet = color_for(image, color).expand(1, *size, channels).clone()
    for index, picture in enumerate(image):
        top, left = index // across * (height + gap), index % across * (width + gap)
        sheet[0, top : top + height, left : left + width] = picture
    return unit(sheet)


@node("batch.side_by_side", category="batch", title="Side by side")
def side_by_side(images: Many[Image], direction: Annotated[str, Choices("right", "down")] = "right") -> Image:
    """Pictures beside or below each other; all as high, or as wide, as the first."""
    axis = 2 if direction == "right" else 1
    across = 3 - axis
    counts = {len(image) for image in images} - {1}
    if len(counts) > 1:
        raise ValueError(f"batches of {' and '.join(map(str, sorted(counts)))} pictures do not go together")
    pictures = [rgb(image) for image in images]
    if len({picture.shape[across] for picture in pictures}) > 1:
        listed = ", ".join(f"{picture.shape[2]}×{picture.shape[1]}" for picture in pictures[:10])
        raise ValueError(f"pictures of {listed} do not fit beside each other; resize them")
    most = max(len(picture) for picture in pictures)
    return unit(torch.cat([picture.expand(most, -1, -1, -1) for picture in pictures], axis))
