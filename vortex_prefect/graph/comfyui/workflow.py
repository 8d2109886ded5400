"""A workflow, whichever form it had: nodes with values and with where their inputs come from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.model import Mode

#: CSS pixels; what lies beyond is somewhere that nobody looks.
_FARTHEST = 1e6


@dataclass(frozen=True, slots=True)
class Origin:
    """The output from which a value comes, by its place."""

    node: str
    slot: int


@dataclass(slots=True)
class Foreign:
    """A node as they have it."""

    id: str
    type: str
    title: str | None = None
    #: Upper left corner and extent, in CSS pixels; null where the form has none.
    place: tuple[float, float] | None = None
    size: tuple[float, float] | None = None
    mode: Mode = "active"
    values: dict[str, Any] = field(default_factory=dict)
    #: Values without names, in the order of their widgets; null where they have names.
    widgets: list[Any] | None = None
    inputs: dict[str, Origin] = field(default_factory=dict)
    #: Names of its outputs, as far as they are known.
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A group of theirs."""

    title: str
    box: tuple[float, float, float, float]
    color: str | None


@dataclass(slots=True)
class Workflow:
    """Everything of a workflow that a graph has a place for."""

    nodes: list[Foreign] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    #: An output that is no node's own → the one that it stands for.
    aliases: dict[Origin, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def source(self, origin: Origin) -> Origin:
        """The output that an input really has."""
        seen = {origin}
        while (following := self.aliases.get(origin)) is not None and following not in seen:
            origin = following
            seen.add(origin)
        return origin

    def add(self, node: Foreign, most: int) -> None:
        """Take a node in; VE-012 beyond `most`."""
        if len(self.nodes) >= most:
            raise GraphError("VE-012", f"the workflow has more than {most} nodes")
        self.nodes.append(node)


def from_prompt(data: dict[str, Any], most: int) -> Workflow:
    """The API's form: id → `{class_type, inputs, _meta}`; an input is a value, or `[id, slot]`."""
    found = Workflow()
    for key, item in data.items():
        if not (isinstance(item, dict) and isinstance(item.get("class_type"), str)):
            found.problems.append(Problem("VE-001", f"{key[:100]} is no node", path=f"/{key[:100]}"))
            continue
        node = Foreign(key, item["class_type"], title=text_of(dict_of(item.get("_meta")).get("title")))
        for name, value in dict_of(item.get("inputs")).items():
            origin = _origin(value)
            if origin is None:
                node.values[name] = value
            else:
                node.inputs[name] = origin
        found.add(node, most)
    return found


def _origin(value: Any) -> Origin | None:
    if not (isinstance(value, list) and len(value) == 2):
        return None
    node, slot = value
    is_id = isinstance(node, str) or (isinstance(node, int) and not isinstance(node, bool))
    return Origin(str(node), slot) if is_id and type(slot) is int and 0 <= slot < 1000 else None


def dict_of(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list; nothing of what is no list."""
    return (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))


def text_of(value: Any) -> str | None:
    """The value if it is text, else null."""
    return value if isinstance(value, str) and value else None


def number_of(value: Any) -> float | None:
    """A finite number near the canvas's middle, or null."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(max(-_FARTHEST, min(_FARTHEST, value)))


def pair_of(value: Any) -> tuple[float, float] | None:
    """Two numbers: a list, or an object with the keys 0 and 1 as their older files have it."""
    if isinstance(value, dict):
        value = [value.get("0"), value.get("1")]
    if not (isinstance(value, list) and len(value) >= 2):
        return None
    first, second = number_of(value[0]), number_of(value[1])
    return None if first is None or second is None else (first, second)
