"""Arithmetic on numbers. A result that is not finite is an error, never inf or NaN."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Annotated

from vortex_worker.packs.core.numbers import Number, finite
from vortex_worker.sdk import Choices, Doc, Range, node

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "less_or_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "greater_or_equal": operator.ge,
    "greater": operator.gt,
}
_LOGIC: dict[str, Callable[[bool, bool], bool]] = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}
_TO_INT: dict[str, Callable[[float], int]] = {"nearest": round, "down": math.floor, "up": math.ceil, "cut": math.trunc}


@node("core.add", category="math", outputs=("value",))
def add(a: Number = 0.0, b: Number = 0.0) -> float:
    """a plus b."""
    return finite(a + b)


@node("core.subtract", category="math", outputs=("value",))
def subtract(a: Number = 0.0, b: Number = 0.0) -> float:
    """a minus b."""
    return finite(a - b)


@node("core.multiply", category="math", outputs=("value",))
def multiply(a: Number = 1.0, b: Number = 1.0) -> float:
    """a times b."""
    return finite(a * b)


@node("core.divide", category="math", outputs=("value",))
def divide(a: Number = 1.0, b: Number = 1.0) -> float:
    """a divided by b, which must not be 0."""
    return finite(a / b)


@node("core.modulo", category="math", outputs=("value",))
def modulo(a: Number = 0.0, b: Number = 1.0) -> float:
    """What is left of a after division by b; it has the sign of b."""
    return finite(a % b)


@node("core.power", category="math", outputs=("value",))
def power(a: Number = 1.0, b: Annotated[Number, Doc("The exponent.")] = 2.0) -> float:
    """a to the power b."""
    return finite(math.pow(a, b))


@node("core.min", category="math", title="Minimum", outputs=("value",))
def minimum(a: Number = 0.0, b: Number = 0.0) -> float:
    """The smaller of a and b."""
    return min(a, b)


@node("core.max", category="math", title="Maximum", outputs=("value",))
def maximum(a: Number = 0.0, b: Number = 0.0) -> float:
    """The larger of a and b."""
    return max(a, b)


@node("core.abs", category="math", title="Absolute value", outputs=("value",))
def absolute(a: Number = 0.0) -> float:
    """a without its sign."""
    return abs(a)


@node("core.round", category="math", outputs=("value",))
def rounded(
    a: Number = 0.0, digits: Annotated[int, Range(-300, 15), Doc("After the point; below 0 before it.")] = 0
) -> float:
    """a rounded to a number of digits; a half goes to the even neighbour."""
    return finite(round(a, digits))


@node("core.clamp", category="math", outputs=("value",))
def clamp(a: Number = 0.0, low: Number = 0.0, high: Number = 1.0) -> float:
    """a, but not below low nor above high."""
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    return min(max(a, low), high)


@node("core.lerp", category="math", title="Mix numbers", outputs=("value",))
def lerp(
    a: Number = 0.0, b: Number = 1.0, t: Annotated[Number, Doc("0 gives a, 1 gives b; beyond goes on straight.")] = 0.5
) -> float:
    """A number between a and b."""
    return finite(a * (1 - t) + b * t)


@node("core.to_int", category="math", title="To whole number", outputs=("value",))
def to_int(
    a: Number = 0.0,
    rounding: Annotated[
        str, Choices("nearest", "down", "up", "cut"), Doc("Nearest takes a half to even, cut goes towards 0.")
    ] = "nearest",
) -> int:
    """a as a whole number."""
    return _TO_INT[rounding](a)


@node("core.compare", category="math", outputs=("value",))
def compare(
    a: Number = 0.0,
    b: Number = 0.0,
    operation: Annotated[
        str, Choices("less", "less_or_equal", "equal", "not_equal", "greater_or_equal", "greater")
    ] = "less",
) -> bool:
    """Whether a and b stand in that relation."""
    return _COMPARE[operation](a, b)


@node("core.logic", category="math", outputs=("value",))
def logic(a: bool = False, b: bool = False, operation: Annotated[str, Choices("and", "or", "xor")] = "and") -> bool:
    """Join two conditions."""
    return _LOGIC[operation](a, b)


@node("core.not", category="math", outputs=("value",))
def negate(a: bool = False) -> bool:
    """The opposite of a."""
    return not a
