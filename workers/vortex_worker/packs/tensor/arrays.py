"""What tensor nodes share: axes, shapes, numbers that have a square root."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import torch

from vortex_worker.sdk import Doc, Range

#: A tensor of more elements is not made out of nothing: 4 GiB of float32.
MOST_ELEMENTS = 1 << 30

Axis = Annotated[int, Range(-64, 63), Doc("Counted from 0; −1 is the last.")]

DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
                 "complex64")
}  # fmt: skip


def axis_of(tensor: torch.Tensor, axis: int) -> int:
    """The axis, counted from the front.

    Raises:
        ValueError: the tensor has no such axis.
    """
    if not -tensor.ndim <= axis < tensor.ndim:
        raise ValueError(f"there is no axis {axis} in a tensor of shape {tuple(tensor.shape)}")
    return axis % tensor.ndim


def axes_of(tensor: torch.Tensor, axes: Any) -> tuple[int, ...]:
    """Axes out of a JSON list, counted from the front; all of them for an empty list.

    Raises:
        ValueError: it is no list of different axes of the tensor.
    """
    wanted = integers(axes, "axes")
    found = tuple(axis_of(tensor, axis) for axis in wanted) or tuple(range(tensor.ndim))
    if len(set(found)) < len(found):
        raise ValueError(f"axes {list(wanted)} name one axis twice")
    return found


def integers(value: Any, name: str) -> tuple[int, ...]:
    """A JSON list of whole numbers.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value]
    if not isinstance(value, list | tuple) or len(value) > 64:
        raise ValueError(f"{name} is a list of at most 64 whole numbers, not {value!r:.60}")
    for item in value:
        whole = isinstance(item, int) or (isinstance(item, float) and item.is_integer())
        if isinstance(item, bool) or not whole:
            raise ValueError(f"{name} holds {item!r:.60}, which is no whole number")
    return tuple(map(int, value))


def shape_of(value: Any) -> tuple[int, ...]:
    """A shape out of a JSON list.

    Raises:
        ValueError: it is none, or of more than `MOST_ELEMENTS` elements.
    """
    shape = integers(value, "shape")
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {list(shape)} has a length below 0")
    if math.prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"shape {list(shape)} has more than {MOST_ELEMENTS} elements")
    return shape


def inexact(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself if it is of floating point or complex, else as float32."""
    return tensor if tensor.is_floating_point() or tensor.is_complex() else tensor.to(torch.float32)


def precise(tensor: torch.Tensor) -> torch.Tensor:
    """As `inexact`, with at least 32 bits: linear algebra and FFTs know no less."""
    tensor = inexact(tensor)
    return tensor.to(torch.float32) if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def require_some(tensor: torch.Tensor, what: str) -> None:
    """Raises ValueError if the tensor has no elements."""
    if tensor.numel() == 0:
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} has no elements, and so no {what}")


def require_matrix(tensor: torch.Tensor, *, square: bool = False) -> torch.Tensor:
    """The tensor as `precise` has it; ValueError unless its last two axes are a matrix, `square` if so asked."""
    if tensor.ndim < 2 or (square and tensor.shape[-1] != tensor.shape[-2]):
        kind = "square matrix" if square else "matrix"
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} is no {kind}")
    return precise(tensor)


def require_finite(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself; ValueError if it holds NaN or an infinity."""
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError("the tensor holds NaN or an infinity")
    return tensor


def broadcast(*tensors: torch.Tensor) -> Sequence[torch.Tensor]:
    """The tensors in their common shape.

    Raises:
        ValueError: they have none.
    """
    try:
        shape = torch.broadcast_shapes(*(tensor.shape for tensor in tensors))
    except RuntimeError:
        shapes = " and ".join(str(tuple(tensor.shape)) for tensor in tensors)
        raise ValueError(f"shapes {shapes} do not fit each other") from None
    return [tensor.expand(shape) for tensor in tensors]
