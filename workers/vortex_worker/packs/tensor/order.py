"""Elements by their size or their place."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.tensor.arrays import Axis, axis_of
from vortex_worker.sdk import Doc, Range, Tensor, node


class Ordered(NamedTuple):
    values: Tensor
    indices: Annotated[Tensor, Doc("Where each of the values stood.")]


class Distinct(NamedTuple):
    values: Annotated[Tensor, Doc("In rising order.")]
    counts: Annotated[Tensor, Doc("How often each occurs.")]


@node("tensor.sort", category="order")
def sort(tensor: Tensor, axis: Axis = -1, descending: bool = False) -> Ordered:
    """Sort along an axis; equal elements keep their order."""
    found = torch.sort(tensor, dim=axis_of(tensor, axis), descending=descending, stable=True)
    return Ordered(found.values, found.indices)


@node("tensor.top_k", category="order", title="Greatest elements")
def top_k(
    tensor: Tensor, count: Annotated[int, Range(1, 2**31)] = 5, axis: Axis = -1, smallest: bool = False
) -> Ordered:
    """The greatest, or least, elements along an axis, in order."""
    along = axis_of(tensor, axis)
    if count > tensor.shape[along]:
        raise ValueError(f"axis {along} has {tensor.shape[along]} elements, not {count}")
    found = torch.topk(tensor, count, along, largest=not smallest, sorted=True)
    return Ordered(found.values, found.indices)


@node("tensor.unique", category="order", title="Distinct elements")
def unique(tensor: Tensor) -> Distinct:
    """Every element once, and how often it occurs."""
    return Distinct(*torch.unique(tensor, return_counts=True))


@node("tensor.take", category="order", title="Take by index")
def take(
    tensor: Tensor, indices: Annotated[Tensor, Doc("Whole numbers; below 0 counts from the end.")], axis: Axis = 0
) -> Tensor:
    """The elements at some places along an axis."""
    along = axis_of(tensor, axis)
    if indices.is_floating_point() or indices.is_complex() or indices.dtype is torch.bool:
        raise ValueError(f"indices are whole numbers, not {str(indices.dtype).removeprefix('torch.')}")
    length = tensor.shape[along]
    if bool(((indices >= length) | (indices < -length)).any()):
        raise ValueError(f"an index is beyond the {length} elements of axis {along}")
    places = torch.remainder(indices.to(torch.int64), length) if length else indices.to(torch.int64)
    found = tensor.index_select(along, places.flatten())
    return found.reshape(*tensor.shape[:along], *indices.shape, *tensor.shape[along + 1 :])


@node("tensor.select_where", category="order", title="Select by condition")
def select_where(tensor: Tensor, condition: Annotated[Tensor, Doc("Of the same shape.")]) -> Tensor:
    """The elements at which a condition holds, in a row."""
    if tensor.shape != condition.shape:
        raise ValueError(f"shapes {tuple(tensor.shape)} and {tuple(condition.shape)} differ")
    return tensor[condition.to(torch.bool)]
