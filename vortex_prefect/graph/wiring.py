"""Which output really feeds which input, once muted nodes are gone and bypassed ones are resolved away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vortex_prefect.core.nodespec import NodeSpec, ParamSpec, check_param, coerce_param
from vortex_prefect.graph.model import Endpoint, Graph, Node

#: target node → port → sources in the order of the edges.
Incoming = Mapping[str, Mapping[str, list[Endpoint]]]


class Source(NamedTuple):
    """An output of a node that runs."""

    node: str
    port: str


@dataclass(slots=True)
class Wiring:
    """The resolved graph; `inputs` has exactly the nodes that run."""

    #: node → port → sources, in the order of the edges.
    inputs: dict[str, dict[str, tuple[Source, ...]]] = field(default_factory=dict)
    #: node → why it does not run, for a person.
    skipped: dict[str, str] = field(default_factory=dict)
    #: (bypassed node, its output) → what it hands on.
    passed: dict[tuple[str, str], Source] = field(default_factory=dict)

    def origin(self, node: str, port: str) -> Source | None:
        """The output that stands behind an output, or null where nothing comes."""
        return Source(node, port) if node in self.inputs else self.passed.get((node, port))


def wire(graph: Graph, specs: Mapping[str, NodeSpec], order: Iterable[str], incoming: Incoming) -> Wiring:
    """Resolve the nodes of `order`, which is topological; `specs` is by node type.

    A bypassed node hands each output the first of its connected inputs of the
    same type, ports before parameters; a port that takes a list hands on
    nothing. A node is skipped when it is muted, or when an edge leads into a
    required input but nothing comes. A parameter whose edge brings nothing
    falls back to its own value.
    """
    wiring = Wiring()
    for node_id in order:
        node = graph.nodes[node_id]
        if node.mode == "muted":
            wiring.skipped[node_id] = "it is muted"
            continue
        drawn = incoming.get(node_id, {})
        inputs = _resolve(drawn, wiring)
        if node.mode == "bypassed":
            _pass_on(node_id, specs[node.type], inputs, wiring)
        elif (lost := _lost(node, specs[node.type], drawn, inputs)) is not None:
            wiring.skipped[node_id] = _why(graph, lost, drawn[lost][0])
        else:
            wiring.inputs[node_id] = inputs
    return wiring


def own_value(spec: ParamSpec, node: Node) -> Any:
    """A parameter's value as the node receives it when no edge drives it."""
    return coerce_param(spec, node.params.get(spec.name, spec.default))


def _resolve(drawn: Mapping[str, list[Endpoint]], wiring: Wiring) -> dict[str, tuple[Source, ...]]:
    inputs = {}
    for port, ends in drawn.items():
        sources = tuple([found for end in ends if (found := wiring.origin(end.node, end.port)) is not None])
        if sources:
            inputs[port] = sources
    return inputs


def _pass_on(node_id: str, spec: NodeSpec, inputs: Mapping[str, tuple[Source, ...]], wiring: Wiring) -> None:
    ports = [(port.name, port.type) for port in spec.inputs if not port.list]
    ports += [(param.name, param.type) for param in spec.params]
    for output in spec.outputs:
        same_type = (inputs[name][0] for name, port_type in ports if port_type == output.type and name in inputs)
        if (source := next(same_type, None)) is not None:
            wiring.passed[node_id, output.name] = source


def _lost(
    node: Node, spec: NodeSpec, drawn: Mapping[str, list[Endpoint]], inputs: Mapping[str, tuple[Source, ...]]
) -> str | None:
    """The first port that the node cannot do without, although an edge was drawn to it."""
    if len(inputs) == len(drawn):
        return None
    for port in spec.inputs:
        if port.required and port.name in drawn and port.name not in inputs:
            return port.name
    for param in spec.params:
        if param.name in drawn and param.name not in inputs and not _has_own_value(param, node):
            return param.name
    return None


def _has_own_value(param: ParamSpec, node: Node) -> bool:
    """Validation does not look at values that an edge drives, so this one may be unusable."""
    if param.name not in node.params:
        return not param.required
    return check_param(param, node.params[param.name]) is None


def _why(graph: Graph, port: str, end: Endpoint) -> str:
    if graph.nodes[end.node].mode == "bypassed":
        reason = "is bypassed and has nothing of that type to hand on"
    elif graph.nodes[end.node].mode == "muted":
        reason = "is muted"
    else:
        reason = "is skipped"
    return f"it needs {port} from {end.node}, which {reason}"
