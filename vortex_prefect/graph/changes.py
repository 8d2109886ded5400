"""Facts about a graph's history: a change is one event of the log, and a graph is what its changes add up to."""

from __future__ import annotations

import bisect
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.model import (
    Edge,
    ExposedInput,
    ExposedInputs,
    ExposedOutput,
    ExposedOutputs,
    Graph,
    Group,
    Groups,
    Node,
    Note,
    Notes,
    Part,
    Position,
)

#: Fields of a node that `NodePolicySet` tells.
POLICY = ("retries", "retry_delay_s", "retry_jitter_factor", "timeout_s", "tags", "max_parallel")


@dataclass(frozen=True, slots=True)
class Change:
    """One event: a name of `core.events.EVENT_TYPES`, and what `replay` needs to repeat it."""

    event_type: str
    payload: dict[str, Any] = field(default_factory=dict)


class Draft:
    """A graph while changes are recorded; functions of this module alone alter it."""

    def __init__(self, graph: Graph) -> None:
        self.load(graph)

    def load(self, graph: Graph) -> None:
        """Start from another graph."""
        self._rest = graph
        self.nodes = dict(graph.nodes)
        self.edges = list(graph.edges)

    def record(self, change: Change) -> None:
        """Make a change happen; an event that leaves the content alone (`GraphSaved`, …) does nothing.

        Raises:
            LookupError, TypeError, ValueError: the change does not fit the
                graph, or its payload is malformed.
        """
        if (apply := _RECORD.get(change.event_type)) is not None:
            apply(self, change.payload)

    def graph(self) -> Graph:
        """The graph as it now is."""
        return self._rest.model_copy(update={"nodes": dict(self.nodes), "edges": tuple(self.edges)})

    @property
    def rest(self) -> Graph:
        """The graph but for its nodes and edges, which may be out of date."""
        return self._rest

    def find(self, edge: Edge) -> int | None:
        """Index of the first such edge, or null."""
        node = edge.target.node
        # Comparing one name first spares most of the comparisons of whole models.
        return next((i for i, other in enumerate(self.edges) if other.target.node == node and other == edge), None)

    def set(self, **fields: Any) -> None:
        """Replace parts of the graph other than nodes and edges; the values are taken as valid."""
        self._rest = self._rest.model_copy(update=fields)

    def set_node(self, node_id: str, **fields: Any) -> None:
        """Replace parts of a node; the values are taken as valid."""
        self.nodes[node_id] = self.nodes[node_id].model_copy(update=fields)


def replay(changes: Iterable[Change], graph: Graph | None = None) -> Graph:
    """The graph after the changes; without `graph`, from an empty one.

    Raises:
        GraphError: VE-001 if a change does not fit the graph or is malformed;
            the path names its index.
    """
    draft = Draft(graph or Graph())
    for index, change in enumerate(changes):
        try:
            draft.record(change)
        except (LookupError, TypeError, ValueError) as error:
            message = f"event {index}, {change.event_type}, does not fit the graph: {error}"
            raise GraphError.of([Problem("VE-001", message, path=pointer(index))]) from None
    return draft.graph()


def diff(old: Graph, new: Graph) -> list[Change]:
    """Changes that turn `old` into `new`: `replay(diff(old, new), old)` equals `new`.

    The id is not compared, since it never changes. Edges keep their order,
    because it counts in list ports.
    """
    # A thousand edges take 3 ms to compare, and most edits touch none.
    deleted, created = _edge_changes(old.edges, new.edges) if old.edges is not new.edges else ([], [])
    changes = [Change("GraphRenamed", {"name": new.name})] if old.name != new.name else []
    changes += deleted
    for node_id, node in old.nodes.items():
        after = new.nodes.get(node_id)
        if after is not node and (after is None or after.type != node.type):
            changes.append(Change("NodeDeleted", {"node_id": node_id}))
    for node_id, node in new.nodes.items():
        before = old.nodes.get(node_id)
        if before is node:
            continue
        if before is None or before.type != node.type:
            changes.append(node_created(node_id, node))
        else:
            changes += _node_changes(node_id, before, node)
    changes += created
    if (old.inputs, old.outputs) != (new.inputs, new.outputs):
        changes.append(exposure_changed(new.inputs, new.outputs))
    if old.groups != new.groups:
        changes.append(groups_changed(new.groups))
    if old.notes != new.notes:
        changes.append(notes_changed(new.notes))
    return changes


