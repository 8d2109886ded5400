"""Everything that keeps a graph from running, found at once."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import CONVERSIONS, Catalogue, NodeSpec, ParamSpec, check_param, item_type
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.mapping import Mapped, fits, given_type, mapped_ports, port_type, takes_list
from vortex_prefect.graph.model import Edge, Graph, Node
from vortex_prefect.graph.order import cycles, topological_order
from vortex_prefect.graph.suggest import Suggestions
from vortex_prefect.graph.wiring import Source, is_asked

#: Longer loops are named by their two ends.
_LOOP_SHOWN = 24


def validate(graph: Graph, catalogue: Catalogue, *, given: Collection[tuple[str, str]] = ()) -> list[Problem]:
    """All problems VE-002 to VE-010, sorted by code, node, port and path; none means that the graph can run.

    `given` are inputs and parameters, by node and name, that somebody will connect before it runs.

    An edge into a parameter replaces the parameter's own value, which is then
    not looked at. Muted and bypassed nodes need no inputs. A required input
    that only muted nodes feed is no problem: its node will be skipped.
    """
    check = _Validation(graph, catalogue, frozenset(given))
    problems = [*check.nodes(), *check.edges(), *check.crowded_inputs(), *check.exposures(), *check.loops()]
    return sorted(problems, key=lambda item: (item.code, item.node_id or "", item.port or "", item.path or ""))


class _Validation:
    def __init__(self, graph: Graph, catalogue: Catalogue, given: Collection[tuple[str, str]]) -> None:
        self._graph = graph
        self._given = given
        self._catalogue = catalogue
        self._specs = {node_id: catalogue.get(node.type) for node_id, node in graph.nodes.items()}
        self._edges_into: dict[tuple[str, str], list[tuple[int, Edge]]] = {}
        for index, edge in enumerate(graph.edges):
            self._edges_into.setdefault((edge.target.node, edge.target.port), []).append((index, edge))
        self._suggestions = Suggestions()
        self._mapped: Mapped = {}
        self._types()

    def nodes(self) -> Iterator[Problem]:
        for node_id, node in self._graph.nodes.items():
            spec = self._specs[node_id]
            if spec is None:
                yield self._unknown_type(node_id, node)
                continue
            yield from self._params(node_id, node, spec)
            if node.mode == "active":
                yield from self._missing_inputs(node_id, node, spec)

    def _types(self) -> None:
        """Find out which nodes map; a graph with a loop maps nowhere, and is told of its loop."""
        inputs: dict[str, dict[str, tuple[Source, ...]]] = {}
        for (node_id, port), edges in self._edges_into.items():
            sources = tuple(Source(edge.source.node, edge.source.port) for _, edge in edges)
            inputs.setdefault(node_id, {})[port] = sources
        known = {node_id: spec for node_id, spec in self._specs.items() if spec is not None}
        if not any(item_type(output.type) for spec in known.values() for output in spec.outputs):
            return
        parents = {
            node_id: {source.node for sources in ports.values() for source in sources} & known.keys()
            for node_id, ports in inputs.items()
        }
        with contextlib.suppress(ValueError):
            self._mapped = mapped_ports(topological_order(known, parents), inputs, known)

    def edges(self) -> Iterator[Problem]:
        for index, edge in enumerate(self._graph.edges):
            at = ("edges", index)
            missing = [
                self._missing_node(node_id, port, (*at, end), f"the edge {edge}")
                for end, node_id, port in (
                    ("source", edge.source.node, edge.source.port),
                    ("target", edge.target.node, edge.target.port),
                )
                if node_id not in self._graph.nodes
            ]
            yield from missing or self._edge_ports(index, edge)

    def crowded_inputs(self) -> Iterator[Problem]:
        for (node_id, port), edges in self._edges_into.items():
            if len(edges) < 2 or self._takes_list(node_id, port):
                continue
            sources = ", ".join(str(edge.source) for _, edge in edges)
            message = f"{node_id}.{port} takes one edge, but {len(edges)} lead into it: from {sources}"
            hint = f"Keep one of the edges from {sources}."
            yield Problem("VE-008", message, node_id, port, pointer("edges", edges[1][0]), hint)

    def exposures(self) -> Iterator[Problem]:
        for index, item in enumerate(self._graph.inputs):
            what = f"the graph's input {item.name}"
            if item.node not in self._graph.nodes:
                yield self._missing_node(item.node, item.param, ("inputs", index, "node"), what)
            elif (spec := self._specs[item.node]) and port_type(spec, item.param) is None:
                path = pointer("inputs", index, "param")
                yield self._unknown_name(item.node, spec, item.param, path, _targets(spec), "inputs and parameters")
        for index, out in enumerate(self._graph.outputs):
            what = f"the graph's output {out.name}"
            if out.node not in self._graph.nodes:
                yield self._missing_node(out.node, out.port, ("outputs", index, "node"), what)
            elif (spec := self._specs[out.node]) and spec.output(out.port) is None:
                path = pointer("outputs", index, "port")
                yield self._unknown_name(out.node, spec, out.port, path, _outputs(spec), "outputs")

    def loops(self) -> Iterator[Problem]:
        successors: dict[str, set[str]] = {}
        index_of: dict[tuple[str, str], int] = {}
        for index, edge in enumerate(self._graph.edges):
            successors.setdefault(edge.source.node, set()).add(edge.target.node)
            index_of.setdefault((edge.source.node, edge.target.node), index)
        for loop in cycles(successors, successors):
            closed = [*loop, loop[0]]
            index = index_of[closed[0], closed[1]]
            edge = self._graph.edges[index]
            message, hint = f"the nodes form a loop: {_arrows(closed)}", f"Remove an edge of the loop, {edge} for one."
            yield Problem("VE-002", message, loop[0], edge.source.port, pointer("edges", index), hint)

    def _unknown_type(self, node_id: str, node: Node) -> Problem:
        names = [spec.type for spec in self._catalogue.all()]
        hint = self._suggestions.hint(node.type, names, "installed node types")
        message = f"{node_id} has the type {node.type}, which is not installed"
        return Problem("VE-003", message, node_id, path=pointer("nodes", node_id, "type"), hint=hint)

    def _params(self, node_id: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
        for name, value in node.params.items():
            path = pointer("nodes", node_id, "params", name)
            param = spec.param(name)
            if spec.input(name) is not None:
                message = f"{node_id}: {name} is an input of {spec.type}, not a parameter"
                yield Problem("VE-004", message, node_id, name, path, f"Connect an edge to {name} instead.")
            elif param is None:
                yield self._unknown_name(node_id, spec, name, path, _params(spec), "parameters")
            elif (node_id, name) not in self._edges_into and (wrong := check_param(param, value)):
                yield Problem(wrong[0], f"{node_id}: {wrong[1]}", node_id, name, path, self._allowed(param, value))

    def _missing_inputs(self, node_id: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
        path = pointer("nodes", node_id)
        driven = [param.name for param in spec.params if (node_id, param.name) in self._edges_into]
        for port in spec.inputs:
            if (node_id, port.name) in self._edges_into or (node_id, port.name) in self._given or not port.required:
                continue
            if is_asked(port, spec, node, driven):
                why = "" if port.when is None else f", though {port.when[0]} asks for it"
                message = f"{node_id}: the input {port.name} of type {port.type} is not connected{why}"
                hint = f"Connect an output of type {' or '.join(_fitting(port.type))} to {port.name}."
                yield Problem("VE-007", message, node_id, port.name, path, hint)
        for param in spec.params:
            if not param.required or param.name in node.params or (node_id, param.name) in self._given:
                continue
            if (node_id, param.name) not in self._edges_into:
                message = f"{node_id}: the parameter {param.name} of type {param.type} has no value"
                hint = f"Give {param.name} a value of type {param.type}, or connect an edge to it."
                yield Problem("VE-007", message, node_id, param.name, path, hint)

    def _edge_ports(self, index: int, edge: Edge) -> Iterator[Problem]:
        """Both ends exist as nodes; do they as ports, and do their types fit?"""
        source, target = self._specs[edge.source.node], self._specs[edge.target.node]
        given, taken = (
            given_type(source, edge.source.port, edge.source.node in self._mapped),
            target and port_type(target, edge.target.port),
        )
        if source and given is None:
            path = pointer("edges", index, "source", "port")
            yield self._unknown_name(edge.source.node, source, edge.source.port, path, _outputs(source), "outputs")
        if target and taken is None:
            path = pointer("edges", index, "target", "port")
            yield self._unknown_name(edge.target.node, target, edge.target.port, path, _targets(target), "inputs")
        if target and given and taken and not fits(given, taken, takes_list(target, edge.target.port)):
            message = f"{edge.source} gives {given}, but {edge.target} takes {taken}"
            hint = f"{edge.target.port} takes {', '.join(_fitting(taken))}: insert a node that converts {given}."
            yield Problem("VE-006", message, edge.target.node, edge.target.port, pointer("edges", index), hint)

    def _missing_node(self, node_id: str, port: str, at: Sequence[str | int], what: str) -> Problem:
        hint = self._suggestions.hint(node_id, self._graph.nodes, "nodes of this graph")
        return Problem(
            "VE-005", f"{what} names the node {node_id}, which does not exist", node_id, port, pointer(*at), hint
        )

    def _unknown_name(
        self, node_id: str, spec: NodeSpec, name: str, path: str, candidates: Collection[str], kind: str
    ) -> Problem:
        hint = self._suggestions.hint(name, candidates, f"{kind} of {spec.type}")
        return Problem("VE-004", f"{node_id}: {name} is not among the {kind} of {spec.type}", node_id, name, path, hint)

    def _allowed(self, param: ParamSpec, value: Any) -> str:
        if param.choices is not None and isinstance(value, str):
            return self._suggestions.hint(value, param.choices, f"choices of {param.name}") or _one_of(param)
        return _one_of(param)

    def _takes_list(self, node_id: str, port: str) -> bool:
        """Also where the port is not known: that is another problem."""
        spec = self._specs.get(node_id)
        return spec is None or port_type(spec, port) is None or takes_list(spec, port)


def _outputs(spec: NodeSpec) -> list[str]:
    return [port.name for port in spec.outputs]


def _params(spec: NodeSpec) -> list[str]:
    return [param.name for param in spec.params]


def _targets(spec: NodeSpec) -> list[str]:
    return [port.name for port in spec.inputs] + _params(spec)


def _fitting(port_type: str) -> list[str]:
    """The port type and those that convert to it, itself first."""
    return [port_type, *sorted(source for source, targets in CONVERSIONS.items() if port_type in targets)]


def _one_of(param: ParamSpec) -> str:
    if param.choices is not None:
        return f"Give one of {', '.join(param.choices)}."
    unit = f" {param.unit}" if param.unit else ""
    bounds = param.bounds
    if bounds is None or (bounds.min is None and bounds.max is None):
        return f"Give a value of type {param.type}{unit}."
    if bounds.max is None:
        return f"Give {param.type} of at least {bounds.min:g}{unit}."
    if bounds.min is None:
        return f"Give {param.type} of at most {bounds.max:g}{unit}."
    return f"Give {param.type} from {bounds.min:g} to {bounds.max:g}{unit}."


def _arrows(nodes: Sequence[str]) -> str:
    if len(nodes) <= _LOOP_SHOWN:
        return " → ".join(nodes)
    half = _LOOP_SHOWN // 2
    return " → ".join([*nodes[:half], f"… {len(nodes) - 2 * half} more …", *nodes[-half:]])
