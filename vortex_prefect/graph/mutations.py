"""Mutations: what people do to a graph, as the editor sends it.

Each knows which changes it brings to a draft. It refuses only what makes no
sense in any graph; dangling edges, or two into one input, are left to `validate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.changes import (
    Change,
    Draft,
    edge_created,
    edge_deleted,
    exposure_changed,
    groups_changed,
    node_created,
    notes_changed,
    policy_set,
)
from vortex_prefect.graph.model import (
    Edge,
    Endpoint,
    ExposedInputs,
    ExposedOutputs,
    Group,
    MaxParallel,
    Mode,
    Name,
    Node,
    NodeId,
    NonNegative,
    Note,
    Number,
    Part,
    Positive,
    Retries,
    Tags,
    Text,
)
from vortex_prefect.graph.suggest import Suggestions

Item = TypeVar("Item", Group, Note)


class NodeCreate(Part):
    """Add a node under a new id."""

    op: Literal["node.create"]
    id: NodeId
    node: Node

    def changes(self, draft: Draft) -> list[Change]:
        if self.id in draft.nodes:
            raise _refusal("VE-001", f"there is a node {self.id} already", self.id)
        return [node_created(self.id, self.node)]


class NodeDelete(Part):
    """Remove a node, its edges and its exposures."""

    op: Literal["node.delete"]
    id: NodeId

    def changes(self, draft: Draft) -> list[Change]:
        _node(draft, self.id)
        incident = [item for item in enumerate(draft.edges) if self.id in (item[1].source.node, item[1].target.node)]
        # Last first, so that the indexes of the others stay true.
        found = [edge_deleted(index, edge) for index, edge in reversed(incident)]
        rest = draft.rest
        inputs = [item for item in rest.inputs if item.node != self.id]
        outputs = [item for item in rest.outputs if item.node != self.id]
        if len(inputs) + len(outputs) < len(rest.inputs) + len(rest.outputs):
            found.append(exposure_changed(inputs, outputs))
        return [*found, Change("NodeDeleted", {"node_id": self.id})]


class NodeMove(Part):
    """Place a node on the canvas."""

    op: Literal["node.move"]
    id: NodeId
    x: Number
    y: Number

    def changes(self, draft: Draft) -> list[Change]:
        _node(draft, self.id)
        return [Change("NodeMoved", {"node_id": self.id, "x": self.x, "y": self.y})]


class NodeParam(Part):
    """Set a parameter; without `value`, go back to its default."""

    op: Literal["node.param"]
    id: NodeId
    name: Name
    value: Any = None

    def changes(self, draft: Draft) -> list[Change]:
        _node(draft, self.id)
        value = {"value": self.value} if "value" in self.model_fields_set else {}
        return [Change("NodeParamUpdated", {"node_id": self.id, "name": self.name, **value})]


class NodeMode(Part):
    """Make a node active, muted or bypassed."""

    op: Literal["node.mode"]
    id: NodeId
    mode: Mode

    def changes(self, draft: Draft) -> list[Change]:
        _node(draft, self.id)
        return [Change("NodeModeSet", {"node_id": self.id, "mode": self.mode})]


class NodeTitle(Part):
    """Give a node a title; null goes back to that of its type."""

    op: Literal["node.title"]
    id: NodeId
    title: Text | None

    def changes(self, draft: Draft) -> list[Change]:
        _node(draft, self.id)
        return [Change("NodeTitled", {"node_id": self.id, "title": self.title})]


class NodePolicy(Part):
    """Set what is named of retries, their delay, limits and tags."""

    op: Literal["node.policy"]
    id: NodeId
    retries: Retries = 0
    retry_delay_s: NonNegative | None = None
    retry_jitter_factor: NonNegative | None = None
    timeout_s: Positive | None = None
    tags: Tags = ()
    max_parallel: MaxParallel | None = None

    def changes(self, draft: Draft) -> list[Change]:
        named = {name: getattr(self, name) for name in self.model_fields_set - {"op", "id"}}
        return [policy_set(self.id, _node(draft, self.id).model_copy(update=named))]


class EdgeCreate(Part):
    """Connect an output to an input or a parameter."""

    op: Literal["edge.create"]
    source: Endpoint
    target: Endpoint

    def changes(self, draft: Draft) -> list[Change]:
        edge = Edge(source=self.source, target=self.target)
        if draft.find(edge) is not None:
            raise _refusal("VE-001", f"there is an edge {edge} already", self.target.node, self.target.port)
        return [edge_created(len(draft.edges), edge)]


class EdgeDelete(Part):
    """Remove an edge."""

    op: Literal["edge.delete"]
    source: Endpoint
    target: Endpoint

    def changes(self, draft: Draft) -> list[Change]:
        edge = Edge(source=self.source, target=self.target)
        if (index := draft.find(edge)) is None:
            raise _refusal("VE-001", f"there is no edge {edge}", self.target.node, self.target.port)
        return [edge_deleted(index, edge)]


class GraphRename(Part):
    """Give the graph a name."""

    op: Literal["graph.rename"]
    name: Text

    def changes(self, draft: Draft) -> list[Change]:  # noqa: ARG002 - one signature for all
        return [Change("GraphRenamed", {"name": self.name})]


class GraphExpose(Part):
    """Replace the exposed inputs, the exposed outputs, or both; null leaves them."""

    op: Literal["graph.expose"]
    inputs: ExposedInputs | None = None
    outputs: ExposedOutputs | None = None

    def changes(self, draft: Draft) -> list[Change]:
        rest = draft.rest
        inputs = rest.inputs if self.inputs is None else self.inputs
        outputs = rest.outputs if self.outputs is None else self.outputs
        return [exposure_changed(inputs, outputs)]


class GroupSet(Part):
    """Add a group, or replace the one of the same id."""

    op: Literal["group.set"]
    group: Group

    def changes(self, draft: Draft) -> list[Change]:
        return [groups_changed(_with(draft.rest.groups, self.group))]


class GroupDelete(Part):
    """Remove a group; its nodes stay."""

    op: Literal["group.delete"]
    id: NodeId

    def changes(self, draft: Draft) -> list[Change]:
        return [groups_changed(_without(draft.rest.groups, self.id, "group"))]


class NoteSet(Part):
    """Add a note, or replace the one of the same id."""

    op: Literal["note.set"]
    note: Note

    def changes(self, draft: Draft) -> list[Change]:
        return [notes_changed(_with(draft.rest.notes, self.note))]


class NoteDelete(Part):
    """Remove a note."""

    op: Literal["note.delete"]
    id: NodeId

    def changes(self, draft: Draft) -> list[Change]:
        return [notes_changed(_without(draft.rest.notes, self.id, "note"))]


Mutation = Annotated[
    NodeCreate | NodeDelete | NodeMove | NodeParam | NodeMode | NodeTitle | NodePolicy
    | EdgeCreate | EdgeDelete | GraphRename | GraphExpose | GroupSet | GroupDelete | NoteSet | NoteDelete,
    Field(discriminator="op"),
]  # fmt: skip


def _refusal(code: str, message: str, node_id: str | None = None, port: str | None = None) -> GraphError:
    return GraphError.of([Problem(code, message, node_id, port)])


def _node(draft: Draft, node_id: str) -> Node:
    if (node := draft.nodes.get(node_id)) is not None:
        return node
    hint = Suggestions().hint(node_id, draft.nodes, "nodes of this graph")
    raise GraphError.of([Problem("VE-005", f"there is no node {node_id}", node_id, hint=hint)])


def _with(items: Sequence[Item], item: Item) -> list[Item]:
    found: list[Item] = [item if other.id == item.id else other for other in items]
    if item not in found:
        found.append(item)
    return found


def _without(items: Sequence[Item], item_id: str, kind: str) -> list[Item]:
    rest = [item for item in items if item.id != item_id]
    if len(rest) == len(items):
        raise _refusal("VE-001", f"there is no {kind} {item_id}")
    return rest
