"""Putting graphs in the place of nodes: ids, edges, values and exposures, one level deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.graph.model import Edge, Endpoint, ExposedInput, ExposedOutput, Graph, Node, Position

#: Between the id of a node and those of the nodes within; ids stand in addresses, so it is no slash.
SEPARATOR = ":"
_MOST_TAGS = 50

#: What stands in a node's place: how it looks from outside, and the graph itself, which has no subgraphs.
Part = tuple[NodeSpec, Graph]


def splice(graph: Graph, parts: Mapping[str, Part], catalogue: Catalogue) -> Graph:
    """The graph with `parts` in place of the nodes that they are named by; `validate` found nothing in it.

    A value of the node becomes one of the parameter that is exposed under its
    name, an edge into it leads there instead of what led there within. What the
    node says of retries, time, tags and parallel items holds for each node
    within that says nothing of it. Within a muted node all is muted; so it is
    within a bypassed one, and who took its outputs takes what it hands on.
    """
    return _Splicing(graph, parts, catalogue).done()


class _Splicing:
    def __init__(self, graph: Graph, parts: Mapping[str, Part], catalogue: Catalogue) -> None:
        self._graph = graph
        self._parts = parts
        self._catalogue = catalogue
        self._inputs = {node_id: {item.name: item for item in inner.inputs} for node_id, (_, inner) in parts.items()}
        self._outputs = {node_id: {item.name: item for item in inner.outputs} for node_id, (_, inner) in parts.items()}

    def done(self) -> Graph:
        graph = self._graph
        nodes: dict[str, Node] = {}
        for node_id, node in graph.nodes.items():
            nodes |= dict(self._within(node_id, node)) if node_id in self._parts else {node_id: node}
        return graph.model_copy(
            update={
                "nodes": nodes,
                "edges": tuple(self._edges()),
                "inputs": tuple(self._exposed_input(item) for item in graph.inputs),
                "outputs": tuple(self._exposed_output(item) for item in graph.outputs),
            }
        )

    def _within(self, outer_id: str, outer: Node) -> Iterator[tuple[str, Node]]:
        spec, inner = self._parts[outer_id]
        title = outer.title or spec.title
        values = self._values(outer_id, outer)
        for node_id, node in inner.nodes.items():
            known = self._catalogue.get(node.type)
            own = node.title or (known.title if known is not None else node_id)
            changed = {
                "params": {**node.params, **values.get(node_id, {})},
                "title": f"{title} / {own}",
                "mode": node.mode if outer.mode == "active" else "muted",
                "position": Position(x=outer.position.x + node.position.x, y=outer.position.y + node.position.y),
                **_policy(outer, node),
            }
            yield inner_id(outer_id, node_id), node.model_copy(update=changed)

    def _values(self, outer_id: str, outer: Node) -> dict[str, dict[str, Any]]:
        """Node within → its parameters that the outer node gives values to."""
        found: dict[str, dict[str, Any]] = {}
        for name, value in outer.params.items():
            item = self._inputs[outer_id][name]
            found.setdefault(item.node, {})[item.param] = value
        return found

    def _edges(self) -> Iterator[Edge]:
        """Order counts among edges into one list port: there, those of within come first."""
        replaced = set()
        outside = []
        for edge in self._graph.edges:
            target = self._target(edge.target)
            if edge.target.node in self._parts and not self._is_list(edge.target):
                replaced.add(target)
            outside.append(Edge(source=self._source(edge.source), target=target))
        for outer_id, (_, inner) in self._parts.items():
            for edge in inner.edges:
                source, target = _inside(outer_id, edge.source), _inside(outer_id, edge.target)
                if target not in replaced:
                    yield Edge(source=source, target=target)
        yield from outside

    def _target(self, end: Endpoint) -> Endpoint:
        if end.node not in self._parts:
            return end
        item = self._inputs[end.node][end.port]
        return Endpoint(node=inner_id(end.node, item.node), port=item.param)

    def _source(self, end: Endpoint) -> Endpoint:
        """What gives an output; a bypassed node hands on what another gives, where it has that."""
        while end.node in self._parts:
            handed_on = self._handed_on(end) if self._graph.nodes[end.node].mode == "bypassed" else None
            if handed_on is None:
                item = self._outputs[end.node][end.port]
                return Endpoint(node=inner_id(end.node, item.node), port=item.port)
            end = handed_on
        return end

    def _handed_on(self, end: Endpoint) -> Endpoint | None:
        """The first connected input of the output's type, as other nodes are bypassed."""
        spec, _ = self._parts[end.node]
        output = spec.output(end.port)
        ports = [(port.name, port.type) for port in spec.inputs if not port.list]
        ports += [(param.name, param.type) for param in spec.params]
        sources = {edge.target.port: edge.source for edge in self._graph.edges if edge.target.node == end.node}
        fitting = [name for name, kind in ports if output is not None and kind == output.type and name in sources]
        return sources[fitting[0]] if fitting else None

    def _is_list(self, end: Endpoint) -> bool:
        port = self._parts[end.node][0].input(end.port)
        return port is not None and port.list

    def _exposed_input(self, item: ExposedInput) -> ExposedInput:
        end = self._target(Endpoint(node=item.node, port=item.param))
        return item.model_copy(update={"node": end.node, "param": end.port})

    def _exposed_output(self, item: ExposedOutput) -> ExposedOutput:
        end = self._source(Endpoint(node=item.node, port=item.port))
        return item.model_copy(update={"node": end.node, "port": end.port})


def inner_id(outer_id: str, node_id: str) -> str:
    """What a node within another is called in the flat graph."""
    return f"{outer_id}{SEPARATOR}{node_id}"


def _inside(outer_id: str, end: Endpoint) -> Endpoint:
    return Endpoint(node=inner_id(outer_id, end.node), port=end.port)


def _policy(outer: Node, node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": tuple(dict.fromkeys((*node.tags, *outer.tags)))[:_MOST_TAGS]}
    if node.retries == 0:
        found["retries"] = outer.retries
    for name in ("retry_delay_s", "retry_jitter_factor", "timeout_s", "max_parallel"):
        if getattr(node, name) is None:
            found[name] = getattr(outer, name)
    return found
