"""Numbers in a Y.Doc: a browser's are all floats, and hold 53 bits.

What is stored reads back as the same value, but for one thing: 3 and 3.0 are
one number there. The type of the parameter tells which was meant; without it,
an integral number is an integer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vortex_prefect.core.nodespec import ParamSpec

#: Integers up to here are floats in a document that has travelled, whatever they were before.
_SAFE = 1 << 53
_LARGEST = (1 << 63) - 1


def read_param(spec: ParamSpec | None, value: Any) -> Any:
    """A stored parameter as the graph has it; whatever does not fit its type is left as it is.

    Args:
        spec: null where the type is not known.
    """
    if spec is None or spec.type == "JSON":
        return _read(value, _plain)
    value = _read(value, travelled)
    return read_integer(_from_decimal(value)) if spec.type == "INT" else value


def stored_param(spec: ParamSpec | None, value: Any) -> Any:
    """A parameter as it is stored, so that `read_param` gives it back.

    Integers that a browser would round are decimal strings where the type is
    INT. Elsewhere those that have no exact form are strings too, and stay so.
    """
    if spec is not None and type(value) is int:
        if spec.type == "INT" and abs(value) >= _SAFE:
            return str(value)
        if spec.type == "FLOAT":
            return float(value)
    return _read(value, _storable)


def travelled(value: Any) -> Any:
    """A number as everybody else has it: the library sends integers as floats where it finds them equal.

    It finds the largest signed 64-bit integer equal to 2⁶³, one more.
    """
    if type(value) is int and (float(value) == value or value == _LARGEST):
        return float(value)
    return value


def read_integer(value: Any) -> Any:
    """Integral floats that fit into 64 bits as integers; all else as it is."""
    if isinstance(value, float) and value.is_integer() and -(2.0**63) <= value < 2.0**64:
        return int(value)
    return value


def alike(first: Any, second: Any) -> bool:
    """Whether two stored values read the same: 3 and 3.0 do, 1 and true do not."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(alike(item, second[key]) for key, item in first.items())
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, int | float) and isinstance(second, int | float):
        return first == second and (type(first) is type(second) or abs(first) <= _SAFE)
    return type(first) is type(second) and bool(first == second)


def _read(value: Any, scalar: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _read(item, scalar) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_read(item, scalar) for item in value]
    return scalar(value)


def _plain(value: Any) -> Any:
    value = travelled(value)
    return int(value) if type(value) is float and value.is_integer() and abs(value) <= _SAFE else value


def _from_decimal(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.removeprefix("-").isdecimal():
        number = int(value)
        return number if -(1 << 63) <= number < 1 << 64 else value
    return value


def _storable(value: Any) -> Any:
    if type(value) is not int or abs(value) <= _SAFE:
        return value
    if float(value) == value:
        return float(value)
    return value if -(1 << 63) <= value < _LARGEST else str(value)
