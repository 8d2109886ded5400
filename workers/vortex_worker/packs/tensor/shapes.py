"""The same elements in another shape."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.core.numbers import Number
from vortex_worker.packs.tensor.arrays import MOST_ELEMENTS, Axis, axes_of, axis_of, integers
from vortex_worker.sdk import Choices, Doc, Json, Many, Range, Tensor, node

_INDEX = Range(-(2**62), 2**62)


class Info(NamedTuple):
    shape: Annotated[Json, Doc("Lengths of the axes.")]
    elements: Annotated[int, Doc("Number of all elements.")]
    dtype: Annotated[str, Doc("Type of the elements.")]


@node("tensor.info", category="shape")
def info(tensor: Tensor) -> Info:
    """Tell shape and element type."""
    return Info(list(tensor.shape), tensor.numel(), str(tensor.dtype).removeprefix("torch."))


@node("tensor.reshape", category="shape")
def reshape(tensor: Tensor, shape: Annotated[Json, Doc("One length may be −1: what is left.")] = (-1,)) -> Tensor:
    """The same elements, in their order, in another shape."""
    wanted = integers(shape, "shape")
    try:
        return tensor.reshape(wanted)
    except RuntimeError:
        raise ValueError(f"{tensor.numel()} elements have no shape {list(wanted)}") from None


@node("tensor.permute", category="shape", title="Reorder axes")
def permute(
    tensor: Tensor, axes: Annotated[Json, Doc("All axes in their new order; empty turns it round.")] = ()
) -> Tensor:
    """Put the axes in another order."""
    order = axes_of(tensor, axes) if axes else tuple(range(tensor.ndim))[::-1]
    if len(order) != tensor.ndim:
        raise ValueError(f"axes {list(order)} are not all {tensor.ndim} axes of the tensor")
    return tensor.permute(order).contiguous()


@node("tensor.slice", category="shape")
def slice_(
    tensor: Tensor,
    axis: Axis = 0,
    start: Annotated[int, _INDEX, Doc("Below 0 counts from the end.")] = 0,
    stop: Annotated[int | None, _INDEX, Doc("The first that is not taken; none goes to the end.")] = None,
    step: Annotated[int, Range(1, 2**31)] = 1,
) -> Tensor:
    """A part along one axis, by Python's rules."""
    taken = [slice(None)] * tensor.ndim
    taken[axis_of(tensor, axis)] = slice(start, stop, step)
    return tensor[tuple(taken)].contiguous()


@node("tensor.concat", category="shape", title="Concatenate")
def concat(tensors: Many[Tensor], axis: Axis = 0) -> Tensor:
    """Put tensors one after the other along an axis."""
    along = axis_of(tensors[0], axis)
    shapes = {(*tensor.shape[:along], *tensor.shape[along + 1 :]) for tensor in tensors}
    if len(shapes) > 1 or len({tensor.ndim for tensor in tensors}) > 1:
        listed = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
        raise ValueError(f"shapes {listed} differ in another axis than {along}")
    return torch.cat(tensors, along)


@node("tensor.stack", category="shape")
def stack(tensors: Many[Tensor], axis: Annotated[Axis, Doc("Place of the new axis.")] = 0) -> Tensor:
    """Put tensors of one shape side by side along a new axis."""
    if len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError("shapes differ: " + ", ".join(str(tuple(tensor.shape)) for tensor in tensors))
    return torch.stack(tensors, axis_of(tensors[0].unsqueeze(0), axis))