def node_created(node_id: str, node: Node) -> Change:
    """`NodeCreated` with the whole node."""
    return Change("NodeCreated", {"node_id": node_id, "node": node.model_dump(mode="json")})


def policy_set(node_id: str, node: Node) -> Change:
    """`NodePolicySet` with how the node is tried again, limited and tagged."""
    return Change("NodePolicySet", {"node_id": node_id, **node.model_dump(mode="json", include=set(POLICY))})


def edge_created(index: int, edge: Edge) -> Change:
    """`EdgeCreated`; the edge then stands at `index`."""
    return Change("EdgeCreated", {**edge.model_dump(mode="json"), "index": index})


def edge_deleted(index: int, edge: Edge) -> Change:
    """`EdgeDeleted`; the edge stood at `index`."""
    return Change("EdgeDeleted", {**edge.model_dump(mode="json"), "index": index})


def exposure_changed(inputs: Sequence[ExposedInput], outputs: Sequence[ExposedOutput]) -> Change:
    """`ExposureChanged` with all exposures, in order."""
    return Change("ExposureChanged", {"inputs": _dumped(inputs), "outputs": _dumped(outputs)})


def groups_changed(groups: Sequence[Group]) -> Change:
    """`GroupChanged` with all groups, in order."""
    return Change("GroupChanged", {"groups": _dumped(groups)})


def notes_changed(notes: Sequence[Note]) -> Change:
    """`NotesChanged` with all notes, in order."""
    return Change("NotesChanged", {"notes": _dumped(notes)})


