"""What of foreign files may stand in a graph: any JSON value made interoperable, any text made an id."""

from __future__ import annotations

import math
import re
from typing import Any

_NO_ID = re.compile(r"[/\x00-\x1f\x7f]")
_LONGEST_ID = 120
_LONGEST_NAME = 200
_LONGEST_TEXT = 100_000


def storable(value: Any, depth: int) -> Any:
    """A JSON value without what no graph may hold: null for what is no finite number or nested too deep.

    Integers beyond 64 bits become text, lone surrogates question marks.
    """
    if isinstance(value, list | dict) and depth <= 0:
        return None
    if isinstance(value, list):
        return [storable(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {text(str(key)): storable(item, depth - 1) for key, item in value.items()}
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return _digits(value)
    return value


def text(value: str) -> str:
    """Text that has a UTF-8 form."""
    return value.encode("utf-8", "replace").decode("utf-8")


def cut(value: str, most: int = _LONGEST_TEXT) -> str:
    """Text that is no longer than a graph's texts may be."""
    return text(value)[:most]


def name_of(value: str, taken: set[str] | dict[str, Any]) -> str:
    """A name that is not taken, of at most so many characters as names have."""
    return _free(cut(value, _LONGEST_ID) or "unnamed", taken)


def id_of(value: str, taken: set[str] | dict[str, Any]) -> str:
    """An id that is not taken; it stands in addresses, so it has no slash."""
    return _free(_NO_ID.sub("_", cut(value, _LONGEST_ID)) or "node", taken)


def type_of(value: str) -> str:
    """The node type that keeps the place of one that we do not have."""
    return cut(f"comfyui.{value}", _LONGEST_NAME)


def _free(wanted: str, taken: set[str] | dict[str, Any]) -> str:
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{wanted}-{count}"
    return found


def _digits(value: int) -> str:
    # Python refuses to print integers of more than 4,300 digits.
    return str(value) if value.bit_length() < 10_000 else hex(value)[:_LONGEST_TEXT]
