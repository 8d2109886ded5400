"""Which output really feeds which input, once muted nodes are gone and bypassed ones are resolved away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vortex_prefect.core.nodespec import InputSpec, NodeSpec, ParamSpec, check_param, coerce_param
from vortex_prefect.graph.model import Graph, Node


class Source(NamedTuple):
    """An output of a node."""

    node: str
    port: str


#: port → sources in the order of the edges; never an empty tuple.
Inputs = dict[str, tuple[Source, ...]]


@dataclass(slots=True)
class Wiring:
    """The resolved graph; `inputs` has exactly the nodes that run."""

    #: node → port → sources, in the order of the edges.
    inputs: dict[str, Inputs] = field(default_factory=dict)
    #: node → why it does not run, for a person.
    skipped: dict[str, str] = field(default_factory=dict)
    #: output of a bypassed node → what it hands on.
    passed: dict[Source, Source] = field(default_factory=dict)

    def origin(self, end: Source) -> Source | None:
        """The output that stands behind an output, or null where nothing comes."""
        return end if end.node in self.inputs else self.passed.get(end)


def drawn_inputs(graph: Graph) -> dict[str, Inputs]:
    """Node → its inputs as the edges draw them, in the order of the graph's nodes.

    An output that several nodes take is one object, and names its node with
    the string that is the graph's key: later look-ups compare no text.

    Raises:
        KeyError: an edge names a node that does not exist.
    """
    drawn: dict[str, Inputs] = {node_id: {} for node_id in graph.nodes}
    outputs: dict[str, dict[str, tuple[Source]]] = {}
    ids = {node_id: node_id for node_id in graph.nodes}
    lists: dict[Source, list[Source]] = {}
    for edge in graph.edges:
        source, target = edge.source, edge.target
        of_node = outputs.get(source.node)
        if of_node is None:
            of_node = outputs[ids[source.node]] = {}
        alone = of_node.get(source.port)
        if alone is None:
            alone = of_node[source.port] = (Source(ids[source.node], source.port),)
        ports, port = drawn[target.node], target.port
        if port in ports:
            lists.setdefault(Source(target.node, port), [*ports[port]]).append(alone[0])
        else:
            ports[port] = alone
    for end, sources in lists.items():
        drawn[end.node][end.port] = tuple(sources)
    return drawn


def wire(graph: Graph, specs: Mapping[str, NodeSpec], order: Sequence[str], drawn: Mapping[str, Inputs]) -> Wiring:
    """Resolve the nodes of `order`, which is topological; `specs` is by node type.

    A bypassed node hands each output the first of its connected inputs of the
    same type, ports before parameters; a port that takes a list hands on
    nothing. A node is skipped when it is muted, or when an edge leads into a
    required input but nothing comes. A parameter whose edge brings nothing
    falls back to its own value. Where nothing was resolved, the inputs of a
    node are the very object that `drawn` holds.
    """
    nodes = graph.nodes
    # Before the first node that does not run, the edges say all there is to say.
    whole = next((place for place, node_id in enumerate(order) if nodes[node_id].mode != "active"), len(order))
    wiring = Wiring({node_id: drawn[node_id] for node_id in order[:whole]})
    for node_id in order[whole:]:
        node, wires = nodes[node_id], drawn[node_id]
        if node.mode == "muted":
            wiring.skipped[node_id] = "it is muted"
            continue
        inputs = _resolve(wires, wiring)
        if node.mode == "bypassed":
            _pass_on(node_id, specs[node.type], inputs, wiring)
        elif (lost := _lost(node, specs[node.type], wires, inputs)) is not None:
            wiring.skipped[node_id] = _why(graph, lost, wires[lost][0])
        else:
            wiring.inputs[node_id] = inputs
    return wiring


def own_value(spec: ParamSpec, node: Node) -> Any:
    """A parameter's value as the node receives it when no edge drives it."""
    return coerce_param(spec, node.params.get(spec.name, spec.default))


def is_asked(port: InputSpec, spec: NodeSpec, node: Node, inputs: Collection[str]) -> bool | None:
    """Whether the node asks for a port, by its own values; null where an edge decides."""
    if port.when is None or (param := spec.param(port.when[0])) is None:
        return True
    if param.name in inputs:
        return None
    value = node.params.get(param.name, param.default)
    # A value that may not be is another problem, and asks for nothing.
    return check_param(param, value) is None and same_value(own_value(param, node), port.when[1])


def same_value(first: Any, second: Any) -> bool:
    """Python finds True equal to 1."""
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)


def _resolve(wires: Inputs, wiring: Wiring) -> Inputs:
    inputs = {}
    for port, ends in wires.items():
        sources = tuple([found for end in ends if (found := wiring.origin(end)) is not None])
        if sources:
            inputs[port] = sources
    return inputs


def _pass_on(node_id: str, spec: NodeSpec, inputs: Inputs, wiring: Wiring) -> None:
    ports = [(port.name, port.type) for port in spec.inputs if not port.list]
    ports += [(param.name, param.type) for param in spec.params]
    for output in spec.outputs:
        same_type = (inputs[name][0] for name, port_type in ports if port_type == output.type and name in inputs)
        if (source := next(same_type, None)) is not None:
            wiring.passed[Source(node_id, output.name)] = source


def _lost(node: Node, spec: NodeSpec, wires: Inputs, inputs: Inputs) -> str | None:
    """The first port that the node cannot do without, although an edge was drawn to it."""
    if len(inputs) == len(wires):
        return None
    for port in spec.inputs:
        lost = port.required and port.name in wires and port.name not in inputs
        if lost and is_asked(port, spec, node, inputs):
            return port.name
    for param in spec.params:
        if param.name in wires and param.name not in inputs and not _has_own_value(param, node):
            return param.name
    return None


def _has_own_value(param: ParamSpec, node: Node) -> bool:
    """Validation does not look at values that an edge drives, so this one may be unusable."""
    if param.name not in node.params:
        return not param.required
    return check_param(param, node.params[param.name]) is None


def _why(graph: Graph, port: str, end: Source) -> str:
    if graph.nodes[end.node].mode == "bypassed":
        reason = "is bypassed and has nothing of that type to hand on"
    elif graph.nodes[end.node].mode == "muted":
        reason = "is muted"
    else:
        reason = "is skipped"
    return f"it needs {port} from {end.node}, which {reason}"
