"""One node of theirs as one of ours, by its row of the table; or as a place that is held for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue, NodeSpec, check_param
from vortex_prefect.graph.comfyui.storable import cut, name_of, storable, type_of
from vortex_prefect.graph.comfyui.table import ANY, Output, Param, Row
from vortex_prefect.graph.comfyui.workflow import Foreign

#: After a seed their editor has what becomes of it after a run; files differ in whether that is written down.
_AFTER_RUN = "control_after_generate"
_AFTER_RUN_VALUES = ("fixed", "increment", "decrement", "randomize")
_HINT = "It stays as a place: put a node of yours there, or write one (docs/nodes.md)."


@dataclass(frozen=True, slots=True)
class Taken:
    """A node that has a counterpart."""

    type: str
    params: dict[str, Any]
    row: Row

    def target(self, name: str) -> str | None:
        """Our port or parameter of one of their inputs; null where there is none."""
        if (port := self.row.inputs.get(name)) is not None:
            return port
        param = self.row.params.get(name)
        return param.name if isinstance(param, Param) else param

    def output(self, slot: int) -> Output:
        """What their output of that place is."""
        return self.row.outputs[slot] if slot < len(self.row.outputs) else None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A node that has none: its ports have the names that theirs have."""

    type: str
    params: dict[str, Any]
    #: Their input → port.
    ports: dict[str, str]
    outputs: tuple[str, ...]

    def target(self, name: str) -> str | None:
        """The port of one of their inputs."""
        return self.ports.get(name)

    def output(self, slot: int) -> Output:
        """The port of their output of that place."""
        named = self.outputs[slot] if slot < len(self.outputs) else ""
        twice = self.outputs.count(named) > 1
        return cut(f"{named} {slot}" if twice else named, 100) if named else f"out_{slot}"


Translated = Taken | Placeholder


def taken(
    node: Foreign, row: Row | None, catalogue: Catalogue, own: str, depth: int
) -> tuple[Translated, list[Problem]]:
    """What becomes of a node, and what was lost on the way."""
    spec = None if row is None else catalogue.get(row.type)
    if row is None or spec is None:
        lacking = "has no counterpart" if row is None else f"would be {row.type}, which is not installed"
        problem = Problem("VE-003", f"{cut(node.type, 100)} {lacking}", node_id=own, hint=_HINT)
        named = node if row is None else replace(node, values=values_of(node, row.widgets), widgets=None)
        return _placeholder(named, depth), [problem]
    values = values_of(node, row.widgets)
    params: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value, wrong in _params(row, spec, values, set(node.inputs)):
        if wrong is None:
            params[name] = storable(value, depth - 1)
        else:
            problems.append(Problem(wrong[0], wrong[1], node_id=own, port=name))
    params |= row.fixed
    return Taken(row.type, params, row), problems


def values_of(node: Foreign, widgets: tuple[str, ...]) -> dict[str, Any]:
    """Values by the names of their widgets."""
    if node.widgets is None:
        return node.values
    found: dict[str, Any] = {}
    rest = list(node.widgets)
    for name in widgets:
        if not rest:
            break
        if name != _AFTER_RUN or rest[0] in _AFTER_RUN_VALUES:
            found[name] = rest.pop(0)
    return found


def _params(
    row: Row, spec: NodeSpec, values: dict[str, Any], wired: set[str]
) -> Iterator[tuple[str, Any, tuple[str, str] | None]]:
    """(parameter, value, what is wrong with it) of all that a node has set, and what of it has no counterpart."""
    for name, value in values.items():
        known = row.params.get(name)
        if known is None:
            if name != _AFTER_RUN and name not in wired and not _makes_no_difference(row, name, value):
                yield cut(name, 100), None, ("VE-004", f"{cut(name, 60)} has no counterpart and was left out")
            continue
        param = known if isinstance(known, Param) else Param(known)
        found = spec.param(param.name)
        ours = param.by(value)
        wrong = ("VE-004", f"{row.type} has no parameter {param.name}") if found is None else check_param(found, ours)
        # What comes in by a wire counts; the value behind it is no loss.
        if wrong is None or name not in wired:
            yield param.name, ours, wrong and (wrong[0], f"{wrong[1][:200]}; it keeps its default")


def _makes_no_difference(row: Row, name: str, value: Any) -> bool:
    if name not in row.neutral:
        return False
    neutral = row.neutral[name]
    return neutral is ANY or (type(value) is type(neutral) and value == neutral)


def _placeholder(node: Foreign, depth: int) -> Placeholder:
    ports: dict[str, str] = {}
    for name in node.inputs:
        ports[name] = name_of(name, set(ports.values()))
    params: dict[str, Any] = {}
    for name, value in node.values.items():
        params[name_of(name, params)] = storable(value, depth - 1)
    if node.widgets:
        params[name_of("widgets_values", params)] = storable(node.widgets, depth - 1)
    return Placeholder(type_of(node.type), params, ports, node.outputs)
