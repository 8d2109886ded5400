"""Facts about a graph's history: a change is one event of the log, and a graph is what its changes add up to."""

from __future__ import annotations

import bisect
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter

from vortex_prefect.core.errors import GraphError
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.model import (
    Edge,
    ExposedInput,
    ExposedInputs,
    ExposedOutput,
    ExposedOutputs,
    Graph,
    Group,
    Node,
    Note,
    Position,
)

_LAYOUT = frozenset({"params", "position", "title", "mode"})
_POLICY = ("retries", "retry_delay_s", "timeout_s")


@dataclass(frozen=True, slots=True)
class Change:
    """One event: a name of `core.events.EVENT_TYPES`, and what `replay` needs to repeat it."""

    event_type: str
    payload: dict[str, Any] = field(default_factory=dict)


class Draft:
    """A graph while changes are recorded. It is changed by `record` alone."""

    def __init__(self, graph: Graph) -> None:
        self._base = graph
        self.name = graph.name
        self.nodes = dict(graph.nodes)
        self.edges = list(graph.edges)
        self.inputs = graph.inputs
        self.outputs = graph.outputs
        self.groups = graph.groups
        self.notes = graph.notes

    def record(self, change: Change) -> None:
        """Make a change happen; events that do not change the graph's content do nothing."""
        if (apply := _RECORD.get(change.event_type)) is not None:
            apply(self, change.payload)

    def graph(self) -> Graph:
        """The graph as it now is."""
        return self._base.model_copy(
            update={
                "name": self.name,
                "nodes": self.nodes,
                "edges": tuple(self.edges),
                "inputs": self.inputs,
                "outputs": self.outputs,
                "groups": self.groups,
                "notes": self.notes,
            }
        )

    def replace(self, graph: Graph) -> None:
        """Start again from another graph (`GraphCreated`, `GraphCloned`)."""
        self.__init__(graph)  # type: ignore[misc]

    def update(self, node_id: str, **fields: Any) -> None:
        """Give a node other values; they are taken as valid."""
        self.nodes[node_id] = self.nodes[node_id].model_copy(update=fields)


def replay(changes: Iterable[Change], graph: Graph | None = None) -> Graph:
    """The graph after the changes; without `graph`, from an empty one.

    Raises:
        GraphError: VE-001 if a change does not fit the graph or is malformed;
            its path names the change's index.
    """
    draft = Draft(graph or Graph())
    for index, change in enumerate(changes):
        try:
            draft.record(change)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise GraphError("VE-001", f"event {index} ({change.event_type}) does not fit the graph: {error}") from None
    return draft.graph()


def diff(old: Graph, new: Graph) -> list[Change]:
    """Changes that turn `old` into `new`: `replay(diff(old, new), old)` equals `new`.

    The id is not compared; it never changes. Edges keep their order, because
    it counts in list ports.
    """
    changes = [Change("GraphRenamed", {"name": new.name})] if old.name != new.name else []
    changes += _edge_changes(old.edges, new.edges, created=False)
    for node_id, node in old.nodes.items():
        if node_id not in new.nodes or new.nodes[node_id].type != node.type:
            changes.append(Change("NodeDeleted", {"node_id": node_id}))
    for node_id, node in new.nodes.items():
        before = old.nodes.get(node_id)
        if before is None or before.type != node.type:
            changes.append(Change("NodeCreated", {"node_id": node_id, "node": node.model_dump(mode="json")}))
        else:
            changes += node_changes(node_id, before, node)
    changes += _edge_changes(old.edges, new.edges, created=True)
    if not same((old.inputs, old.outputs), (new.inputs, new.outputs)):
        changes.append(exposure_change(new.inputs, new.outputs))
    if not same(old.groups, new.groups):
        changes.append(group_change(new.groups))
    if not same(old.notes, new.notes):
        changes.append(notes_change(new.notes))
    return changes
