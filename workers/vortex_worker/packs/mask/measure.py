"""What a mask measures."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.image.pixels import color_for, require_same_size, unit
from vortex_worker.sdk import Doc, Image, Mask, Range, Unit, Widget, node


class Area(NamedTuple):
    share: Annotated[float, Doc("Of the picture that is inside, 0 to 1.")]
    pixels: Annotated[float, Doc("Inside; a soft edge counts in part.")]
    x: Annotated[float, Doc("Centre of mass, in pixels from the left; −1 for an empty mask.")]
    y: Annotated[float, Doc("Centre of mass, in pixels from the top; −1 for an empty mask.")]


class Bounds(NamedTuple):
    x: int
    y: int
    width: Annotated[int, Doc("0 for an empty mask.")]
    height: Annotated[int, Doc("0 for an empty mask.")]


class Agreement(NamedTuple):
    iou: Annotated[float, Doc("Of what is in either, how much is in both (Jaccard); 1 for two empty masks.")]
    dice: Annotated[float, Doc("Twice what is in both, by the sum of the two.")]


@node("mask.area", category="measure")
def area(mask: Mask) -> Area:
    """How much is inside, and where its middle is; over the whole batch."""
    weights = unit(torch.nan_to_num(mask)).to(torch.float64)
    total = float(weights.sum())
    if total == 0:
        return Area(0.0, 0.0, -1.0, -1.0)
    rows, columns = (torch.arange(length, dtype=torch.float64, device=mask.device) for length in mask.shape[1:])
    x = float((weights.sum((0, 1)) * columns).sum()) / total
    y = float((weights.sum((0, 2)) * rows).sum()) / total
    return Area(total / mask.numel(), total, x, y)


@node("mask.bounds", category="measure")
def bounds(mask: Mask) -> Bounds:
    """The smallest rectangle that holds all that is above a half, of the whole batch."""
    inside = (mask > 0.5).any(0)
    rows, columns = inside.any(1).nonzero().flatten(), inside.any(0).nonzero().flatten()
    if not len(rows):
        return Bounds(0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return Bounds(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


@node("mask.agreement", category="measure")
def agreement(a: Mask, b: Mask) -> Agreement:
    """How well two masks agree, where they are above a half."""
    require_same_size(a=a, b=b)
    first, second = a > 0.5, b > 0.5
    both, either = float((first & second).sum()), float((first | second).sum())
    if either == 0:
        return Agreement(1.0, 1.0)
    return Agreement(both / either, 2 * both / (both + either))


@node("mask.crop_to", category="apply", title="Crop to mask")
def crop_to(image: Image, mask: Mask, margin: Annotated[int, Range(0, 8192), Unit("px")] = 0) -> Image:
    """Cut out the smallest rectangle that holds the mask; an empty mask keeps all."""
    require_same_size(image=image, mask=mask)
    found = bounds(mask)
    if not found.width:
        return unit(image)
    top, left = max(0, found.y - margin), max(0, found.x - margin)
    bottom, right = found.y + found.height + margin, found.x + found.width + margin
    return unit(image[:, top:bottom, left:right]).contiguous()


@node("mask.cut_out", category="apply", title="Cut out")
def cut_out(
    image: Image,
    mask: Mask,
    color: Annotated[str, Widget("colour"), Doc("Of what is outside, as #rrggbb.")] = "#000000",
) -> Image:
    """Keep an image where a mask is, and paint the rest in one colour."""
    require_same_size(image=image, mask=mask)
    ground = color_for(image, color)
    return unit(ground + mask.unsqueeze(-1) * (image - ground))
