"""Element by element; shapes that differ are broadcast as NumPy does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import torch

from vortex_worker.packs.core.numbers import Number
from vortex_worker.packs.tensor.arrays import DTYPES, Axis, axis_of, broadcast, inexact, require_some
from vortex_worker.sdk import Choices, Doc, Range, Tensor, node

_BINARY: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.true_divide,
    "floor_divide": torch.floor_divide, "remainder": torch.remainder, "power": torch.pow,
    "minimum": torch.minimum, "maximum": torch.maximum, "atan2": torch.atan2, "hypot": torch.hypot,
}  # fmt: skip
#: Those that torch does not promote by itself.
_OF_FLOATS = ("atan2", "hypot")
_OF_ORDER = ("minimum", "maximum", "floor_divide", "remainder", "atan2", "hypot")
_COMPARE: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "less": torch.lt, "less_or_equal": torch.le, "equal": torch.eq,
    "not_equal": torch.ne, "greater_or_equal": torch.ge, "greater": torch.gt,
}  # fmt: skip
_LOGIC: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "and": torch.logical_and, "or": torch.logical_or, "xor": torch.logical_xor,
}  # fmt: skip
_UNARY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "abs": torch.abs, "negative": torch.neg, "sign": torch.sgn, "square": torch.square,
    "sqrt": torch.sqrt, "reciprocal": torch.reciprocal,
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p,
    "log2": torch.log2, "log10": torch.log10,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan,
    "asin": torch.asin, "acos": torch.acos, "atan": torch.atan,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh,
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc,
    "sigmoid": torch.sigmoid, "erf": torch.erf,
}  # fmt: skip
#: Those whose result is a whole number where the argument is.
_OF_ANY = ("abs", "negative", "sign", "square", "floor", "ceil", "round", "trunc")


@node("tensor.arithmetic", category="elementwise")
def arithmetic(a: Tensor, b: Tensor, operation: Annotated[str, Choices(*_BINARY)] = "add") -> Tensor:
    """Join two tensors element by element. Division by zero gives infinity or NaN, of whole numbers an error."""
    a, b = broadcast(a, b)
    if torch.bool in (a.dtype, b.dtype):
        a, b = a.to(torch.uint8) if a.dtype is torch.bool else a, b.to(torch.uint8) if b.dtype is torch.bool else b
    if operation in _OF_FLOATS:
        a, b = inexact(a), inexact(b)
    if operation in _OF_ORDER and (a.is_complex() or b.is_complex()):
        raise ValueError(f"complex numbers have no {operation}")
    if operation == "power" and not (a.is_floating_point() or a.is_complex()) and bool((b < 0).any()):
        a = inexact(a)
    kind = torch.promote_types(a.dtype, b.dtype)
    return _BINARY[operation](a.to(kind), b.to(kind))


@node("tensor.scale_shift", category="elementwise", title="Scale and shift")
def scale_shift(tensor: Tensor, scale: Number = 1.0, shift: Number = 0.0) -> Tensor:
    """Multiply every element by a number, then add another."""
    return inexact(tensor) * scale + shift


@node("tensor.function", category="elementwise")
def function(tensor: Tensor, function: Annotated[str, Choices(*_UNARY)] = "abs") -> Tensor:
    """A function of every element; NaN where it has no value, as for the root of −1."""
    tensor = tensor.to(torch.uint8) if tensor.dtype is torch.bool else tensor
    if tensor.is_complex() and function in ("floor", "ceil", "round", "trunc", "erf"):
        raise ValueError(f"complex numbers have no {function}")
    return _UNARY[function](tensor if function in _OF_ANY else inexact(tensor))


@node("tensor.clamp", category="elementwise")
def clamp(tensor: Tensor, low: Number = 0.0, high: Number = 1.0) -> Tensor:
    """Every element, but not below low nor above high."""
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    return inexact(tensor).clamp(low, high)


@node("tensor.compare", category="elementwise")
def compare(a: Tensor, b: Tensor, operation: Annotated[str, Choices(*_COMPARE)] = "less") -> Tensor:
    """Whether elements stand in that relation; the result is of type bool."""
    if (a.is_complex() or b.is_complex()) and operation not in ("equal", "not_equal"):
        raise ValueError("complex numbers have no order")
    return _COMPARE[operation](*broadcast(a, b))


@node("tensor.logic", category="elementwise")
def logic(a: Tensor, b: Tensor, operation: Annotated[str, Choices(*_LOGIC)] = "and") -> Tensor:
    """Join two conditions element by element; everything but 0 counts as true."""
    return _LOGIC[operation](*broadcast(a, b))


@node("tensor.not", category="elementwise", title="Not")
def negation(tensor: Tensor) -> Tensor:
    """True where an element is 0, else false."""
    return torch.logical_not(tensor)


@node("tensor.where", category="elementwise", title="Choose by condition")
def where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Elements of a where the condition holds, of b elsewhere."""
    condition, a, b = broadcast(condition, a, b)
    return torch.where(condition.to(torch.bool), a, b)


@node("tensor.cast", category="elementwise", title="Change element type")
def cast(
    tensor: Tensor, dtype: Annotated[str, Choices(*DTYPES), Doc("Fractions are cut off for whole numbers.")] = "float32"
) -> Tensor:
    """The same elements in another type."""
    kind = DTYPES[dtype]
    if tensor.is_complex() and not kind.is_complex:
        tensor = tensor.real
    return tensor.to(kind)


@node("tensor.replace_nonfinite", category="elementwise", title="Replace NaN and infinities")
def replace_nonfinite(
    tensor: Tensor,
    nan: Number = 0.0,
    high: Annotated[Number, Doc("For +infinity.")] = 1.0,
    low: Annotated[Number, Doc("For −infinity.")] = 0.0,
) -> Tensor:
    """Put numbers where there are none."""
    return torch.nan_to_num(tensor, nan, high, low)


@node("tensor.rescale", category="elementwise", title="Rescale to a range")
def rescale(tensor: Tensor, low: Number = 0.0, high: Number = 1.0) -> Tensor:
    """Stretch all elements so that the least becomes low and the greatest high; equal ones become low."""
    require_some(tensor, "range")
    values = inexact(tensor)
    least, greatest = values.amin(), values.amax()
    if not bool(torch.isfinite(least) & torch.isfinite(greatest)):
        raise ValueError("the tensor holds NaN or an infinity, and so has no range")
    width = greatest - least
    return (values - least) / torch.where(width > 0, width, 1) * (high - low) + low


@node("tensor.softmax", category="elementwise")
def softmax(
    tensor: Tensor, axis: Axis = -1, temperature: Annotated[float, Range(1e-6, sys.float_info.max)] = 1.0
) -> Tensor:
    """Turn scores into shares that add up to 1 along an axis."""
    return torch.softmax(inexact(tensor) / temperature, axis_of(tensor, axis))


@node("tensor.interpolate", category="elementwise", title="Mix tensors")
def interpolate(
    a: Tensor, b: Tensor, t: Annotated[Number, Doc("0 gives a, 1 gives b; beyond goes on straight.")] = 0.5
) -> Tensor:
    """Between two tensors, element by element."""
    a, b = broadcast(inexact(a), inexact(b))
    kind = torch.promote_types(a.dtype, b.dtype)
    return torch.lerp(a.to(kind), b.to(kind), t)