@node("tensor.split", category="shape")
def split(
    tensor: Tensor, axis: Axis = 0, size: Annotated[int, Range(1, 2**31), Doc("Of each part.")] = 1
) -> list[Tensor]:
    """Cut into parts along an axis; the last one may be smaller. What takes a tensor runs once for each."""
    along = axis_of(tensor, axis)
    if -(-tensor.shape[along] // size) > 100_000:
        raise ValueError(f"{tensor.shape[along]} elements in parts of {size} are more than 100000 parts")
    return [part.contiguous() for part in torch.split(tensor, size, along)]


@node("tensor.squeeze", category="shape", title="Drop axes of length 1")
def squeeze(tensor: Tensor, axes: Annotated[Json, Doc("Which axes; empty means all of length 1.")] = ()) -> Tensor:
    """Take axes of length 1 away."""
    along = axes_of(tensor, axes) if axes else tuple(axis for axis, length in enumerate(tensor.shape) if length == 1)
    if longer := [axis for axis in along if tensor.shape[axis] != 1]:
        raise ValueError(f"axis {longer[0]} has length {tensor.shape[longer[0]]}, not 1")
    return tensor.reshape([length for axis, length in enumerate(tensor.shape) if axis not in along])


@node("tensor.unsqueeze", category="shape", title="Add an axis")
def unsqueeze(tensor: Tensor, axis: Annotated[Axis, Doc("Place of the new axis.")] = 0) -> Tensor:
    """Add an axis of length 1."""
    if not -tensor.ndim - 1 <= axis <= tensor.ndim:
        raise ValueError(f"a tensor of {tensor.ndim} axes has no place {axis} for another")
    return tensor.unsqueeze(axis).clone()


@node("tensor.flip", category="shape")
def flip(tensor: Tensor, axes: Annotated[Json, Doc("Which axes; empty means all.")] = ()) -> Tensor:
    """Turn the order of the elements round."""
    return tensor.flip(axes_of(tensor, axes))


@node("tensor.roll", category="shape")
def roll(tensor: Tensor, shift: Annotated[int, Range(-(2**31), 2**31)] = 1, axis: Axis = 0) -> Tensor:
    """Shift along an axis; what leaves at one end comes in at the other."""
    return tensor.roll(shift, axis_of(tensor, axis))


@node("tensor.pad", category="shape")
def pad(
    tensor: Tensor,
    before: Annotated[int, Range(0, 2**24)] = 1,
    after: Annotated[int, Range(0, 2**24)] = 1,
    axis: Axis = -1,
    mode: Annotated[str, Choices("constant", "edge", "wrap", "reflect")] = "constant",
    value: Annotated[Number, Doc("In mode constant.")] = 0.0,
) -> Tensor:
    """Add elements before and after along an axis."""
    along = axis_of(tensor, axis)
    length = tensor.shape[along]
    if mode == "constant":
        behind = tensor.ndim - 1 - along
        return F.pad(tensor, (0, 0) * behind + (before, after), value=value)
    if length == 0:
        raise ValueError(f"axis {along} has no elements to repeat")
    places = torch.arange(-before, length + after, device=tensor.device)
    if mode == "edge" or length == 1:
        places = places.clamp(0, length - 1)
    elif mode == "wrap":
        places = places.remainder(length)
    else:
        folded = places.remainder(2 * (length - 1))
        places = torch.minimum(folded, 2 * (length - 1) - folded)
    return tensor.index_select(along, places)


@node("tensor.tile", category="shape", title="Repeat")
def tile(tensor: Tensor, repeats: Annotated[Json, Doc("How often along each axis, such as [2, 1].")] = (2,)) -> Tensor:
    """Repeat the whole tensor along its axes."""
    times = integers(repeats, "repeats")
    if any(count < 0 for count in times):
        raise ValueError("a tensor cannot be repeated less than 0 times")
    total = tensor.numel()
    for count in times:
        total *= count
    if total > MOST_ELEMENTS:
        raise ValueError(f"that makes more than {MOST_ELEMENTS} elements")
    return torch.tile(tensor, times)


@node("tensor.resample", category="shape")
def resample(
    tensor: Tensor,
    length: Annotated[int, Range(1, 2**26), Doc("New length of the axis.")] = 100,
    axis: Axis = -1,
    mode: Annotated[str, Choices("linear", "nearest"), Doc("Linear keeps both ends.")] = "linear",
) -> Tensor:
    """Make an axis longer or shorter by interpolation."""
    along = axis_of(tensor, axis)
    if tensor.shape[along] == 0:
        raise ValueError(f"axis {along} has no elements to interpolate between")
    moved = tensor.movedim(along, -1)
    rows = moved.reshape(-1, 1, moved.shape[-1])
    if mode == "nearest":
        found = F.interpolate(rows.to(torch.float32), size=length, mode="nearest-exact").to(tensor.dtype)
    else:
        found = F.interpolate(rows.to(torch.float32), size=length, mode="linear", align_corners=True)
    return found.reshape(*moved.shape[:-1], length).movedim(-1, along).contiguous()
