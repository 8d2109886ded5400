"""The document under a `Graph`: changed by the editor's own mutations, and checked against the catalogue."""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vortex_prefect.client.handles import Feeds, Node, Output, endpoint_of
from vortex_prefect.client.names import CALL_WORDS, declared_name, short_name
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.nodespec import Catalogue, InputSpec, NodeSpec, ParamSpec, item_type
from vortex_prefect.graph import model
from vortex_prefect.graph.changes import Draft, edge_created, edge_deleted
from vortex_prefect.graph.edits import parse_mutations
from vortex_prefect.graph.mutations import EdgeCreate, NodeCreate
from vortex_prefect.graph.order import ancestors
from vortex_prefect.graph.suggest import Suggestions
from vortex_prefect.graph.validate import validate

#: A node may lack inputs while a graph is being built.
_LATER = frozenset({"VE-007"})


class Editor:
    """A graph while code edits it. Every method does all of its work or raises `GraphError` and does nothing."""

    def __init__(self, graph: model.Graph, catalogue: Callable[[], Catalogue]) -> None:
        self._draft = Draft(graph)
        self._catalogue = catalogue
        self._counters: dict[str, int] = {}

    def graph(self) -> model.Graph:
        """The graph as it now is."""
        return self._draft.graph()

    @property
    def node_ids(self) -> list[str]:
        """Ids in the order of their making."""
        return list(self._draft.nodes)

    def node(self, node_id: str) -> model.Node:
        """A node; VE-005 if it is not, or no more."""
        if (node := self._draft.nodes.get(node_id)) is None:
            hint = Suggestions().hint(node_id, self._draft.nodes, "nodes of this graph")
            raise _refusal("VE-005", f"there is no node {node_id}", node_id, hint=hint)
        return node

    def spec(self, node_id: str) -> NodeSpec:
        """What a node's type declares; VE-003 if it is not installed."""
        return self.spec_of(self.node(node_id).type, node_id)

    def spec_of(self, node_type: str, node_id: str | None = None) -> NodeSpec:
        """What a node type declares; VE-003 if it is not installed."""
        catalogue = self._catalogue()
        if (spec := catalogue.get(node_type)) is None:
            hint = Suggestions().hint(node_type, [spec.type for spec in catalogue.all()], "installed node types")
            raise _refusal("VE-003", f"there is no node type {node_type}", node_id, hint=hint)
        return spec

    def apply(self, **mutation: Any) -> None:
        """Carry out a mutation as the editor sends it; the catalogue is not asked."""
        [parsed] = parse_mutations([mutation])
        for change in parsed.changes(self._draft):
            self._draft.record(change)

    def put(self, **parts: Any) -> None:
        """Replace parts of the graph that no mutation has."""
        self._draft.set(**parts)

    # -- nodes -----------------------------------------------------------------------------

    def create(self, node_type: str, arguments: Mapping[str, Any], node_id: str | None, **node: Any) -> str:
        """Add a node with values for its parameters and outputs for its inputs; its id."""
        spec = self.spec_of(node_type)
        base, count = short_name(spec.type), 0
        if node_id is None:
            node_id, count = self._fresh_id(base)
        params: dict[str, Any] = {}
        edges: list[model.Edge] = []
        for key, value in arguments.items():
            name = declared_name(key, _ports(spec), CALL_WORDS) or key
            port = spec.input(name) or spec.param(name)
            if value is None and _may_be_left_out(port):
                continue
            if (sources := self._sources(value)) is not None:
                edges += _edges(sources, node_id, name)
            else:
                params[name] = plain(value)
        given = {name: value for name, value in node.items() if value is not None}
        [made] = parse_mutations(
            [{"op": "node.create", "id": node_id, "node": {"type": node_type, "params": params, **given}}]
        )
        if isinstance(made, NodeCreate):
            self._check(node_id, made.node, edges)
        for change in made.changes(self._draft):
            self._draft.record(change)
        self._append(edges)
        if count:
            self._counters[base] = count
        return node_id

    def value_of(self, node_id: str, key: str) -> Any:
        """What feeds an input or a parameter, else the parameter's value or default; null for an open input."""
        spec, name = self._port(node_id, key)
        port, param = spec.input(name), spec.param(name)
        feeding: list[Output[Any]] = [
            Output(Node(self, edge.source.node), edge.source.port, self._type_of(edge.source))
            for _, edge in self._edges_into(node_id, name)
        ]
        if port is not None and port.list:
            return feeding
        if feeding:
            return feeding[-1]
        return None if param is None else self.node(node_id).params.get(name, param.default)

    def assign(self, node_id: str, key: str, value: Any) -> None:
        """Connect an input or parameter, in place of what is connected, or give a parameter a value."""
        spec, name = self._port(node_id, key)
        if (sources := self._sources(value)) is not None:
            self._connect(node_id, name, sources, self._edges_into(node_id, name))
            return
        if value is None and spec.input(name) is not None:
            self.reset(node_id, name)
            return
        params = {name: plain(value)}
        [mutation] = parse_mutations([{"op": "node.param", "id": node_id, "name": name, "value": params[name]}])
        self._check(node_id, self.node(node_id).model_copy(update={"params": params}), ())
        for change in mutation.changes(self._draft):
            self._draft.record(change)
        self._delete(self._edges_into(node_id, name))

    def reset(self, node_id: str, key: str) -> None:
        """Disconnect an input or parameter, and give the parameter its default back."""
        _, name = self._port(node_id, key)
        self._delete(self._edges_into(node_id, name))
        if name in self.node(node_id).params:
            self.apply(op="node.param", id=node_id, name=name)

    def fits(self, node_id: str, node: model.Node, edges: Sequence[model.Edge]) -> bool:
        """Whether a node fits its type, and edges into it fit both ends; required inputs may be missing."""
        try:
            self._check(node_id, node, edges)
        except GraphError:
            return False
        return True

    # -- edges -----------------------------------------------------------------------------

    def connect(self, source: Feeds[Any], node_id: str, key: str) -> None:
        """Add an edge; an input that takes one only loses the one that it has."""
        spec, name = self._port(node_id, key)
        port = spec.input(name)
        replaced = [] if port is not None and port.list else self._edges_into(node_id, name)
        self._connect(node_id, name, self._sources(source) or [], replaced)

    def connect_unchecked(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Add an edge whatever it joins; `validate` will tell."""
        edge = {end: {"node": node, "port": port} for end, (node, port) in (("source", source), ("target", target))}
        [parsed] = parse_mutations([{"op": "edge.create", **edge}])
        if isinstance(parsed, EdgeCreate):  # as it was sent
            self._append([model.Edge(source=parsed.source, target=parsed.target)])

    def disconnect(self, source: Feeds[Any], node_id: str, key: str) -> None:
        """Remove an edge; VE-001 if there is none."""
        _, name = self._port(node_id, key)
        for end in self._sources(source) or []:
            target = {"node": node_id, "port": name}
            self.apply(op="edge.delete", source={"node": end.node, "port": end.port}, target=target)

    def check_exposure(self, **exposure: Any) -> None:
        """See that `inputs` or `outputs` name what there is."""
        named = (item.node for items in exposure.values() for item in items)
        nodes = {node_id: self.node(node_id).model_copy(update={"params": {}}) for node_id in named}
        self._raise(validate(model.Graph(nodes=nodes, **exposure), self._catalogue()), {"VE-004", "VE-005"})

    def _connect(
        self, node_id: str, name: str, sources: Sequence[model.Endpoint], replaced: Sequence[tuple[int, model.Edge]]
    ) -> None:
        edges = _edges(sources, node_id, name)
        self._check(node_id, self.node(node_id).model_copy(update={"params": {}}), edges)
        self._delete(replaced)
        self._append(edges)

    def _append(self, edges: Iterable[model.Edge]) -> None:
        for edge in edges:
            self._draft.record(edge_created(len(self._draft.edges), edge))

    def _delete(self, edges: Sequence[tuple[int, model.Edge]]) -> None:
        for index, edge in reversed(edges):  # last first, so that the indexes of the others stay true
            self._draft.record(edge_deleted(index, edge))

    def _edges_into(self, node_id: str, name: str) -> list[tuple[int, model.Edge]]:
        target = model.Endpoint(node=node_id, port=name)
        return [(index, edge) for index, edge in enumerate(self._draft.edges) if edge.target == target]

    # -- checks ----------------------------------------------------------------------------

    def _check(self, node_id: str, node: model.Node, edges: Sequence[model.Edge]) -> None:
        """See that a node fits its type, and that edges into it fit both ends."""
        nodes, above = self._context({edge.source.node for edge in edges} - {node_id})
        known = [edge for edge in above if edge.target.node != node_id]
        small = model.Graph(nodes={**nodes, node_id: node}, edges=(*known, *edges))
        problems = validate(small, self._catalogue())
        self._raise([problem for problem in problems if problem.node_id == node_id and problem.code not in _LATER])

    def _context(self, sources: set[str]) -> tuple[dict[str, model.Node], list[model.Edge]]:
        """What decides of which type the outputs of nodes are: where there are lists, everything above them."""
        specs = map(self._catalogue().get, {node.type for node in self._draft.nodes.values()})
        if not any(item_type(output.type) for spec in specs if spec for output in spec.outputs):
            return {node_id: self._draft.nodes[node_id] for node_id in sources}, []
        parents: dict[str, list[str]] = {}
        for edge in self._draft.edges:
            if edge.source.node in self._draft.nodes:
                parents.setdefault(edge.target.node, []).append(edge.source.node)
        above = ancestors(sources, parents)
        nodes = {node_id: node for node_id, node in self._draft.nodes.items() if node_id in above}
        return nodes, [edge for edge in self._draft.edges if edge.target.node in above and edge.source.node in above]

    def _raise(self, problems: Sequence[Problem], codes: Iterable[str] | None = None) -> None:
        if found := [problem for problem in problems if codes is None or problem.code in codes]:
            # Paths would point into a document that nobody wrote.
            told = tuple(Problem(p.code, p.message, p.node_id, p.port, hint=p.hint) for p in found)
            message = GraphError.of(list(told)).message
            raise GraphError(told[0].code, message, told[0].hint, told, told[0].node_id)

    def _sources(self, value: object) -> list[model.Endpoint] | None:
        """The outputs that a value stands for; null if it is no output, nor a list of such."""
        items = value if isinstance(value, list | tuple) else (value,)
        handles = [item for item in items if isinstance(item, Output | Node)]
        if not handles or len(handles) != len(items):
            return None
        for handle in handles:
            node = handle.node if isinstance(handle, Output) else handle
            if node._editor is not self:
                raise _refusal(
                    "VE-005", f"{node.id} belongs to another graph", node.id, hint="Connect nodes of one graph."
                )
            self.node(node.id)
        return [end for handle in handles if (end := endpoint_of(handle)) is not None]

    def _port(self, node_id: str, key: str) -> tuple[NodeSpec, str]:
        spec = self.spec(node_id)
        if (name := declared_name(key, _ports(spec), CALL_WORDS)) is None:
            hint = Suggestions().hint(key, _ports(spec), f"inputs of {spec.type}")
            message = f"{node_id}: {key} is not among the inputs of {spec.type}"
            raise _refusal("VE-004", message, node_id, key, hint)
        return spec, name

    def _type_of(self, end: model.Endpoint) -> str:
        spec = self._catalogue().get(self._draft.nodes[end.node].type) if end.node in self._draft.nodes else None
        output = spec.output(end.port) if spec else None
        return output.type if output else "ANY"

    def _fresh_id(self, base: str) -> tuple[str, int]:
        """`blur`, `blur_2`, `blur_3` …, and its number: a node that is removed does not give its id to another."""
        count = self._counters.get(base, 0) + 1
        while (found := base if count == 1 else f"{base}_{count}") in self._draft.nodes:
            count += 1
        return found, count


def plain(value: Any) -> Any:
    """A value as JSON has it: paths as text, tuples as lists, numbers of numpy as Python's."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _ports(spec: NodeSpec) -> list[str]:
    return [*(port.name for port in spec.inputs), *(param.name for param in spec.params)]


def _may_be_left_out(port: InputSpec | ParamSpec | None) -> bool:
    return isinstance(port, InputSpec) or (port is not None and port.default is None and not port.required)


def _edges(sources: Iterable[model.Endpoint], node_id: str, name: str) -> list[model.Edge]:
    target = model.Endpoint(node=node_id, port=name)
    return [model.Edge(source=source, target=target) for source in sources]


def _refusal(
    code: str, message: str, node_id: str | None = None, port: str | None = None, hint: str | None = None
) -> GraphError:
    return GraphError(code, message, hint, (Problem(code, message, node_id, port, hint=hint),), node_id)
