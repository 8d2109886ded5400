"""What a published graph looks like from outside: its exposed inputs and outputs as ports and parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from vortex_prefect.core.nodespec import Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec, check_param
from vortex_prefect.graph.mapping import Mapped, given_type, mapped_ports
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.order import topological_order
from vortex_prefect.graph.splice import inner_id
from vortex_prefect.graph.wiring import drawn_inputs


def interface(
    graph: Graph, catalogue: Catalogue, *, node_type: str, version: int, title: str, category: str, doc: str
) -> NodeSpec:
    """The declaration of a graph in which `validate` found nothing but inputs that its callers are to connect.

    An input that something leads into within need not be connected, and a
    parameter has the graph's own value as its default.
    """
    outside = _Outside(graph, catalogue)
    inputs, params = list(outside.inputs()), list(outside.params())
    specs = [spec for node in graph.nodes.values() if (spec := catalogue.get(node.type)) is not None]
    return NodeSpec(
        type=node_type,
        version=version,
        title=title,
        category=category,
        doc=doc,
        inputs=tuple(inputs),
        params=tuple(params),
        outputs=tuple(outside.outputs()),
        volatile=any(spec.volatile for spec in specs),
        files=tuple(outside.files(params)),
        graph=graph.id,
    )


class _Outside:
    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self._graph = graph
        self._specs = {
            node_id: spec for node_id, node in graph.nodes.items() if (spec := catalogue.get(node.type)) is not None
        }
        self._driven = {(edge.target.node, edge.target.port) for edge in graph.edges}
        self._mapped = self._find_mapped()

    def inputs(self) -> Iterator[InputSpec]:
        for item in self._graph.inputs:
            if (port := self._specs[item.node].input(item.param)) is not None:
                # Whether a port that depends on a value is needed is seen where the value is.
                required = port.required and port.when is None and (item.node, item.param) not in self._driven
                yield port.model_copy(update={"name": item.name, "required": required, "lazy": False, "when": None})

    def params(self) -> Iterator[ParamSpec]:
        for item in self._graph.inputs:
            if (param := self._specs[item.node].param(item.param)) is not None:
                value = self._graph.nodes[item.node].params.get(param.name, param.default)
                usable = check_param(param, value) is None
                required = not usable and (item.node, item.param) not in self._driven
                changed = {"name": item.name, "default": value if usable else None, "required": required}
                yield param.model_copy(update=changed)

    def outputs(self) -> Iterator[OutputSpec]:
        for item in self._graph.outputs:
            spec = self._specs[item.node]
            declared = spec.output(item.port)
            kind = given_type(spec, item.port, item.node in self._mapped)
            if declared is not None and kind is not None:
                node, port = declared.source or (None, item.port)
                source = (item.node if node is None else inner_id(item.node, node), port)
                yield OutputSpec(name=item.name, type=kind, doc=declared.doc, source=source)

    def files(self, params: Collection[ParamSpec]) -> Iterator[str]:
        known = {param.name for param in params}
        for item in self._graph.inputs:
            if item.name in known and item.param in self._specs[item.node].files:
                yield item.name

    def _find_mapped(self) -> Mapped:
        inputs = drawn_inputs(self._graph)
        parents = {
            node_id: {source.node for sources in ports.values() for source in sources}
            for node_id, ports in inputs.items()
        }
        return mapped_ports(topological_order(self._graph.nodes, parents), inputs, self._specs)
