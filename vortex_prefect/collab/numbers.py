"""Numbers in a Y.Doc: a browser's are all floats, and hold 53 bits.

What is stored reads back as the same value, but for one thing: 3 and 3.0 are
one number there. The type of the parameter tells which was meant; without it,
an integral number is an integer.
"""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.nodespec import ParamSpec

#: Integers up to here are exact as floats (`Number.MAX_SAFE_INTEGER`).
_SAFE = (1 << 53) - 1


def read_param(spec: ParamSpec | None, value: Any) -> Any:
    """A stored parameter as the graph has it; whatever does not fit its type is left as it is.

    Args:
        spec: null where the type is not known.
    """
    if spec is None or spec.type == "JSON":
        return _plain(value)
    return read_integer(_from_decimal(value)) if spec.type == "INT" else value


def stored_param(spec: ParamSpec | None, value: Any) -> Any:
    """A parameter as it is stored, so that `read_param` gives it back.

    Integers that a browser would round are decimal strings where the type is
    INT. Those beyond a signed 64-bit integer have no other form at all, so
    within JSON they stay strings.
    """
    if spec is not None and spec.type == "INT" and type(value) is int and abs(value) > _SAFE:
        return str(value)
    return _storable(value)


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


def _plain(value: Any) -> Any:
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) <= _SAFE else value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _from_decimal(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.removeprefix("-").isdecimal():
        number = int(value)
        return number if -(1 << 63) <= number < 1 << 64 else value
    return value


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return str(value) if type(value) is int and not -(1 << 63) <= value < 1 << 63 else value
