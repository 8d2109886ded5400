"""Constants."""

from __future__ import annotations

from typing import Annotated

from vortex_worker.packs.core.numbers import Integer, Number
from vortex_worker.packs.seeding import Seed
from vortex_worker.sdk import Doc, Json, Widget, node


@node("core.float", category="value", title="Number", outputs=("value",))
def float_value(value: Number = 0.0) -> float:
    """A number."""
    return value


@node("core.int", category="value", title="Whole number", outputs=("value",))
def int_value(value: Integer = 0) -> int:
    """A whole number."""
    return value


@node("core.bool", category="value", title="Yes or no", outputs=("value",))
def bool_value(value: bool = False) -> bool:
    """Yes or no."""
    return value


@node("core.string", category="value", title="Text", outputs=("value",))
def string_value(value: Annotated[str, Widget("text")] = "") -> str:
    """A text."""
    return value


@node("core.json", category="value", title="JSON", outputs=("value",))
def json_value(value: Annotated[Json, Widget("text"), Doc("Any JSON value.")] = ()) -> Json:
    """A JSON value: a list, an object, or anything within."""
    return value


@node("core.seed", category="value", outputs=("value",))
def seed_value(value: Seed = 0) -> int:
    """A seed of 64 bits, to be shared by several nodes."""
    return value
