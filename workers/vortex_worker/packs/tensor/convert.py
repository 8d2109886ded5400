"""Between tensors and other values."""

from __future__ import annotations

import math
from typing import Annotated

import torch

from vortex_worker.packs.core.numbers import finite
from vortex_worker.packs.image.pixels import unit
from vortex_worker.packs.tensor.arrays import DTYPES, Axis, axis_of, integers, require_some
from vortex_worker.sdk import Choices, Context, Doc, Image, Json, Mask, Range, Tensor, Widget, node

#: More is no JSON that anybody reads; a table or a file carries it.
_MOST_VALUES = 1_000_000


@node("tensor.from_json", category="convert", title="Tensor of numbers")
def from_json(
    ctx: Context,
    values: Annotated[Json, Widget("text"), Doc("A number, or lists of numbers of equal lengths.")] = (0.0,),
    dtype: Annotated[str, Choices(*DTYPES)] = "float32",
) -> Tensor:
    """Make a tensor of numbers that are written down."""
    try:
        return torch.tensor(values, dtype=DTYPES[dtype]).to(ctx.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"values are no numbers in lists of equal lengths: {error}") from None


@node("tensor.to_json", category="convert", title="Numbers of a tensor", outputs=("value",))
def to_json(tensor: Tensor) -> Json:
    """The elements as lists within lists; null for what is no finite number."""
    if tensor.numel() > _MOST_VALUES:
        raise ValueError(f"{tensor.numel()} elements are more than the {_MOST_VALUES} that JSON is to hold")
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return _plain(tensor.tolist())


@node("tensor.item", category="convert", title="One element", outputs=("value",))
def item(
    tensor: Tensor, index: Annotated[Json, Doc("Such as [0, 2]; empty for a tensor of one element.")] = ()
) -> float:
    """One element as a number."""
    place = integers(index, "index")
    if not place and tensor.numel() == 1:
        return finite(float(tensor))
    if len(place) != tensor.ndim or any(not -n <= i < n for i, n in zip(place, tensor.shape, strict=True)):
        raise ValueError(f"{list(place)} is no index of an element in shape {tuple(tensor.shape)}")
    return finite(float(tensor[place]))


@node("tensor.to_image", category="convert", title="Tensor to image")
def to_image(
    tensor: Annotated[Tensor, Doc("(height, width), with or without batch before and 1, 3 or 4 channels after.")],
) -> Image:
    """Use a tensor as an image; values are clamped to 0..1, uint8 is divided by 255."""
    values = _in_unit(tensor)
    if values.ndim == 2:
        values = values[None, :, :, None]
    elif values.ndim == 3:
        values = values[None] if values.shape[-1] in (1, 3, 4) else values.unsqueeze(-1)
    if values.ndim != 4 or values.shape[-1] not in (1, 3, 4) or not values.numel():
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is no image")
    return values.contiguous()


@node("tensor.to_mask", category="convert", title="Tensor to mask")
def to_mask(tensor: Annotated[Tensor, Doc("(height, width) or (batch, height, width).")]) -> Mask:
    """Use a tensor as a mask; values are clamped to 0..1."""
    values = _in_unit(tensor)
    values = values.unsqueeze(0) if values.ndim == 2 else values
    if values.ndim != 3 or not values.numel():
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is no mask")
    return values.contiguous()


@node("tensor.one_hot", category="convert")
def one_hot(
    tensor: Annotated[Tensor, Doc("Whole numbers from 0.")],
    classes: Annotated[int, Range(0, 1 << 20), Doc("0: as many as needed.")] = 0,
) -> Tensor:
    """A row for each number, with 1 at its place and 0 elsewhere."""
    require_some(tensor, "classes")
    if tensor.is_floating_point() or tensor.is_complex():
        raise ValueError("classes are whole numbers")
    most = int(tensor.max()) + 1
    if int(tensor.min()) < 0 or (classes and most > classes):
        raise ValueError(f"elements are not all in 0..{(classes or most) - 1}")
    return torch.nn.functional.one_hot(tensor.to(torch.int64), classes or most).to(torch.float32)


@node("tensor.difference", category="elementwise", title="Differences of neighbours")
def difference(tensor: Tensor, axis: Axis = -1, order: Annotated[int, Range(1, 16)] = 1) -> Tensor:
    """Each element minus the one before it along an axis; one shorter for each order."""
    return torch.diff(tensor, order, axis_of(tensor, axis))


@node("tensor.gradient", category="elementwise")
def gradient(tensor: Tensor, axis: Axis = -1, spacing: Annotated[float, Range(1e-12, 1e12)] = 1.0) -> Tensor:
    """The slope along an axis: central differences, and at the ends those to the one neighbour."""
    along = axis_of(tensor, axis)
    if tensor.shape[along] < 2:
        raise ValueError(f"axis {along} has {tensor.shape[along]} elements, and so no slope")
    values = tensor.to(torch.float32) if not tensor.is_floating_point() else tensor
    return torch.gradient(values, spacing=spacing, dim=along)[0]


def _in_unit(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_complex():
        raise ValueError("complex numbers are no picture; take tensor.complex_parts")
    if tensor.dtype is torch.uint8:
        return tensor.to(torch.float32) / 255
    return unit(torch.nan_to_num(tensor.to(torch.float32)))


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
