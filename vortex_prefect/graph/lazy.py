"""Inputs that a node asks for only where one of its parameters has a certain value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import NodeSpec, ParamSpec, check_param, coerce_param
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.wiring import Inputs, Wiring, is_asked, same_value


class LazyPort(NamedTuple):
    """A port whose condition an edge drives, so that only the running execution knows whether it is asked for."""

    port: str
    param: ParamSpec
    value: Any
    required: bool

    def asked(self, node_id: str, value: Any) -> bool:
        """Whether the node asks for the port when its parameter has that value.

        Raises:
            GraphError: VE-009 or VE-010, the parameter may not have it.
        """
        if value is None and not self.param.required:
            value = self.param.default
        if (wrong := check_param(self.param, value)) is not None:
            raise GraphError(wrong[0], f"{node_id}: {wrong[1]}", node_id=node_id)
        return same_value(coerce_param(self.param, value), self.value)


def lazy_ports(spec: NodeSpec, inputs: Collection[str]) -> tuple[LazyPort, ...]:
    """The ports of which only the execution knows; `inputs` are the ports and parameters that an edge drives."""
    return tuple(
        LazyPort(port.name, param, port.when[1], port.required)
        for port in spec.inputs
        if port.when is not None and port.when[0] in inputs and (param := spec.param(port.when[0])) is not None
    )


def prune(graph: Graph, specs: Mapping[str, NodeSpec], wiring: Wiring) -> dict[str, Inputs]:
    """Take away the inputs that no node asks for; node → what it does not take."""
    conditional = {name for name, spec in specs.items() if any(port.when is not None for port in spec.inputs)}
    pruned: dict[str, Inputs] = {}
    if not conditional:
        return pruned
    for node_id, inputs in wiring.inputs.items():
        node = graph.nodes[node_id]
        if node.type not in conditional:
            continue
        spec = specs[node.type]
        left_out = {port.name for port in spec.inputs if is_asked(port, spec, node, inputs) is False}
        if not left_out.isdisjoint(inputs):
            pruned[node_id] = {port: sources for port, sources in inputs.items() if port in left_out}
            # Not in place: the inputs may be the very object that the edges drew.
            wiring.inputs[node_id] = {port: sources for port, sources in inputs.items() if port not in left_out}
    return pruned


def unasked(pruned: Mapping[str, Inputs], inputs: Mapping[str, Inputs], needed: Collection[str]) -> dict[str, str]:
    """Nodes that would run if only they were asked for → why they do not, for a person."""
    reasons: dict[str, str] = {}
    stack = [(node_id, ports) for node_id, ports in pruned.items() if node_id in needed]
    while stack:
        asker, ports = stack.pop()
        for sources in ports.values():
            for source in sources:
                if source.node not in needed and source.node not in reasons:
                    reasons[source.node] = not_asked_by(asker)
                    stack.append((asker, inputs.get(source.node, {})))
                    stack.append((asker, pruned.get(source.node, {})))
    return reasons


def not_asked_by(node_id: str) -> str:
    """Why a node does not run, for a person."""
    return f"{node_id} does not ask for it"
