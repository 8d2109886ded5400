"""A graph as it is run up to some of its nodes: what these give is an output of that run alone."""

from __future__ import annotations

from collections.abc import Iterable

from vortex_prefect.core.errors import Problem, RequestError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.model import ExposedOutput, Graph


def with_outputs_of(graph: Graph, nodes: Iterable[str], catalogue: Catalogue) -> tuple[Graph, list[str], list[str]]:
    """The graph with every port of these nodes among its outputs.

    Returns:
        The graph; the names of all outputs that these nodes have; the names of those that are new.

    Raises:
        RequestError: RQ-001 for every node that is not there, or gives nothing.
    """
    known = {(output.node, output.port): output.name for output in graph.outputs}
    taken = set(known.values())
    names: list[str] = []
    fresh: list[ExposedOutput] = []
    problems: list[Problem] = []
    for index, node_id in enumerate(dict.fromkeys(nodes)):
        node = graph.nodes.get(node_id)
        spec = catalogue.get(node.type) if node else None
        if node is None or (spec is not None and not spec.outputs):
            wrong = f"the graph has no node {node_id!r}" if node is None else f"{node_id} gives nothing"
            problems.append(Problem("RQ-001", wrong, node_id=node_id, path=f"/options/nodes/{index}"))
        # A type that nobody knows is told by `validate`.
        for port in spec.outputs if spec else ():
            name = known.get((node_id, port.name))
            if name is None:
                name = _free(f"{node_id[:80]}.{port.name[:80]}", taken)
                taken.add(name)
                fresh.append(ExposedOutput(name=name, node=node_id, port=port.name))
            names.append(name)
    if problems:
        raise RequestError("RQ-001", problems[0].message, problems=tuple(problems))
    widened = graph.model_copy(update={"outputs": (*graph.outputs, *fresh)}) if fresh else graph
    return widened, names, [output.name for output in fresh]


def _free(wanted: str, taken: set[str]) -> str:
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{wanted}-{count}"
    return found
