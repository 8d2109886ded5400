"""Which nodes run once an item of a list, instead of once.

An output of type `LIST[T]` that leads into an input of type T maps the node:
its outputs become lists, and so on down the graph, until a port takes a list
whole. All of it follows from the declared types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vortex_prefect.core.nodespec import NodeSpec, accepts, item_type, list_type, maps
from vortex_prefect.graph.wiring import Inputs

#: node → the ports and parameters over which it maps; only nodes that map over any.
Mapped = dict[str, tuple[str, ...]]


def mapped_ports(order: Iterable[str], inputs: Mapping[str, Inputs], spec_of: Mapping[str, NodeSpec]) -> Mapped:
    """The mapped nodes among those of `order`, which is topological; `spec_of` is by node, and may lack some."""
    found: Mapped = {}
    for node_id in order:
        spec = spec_of.get(node_id)
        if spec is None:
            continue
        ports = []
        for port, sources in inputs.get(node_id, {}).items():
            taken = None if takes_list(spec, port) else port_type(spec, port)
            if taken is not None and any(
                maps(given, taken)
                for source in sources
                if (given := given_type(spec_of.get(source.node), source.port, source.node in found)) is not None
            ):
                ports.append(port)
        if ports:
            found[node_id] = tuple(ports)
    return found


def given_type(spec: NodeSpec | None, output: str, mapped: bool) -> str | None:
    """The type of what flows out of an output, or null if it is not known."""
    declared = spec.output(output) if spec is not None else None
    if declared is None:
        return None
    return list_type(declared.type) if mapped else declared.type


def port_type(spec: NodeSpec, name: str) -> str | None:
    """The declared type of an input port or parameter, or null if there is none of that name."""
    port = spec.input(name) or spec.param(name)
    return port.type if port is not None else None


def takes_list(spec: NodeSpec, name: str) -> bool:
    """Whether a port takes any number of edges, and so the items of a list together."""
    port = spec.input(name)
    return port is not None and port.list


def fits(given: str, taken: str, collects: bool) -> bool:
    """Whether an output of type `given` may lead into an input of type `taken`, whole or item by item."""
    if accepts(given, taken) or maps(given, taken):
        return True
    item = item_type(given)
    return collects and item is not None and accepts(item, taken)