def _dumped(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [part.model_dump(mode="json") for part in parts]


def _node_changes(node_id: str, old: Node, new: Node) -> Iterator[Change]:
    if old.position != new.position:
        yield Change("NodeMoved", {"node_id": node_id, "x": new.position.x, "y": new.position.y})
    for name in old.params:
        if name not in new.params:
            yield Change("NodeParamUpdated", {"node_id": node_id, "name": name})
    for name, value in new.params.items():
        if name not in old.params or not _same_json(old.params[name], value):
            yield Change("NodeParamUpdated", {"node_id": node_id, "name": name, "value": value})
    if old.mode != new.mode:
        yield Change("NodeModeSet", {"node_id": node_id, "mode": new.mode})
    if old.title != new.title:
        yield Change("NodeTitled", {"node_id": node_id, "title": new.title})
    if any(getattr(old, name) != getattr(new, name) for name in POLICY):
        yield policy_set(node_id, new)


#: Compared as they are, which nearly all parameters are, in a twentieth of the time that writing JSON takes.
_PLAIN = (str, int, float, bool)


def _same_json(first: Any, second: Any) -> bool:
    """Python finds True equal to 1, and 0.0 to -0.0; a parameter's type or sign would be lost."""
    if type(first) is type(second) and type(first) in _PLAIN and first:
        return bool(first == second)
    return first is second or json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def _edge_changes(old: Sequence[Edge], new: Sequence[Edge]) -> tuple[list[Change], list[Change]]:
    """Deletions, last first, then creations, first first: replayed in that order, all indexes fit."""
    if old is new or (len(old) == len(new) and all(map(_same_edge, old, new))):
        return [], []
    places: dict[tuple[str, str, str, str], deque[int]] = defaultdict(deque)
    for index, edge in enumerate(old):
        places[_edge_key(edge)].append(index)
    matches = []
    for index, edge in enumerate(new):
        if waiting := places.get(_edge_key(edge)):
            matches.append((index, waiting.popleft()))
    kept = longest_increasing(matches)
    kept_old = {place for _, place in kept}
    kept_new = {index for index, _ in kept}
    deleted = [edge_deleted(index, edge) for index, edge in enumerate(old) if index not in kept_old]
    created = [edge_created(index, edge) for index, edge in enumerate(new) if index not in kept_new]
    return deleted[::-1], created


def _same_edge(first: Edge, second: Edge) -> bool:
    return first is second or _edge_key(first) == _edge_key(second)


def _edge_key(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source.node, edge.source.port, edge.target.node, edge.target.port


def longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence in which the second numbers rise (patience sorting, Fredman 1975)."""
    tops: list[int] = []
    top_pair: list[int] = []
    previous: list[int] = []
    for position, (_, value) in enumerate(pairs):
        pile = bisect.bisect_left(tops, value)
        previous.append(top_pair[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [value]
        top_pair[pile : pile + 1] = [position]
    found = []
    position = top_pair[-1] if top_pair else -1
    while position >= 0:
        found.append(pairs[position])
        position = previous[position]
    return found[::-1]


Payload = Mapping[str, Any]


def _graph_created(draft: Draft, payload: Payload) -> None:
    draft.load(Graph.model_validate(payload["graph"]))


def _graph_renamed(draft: Draft, payload: Payload) -> None:
    draft.set(name=payload["name"])


def _node_created(draft: Draft, payload: Payload) -> None:
    draft.nodes[payload["node_id"]] = Node.model_validate(payload["node"])


def _node_deleted(draft: Draft, payload: Payload) -> None:
    del draft.nodes[payload["node_id"]]


def _node_moved(draft: Draft, payload: Payload) -> None:
    draft.set_node(payload["node_id"], position=Position(x=payload["x"], y=payload["y"]))


def _node_param_updated(draft: Draft, payload: Payload) -> None:
    params = dict(draft.nodes[payload["node_id"]].params)
    if "value" in payload:
        params[payload["name"]] = payload["value"]
    else:
        params.pop(payload["name"], None)
    draft.set_node(payload["node_id"], params=params)


def _node_mode_set(draft: Draft, payload: Payload) -> None:
    draft.set_node(payload["node_id"], mode=payload["mode"])


def _node_titled(draft: Draft, payload: Payload) -> None:
    draft.set_node(payload["node_id"], title=payload["title"])


def _node_policy_set(draft: Draft, payload: Payload) -> None:
    # Events from before a field existed do not name it.
    policy = {name: payload[name] for name in POLICY if name in payload}
    if "tags" in policy:
        policy["tags"] = tuple(policy["tags"])
    draft.set_node(payload["node_id"], **policy)


def _edge_created(draft: Draft, payload: Payload) -> None:
    draft.edges.insert(payload["index"], _edge(payload))


def _edge_deleted(draft: Draft, payload: Payload) -> None:
    index, edge = payload["index"], _edge(payload)
    if draft.edges[index] != edge:
        raise ValueError(f"edge {index} is {draft.edges[index]}, not {edge}")
    del draft.edges[index]


def _edge(payload: Payload) -> Edge:
    return Edge.model_validate({"source": payload["source"], "target": payload["target"]})


def _exposure_changed(draft: Draft, payload: Payload) -> None:
    draft.set(
        inputs=_adapter(ExposedInputs).validate_python(payload["inputs"]),
        outputs=_adapter(ExposedOutputs).validate_python(payload["outputs"]),
    )


def _group_changed(draft: Draft, payload: Payload) -> None:
    draft.set(groups=_adapter(Groups).validate_python(payload["groups"]))


def _notes_changed(draft: Draft, payload: Payload) -> None:
    draft.set(notes=_adapter(Notes).validate_python(payload["notes"]))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


_RECORD: dict[str, Callable[[Draft, Payload], None]] = {
    "GraphCreated": _graph_created,
    "GraphCloned": _graph_created,
    "GraphRenamed": _graph_renamed,
    "NodeCreated": _node_created,
    "NodeDeleted": _node_deleted,
    "NodeMoved": _node_moved,
    "NodeParamUpdated": _node_param_updated,
    "NodeModeSet": _node_mode_set,
    "NodeTitled": _node_titled,
    "NodePolicySet": _node_policy_set,
    "EdgeCreated": _edge_created,
    "EdgeDeleted": _edge_deleted,
    "ExposureChanged": _exposure_changed,
    "GroupChanged": _group_changed,
    "NotesChanged": _notes_changed,
}

#: Types of the events that change a graph; others of its log leave the content alone.
CHANGES = frozenset(_RECORD)
