"""Lists and objects."""

from __future__ import annotations

import typing
from typing import Annotated

from vortex_worker.sdk import Any, Doc, Json, Many, node


@node("core.list", category="data", title="Make a list", outputs=("value",))
def make_list(items: Annotated[Many[Json], Doc("In the order of the edges.")]) -> Json:
    """A list of all that is connected."""
    return list(items)


@node("core.list_length", category="data", title="Length of a list", outputs=("value",))
def list_length(items: Json) -> int:
    """How many items a list has."""
    if not isinstance(items, list | tuple):
        raise ValueError(f"items is a {type(items).__name__}, not a list")
    return len(items)


@node("core.json_get", category="data", title="Take from JSON", outputs=("out",))
def json_get(
    json: Json, pointer: Annotated[str, Doc("Such as /size/0 for the first of the list `size`; empty takes all.")] = ""
) -> Any:
    """Take one value out of an object or a list, by JSON pointer."""
    return resolve(json, pointer)


def resolve(value: typing.Any, pointer: str) -> typing.Any:
    """What a JSON pointer points to (RFC 6901).

    Raises:
        ValueError: the pointer is malformed or leads nowhere; the message names the step.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"the pointer {pointer!r} does not begin with /")
    for token in pointer.split("/")[1:]:
        step = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list | tuple) and _is_index(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise ValueError(f"the pointer {pointer!r} leads nowhere at {step!r}")
    return value


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and (step == "0" or step[0] != "0")
