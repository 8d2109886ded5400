"""Many elements become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch

from vortex_worker.packs.core.numbers import Number, finite
from vortex_worker.packs.tensor.arrays import Axis, axes_of, axis_of, inexact, require_some
from vortex_worker.sdk import Choices, Doc, Json, Range, Tensor, node

Axes = Annotated[Json, Doc("Which axes go away, such as [0, 1]; empty means all.")]
Keep = Annotated[bool, Doc("Leave the axes that go away with length 1.")]

_DIRECT: dict[str, Callable[[torch.Tensor, tuple[int, ...]], torch.Tensor]] = {
    "sum": lambda tensor, along: tensor.sum(along, keepdim=True),
    "mean": lambda tensor, along: inexact(tensor).mean(along, keepdim=True),
    "minimum": lambda tensor, along: tensor.amin(along, keepdim=True),
    "maximum": lambda tensor, along: tensor.amax(along, keepdim=True),
    "std": lambda tensor, along: inexact(tensor).std(along, correction=0, keepdim=True),
    "variance": lambda tensor, along: inexact(tensor).var(along, correction=0, keepdim=True),
    "count": lambda tensor, along: (tensor != 0).sum(along, keepdim=True),
    "any": lambda tensor, along: tensor.to(torch.bool).any(along, keepdim=True),
    "all": lambda tensor, along: tensor.to(torch.bool).all(along, keepdim=True),
}
_WHOLE = ("sum", "product", "any", "all", "count")
_REDUCTIONS = (*_DIRECT, "product", "median")


@node("tensor.reduce", category="reduction")
def reduce(
    tensor: Tensor,
    operation: Annotated[
        str, Choices(*_REDUCTIONS), Doc("std and variance of all elements, not of a sample; count: those not 0.")
    ] = "mean",
    axes: Axes = (),
    keep: Keep = False,
) -> Tensor:
    """One number of all elements along some axes."""
    along = axes_of(tensor, axes)
    if operation not in _WHOLE:
        require_some(tensor, operation)
    found = _reduced(tensor, operation, along)
    return found if keep else found.reshape([n for axis, n in enumerate(tensor.shape) if axis not in along])


def _reduced(tensor: torch.Tensor, operation: str, along: tuple[int, ...]) -> torch.Tensor:
    """With the axes kept as length 1."""
    if not along:  # of a scalar
        tensor, along = tensor.reshape(1), (0,)
    if operation in _DIRECT:
        return _DIRECT[operation](tensor, along)
    # torch has these for one axis at a time only.
    return _along_one(tensor, operation, along)


def _along_one(tensor: torch.Tensor, operation: str, along: tuple[int, ...]) -> torch.Tensor:
    rest = [axis for axis in range(tensor.ndim) if axis not in along]
    flat = tensor.permute(*rest, *along).flatten(len(rest))
    found = flat.prod(-1) if operation == "product" else torch.quantile(_quantilable(flat), 0.5, dim=-1)
    return found.reshape([1 if axis in along else n for axis, n in enumerate(tensor.shape)])


def _quantilable(tensor: torch.Tensor) -> torch.Tensor:
    """Of float32 or float64, which is all that torch's quantiles know."""
    return tensor if tensor.dtype is torch.float64 else tensor.to(torch.float32)


@node("tensor.arg_extreme", category="reduction", title="Place of the extreme")
def arg_extreme(
    tensor: Tensor, operation: Annotated[str, Choices("maximum", "minimum")] = "maximum", axis: Axis = -1
) -> Tensor:
    """Index of the greatest or least element along an axis; of equal ones the first."""
    require_some(tensor, operation)
    kind = torch.argmax if operation == "maximum" else torch.argmin
    return kind(tensor, axis_of(tensor, axis))


@node("tensor.cumulative", category="reduction")
def cumulative(
    tensor: Tensor,
    operation: Annotated[str, Choices("sum", "product", "maximum", "minimum")] = "sum",
    axis: Axis = -1,
) -> Tensor:
    """At each place what all elements up to it give."""
    along = axis_of(tensor, axis)
    match operation:
        case "sum":
            return torch.cumsum(tensor, along)
        case "product":
            return torch.cumprod(tensor, along)
        case "maximum":
            return torch.cummax(tensor, along).values
    return torch.cummin(tensor, along).values


@node("tensor.norm", category="reduction")
def norm(
    tensor: Tensor,
    order: Annotated[float, Range(0.0, 1e6), Doc("2 is Euclid's, 1 adds up, 0 counts.")] = 2.0,
    axes: Axes = (),
    keep: Keep = False,
) -> Tensor:
    """Length of the elements along some axes as a vector."""
    along = axes_of(tensor, axes)
    result: torch.Tensor = torch.linalg.vector_norm(inexact(tensor), order, along or None, keepdim=keep)
    return result


@node("tensor.quantile", category="reduction")
def quantile(
    tensor: Tensor,
    q: Annotated[float, Range(0.0, 1.0), Doc("0.5 is the median.")] = 0.5,
    axis: Axis = -1,
) -> Tensor:
    """The value below which a share of the elements lies, interpolated between two."""
    require_some(tensor, "quantile")
    return torch.quantile(_quantilable(tensor), q, dim=axis_of(tensor, axis))


@node("tensor.close", category="reduction", title="Nearly equal", outputs=("value",))
def close(
    a: Tensor,
    b: Tensor,
    relative: Annotated[float, Range(0.0, 1.0)] = 1e-5,
    absolute: Annotated[Number, Range(0.0, 1e300)] = 1e-8,
) -> bool:
    """Whether two tensors have one shape and nearly the same elements; NaN equals NaN."""
    if a.shape != b.shape:
        return False
    kind = torch.promote_types(a.dtype, b.dtype)
    return torch.allclose(a.to(kind), b.to(kind), rtol=relative, atol=absolute, equal_nan=True)


@node("tensor.distance", category="reduction", title="Difference of two tensors", outputs=("value",))
def distance(
    a: Tensor,
    b: Tensor,
    measure: Annotated[str, Choices("rmse", "mean_absolute", "greatest", "cosine", "psnr")] = "rmse",
) -> float:
    """How far two tensors of one shape are apart; psnr in dB for values in 0..1."""
    if a.shape != b.shape:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} differ")
    require_some(a, "difference")
    a, b = a.to(torch.float64).flatten(), b.to(torch.float64).flatten()
    gap = a - b
    match measure:
        case "mean_absolute":
            return finite(float(gap.abs().mean()))
        case "greatest":
            return finite(float(gap.abs().amax()))
        case "cosine":
            return finite(float(1 - (a @ b) / (a.norm() * b.norm())))
        case "psnr":
            return finite(float(-10 * torch.log10(gap.square().mean())))
    return finite(float(gap.square().mean().sqrt()))
