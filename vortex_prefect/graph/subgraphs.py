"""Graphs that stand in other graphs as one node, and how they are put in that node's place.

A published graph is a node type `graph.NAME@VERSION`. What runs is the flat
graph, in which the node `glow` has given way to `glow:blur`, `glow:mix`, …, so
neither hashes, plans nor the engine know of subgraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.splice import SEPARATOR, splice
from vortex_prefect.graph.validate import validate

#: Pack of all published graphs.
PACK = "graph"
_TYPE = re.compile(r"graph\.(?P<name>[a-z][a-z0-9_]{0,63})@(?P<version>[1-9][0-9]{0,8})")
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Definition:
    """A graph as it was published: what it looks like from outside, and what it is."""

    spec: NodeSpec
    graph: Graph


#: Node type → what stands behind it; never changed in place.
Library = Mapping[str, Definition]


def type_of(name: str, version: int) -> str:
    """The node type of a published graph's version."""
    return f"{PACK}.{name}@{version}"


def is_name(text: str) -> bool:
    """Whether a graph may be published under it."""
    return _TYPE.fullmatch(type_of(text, 1)) is not None


def name_for(title: str) -> str:
    """A name made of what people call a graph; `subgraph` where nothing of it is left."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return re.sub(r"^[^a-z]+", "", words)[:64].rstrip("_") or "subgraph"


def subgraphs(graph: Graph, library: Library) -> dict[str, Definition]:
    """The nodes of a graph that are graphs themselves, by id."""
    return {node_id: found for node_id, node in graph.nodes.items() if (found := library.get(node.type)) is not None}


def check(
    graph: Graph, catalogue: Catalogue, library: Library, limits: Limits, *, as_node: bool = False
) -> tuple[list[Problem], Graph]:
    """Everything that keeps a graph from running, and the flat graph that runs where nothing does.

    What is wrong within a subgraph is told of the node that it stands for.

    Args:
        catalogue: has the published types too.
        as_node: it is to stand in another graph, where its exposed inputs will be connected.
    """
    problems = validate(graph, catalogue, given=_exposed(graph) if as_node else ())
    inner = subgraphs(graph, library)
    if not inner:
        return problems, graph
    problems += _placement_problems(graph, library, limits)
    if problems:
        return problems, graph
    flat = flatten(graph, catalogue, library)
    if len(flat.edges) > limits.edges:
        message = f"with its subgraphs it has {len(flat.edges)} edges; the limit is {limits.edges}"
        return [Problem("VE-012", message)], flat
    found = validate(flat, catalogue, given=_exposed(flat) if as_node else ())
    return [_outside(problem, graph, inner) for problem in found], flat


def flatten(graph: Graph, catalogue: Catalogue, library: Library) -> Graph:
    """The graph with every subgraph in place of its node; `check` found nothing in it."""
    return _Flattening(catalogue, library).of(graph)


def outer_node(flat_id: str, graph: Graph) -> str | None:
    """The node of a graph that a node of its flat form belongs to; itself where it is one; null for neither."""
    if flat_id in graph.nodes:
        return flat_id
    end = len(flat_id)
    while (end := flat_id.rfind(SEPARATOR, 0, end)) > 0:
        if flat_id[:end] in graph.nodes:
            return flat_id[:end]
    return None


def _exposed(graph: Graph) -> set[tuple[str, str]]:
    return {(item.node, item.param) for item in graph.inputs}


class _Flattening:
    def __init__(self, catalogue: Catalogue, library: Library) -> None:
        self._catalogue = catalogue
        self._library = library
        #: Each definition is made flat once, however often it is used.
        self._flat: dict[str, Graph] = {}

    def of(self, graph: Graph) -> Graph:
        inner = subgraphs(graph, self._library)
        if not inner:
            return graph
        parts = {node_id: replace(found, graph=self._definition(found)) for node_id, found in inner.items()}
        return splice(graph, {node_id: (part.spec, part.graph) for node_id, part in parts.items()}, self._catalogue)

    def _definition(self, found: Definition) -> Graph:
        if (known := self._flat.get(found.spec.type)) is None:
            known = self._flat[found.spec.type] = self.of(found.graph)
        return known


def _placement_problems(graph: Graph, library: Library, limits: Limits) -> list[Problem]:
    """VE-013 and VE-012 of the graph's subgraphs, and ids that the flat graph would have twice or too long."""
    measure = _Measure(library, limits, graph.id)
    total = 0
    problems = []
    for node_id, node in graph.nodes.items():
        path = pointer("nodes", node_id)
        if (found := library.get(node.type)) is None:
            total += 1
            continue
        try:
            size = measure.of(found)
        except GraphError as error:
            problems.append(Problem(error.code, f"{node_id}: {error.message}", node_id, path=path))
            continue
        total += size.nodes
        if len(node_id) + 1 + size.longest_id > _LONGEST_ID:
            problems.append(
                Problem("VE-012", f"{node_id}: ids of the nodes within become too long", node_id, path=path)
            )
        prefix = node_id + SEPARATOR
        for other in graph.nodes:
            if other.startswith(prefix):
                hint = "Rename that node."
                message = f"the id {other} looks like one of a node within {node_id}"
                problems.append(Problem("VE-001", message, other, path=pointer("nodes", other), hint=hint))
    if not problems and total > limits.nodes:
        problems.append(Problem("VE-012", f"with its subgraphs it has {total} nodes; the limit is {limits.nodes}"))
    return problems


@dataclass(frozen=True, slots=True)
class _Size:
    nodes: int
    longest_id: int


class _Measure:
    """How large subgraphs are, without making them: ten of ten of ten … need few bytes to be written down."""

    def __init__(self, library: Library, limits: Limits, graph_id: str | None) -> None:
        self._library = library
        self._limits = limits
        self._known: dict[str, _Size] = {}
        #: Graphs that one is in while it is measured: their ids, from outside.
        self._around = [graph_id] if graph_id is not None else []
        self._way: list[str] = []

    def of(self, found: Definition) -> _Size:
        """Raises GraphError: VE-013, VE-012."""
        spec = found.spec
        if spec.graph is not None and spec.graph in self._around:
            way = " → ".join([*self._way, spec.type])
            raise GraphError("VE-013", f"{way} is a version of the graph that it would be part of")
        if (known := self._known.get(spec.type)) is not None:
            return known
        if len(self._way) >= self._limits.depth:
            raise GraphError("VE-012", f"subgraphs are nested deeper than {self._limits.depth} levels")
        self._around.append(spec.graph or spec.type)
        self._way.append(spec.type)
        try:
            size = self._sum(found.graph)
        finally:
            self._around.pop()
            self._way.pop()
        self._known[spec.type] = size
        return size

    def _sum(self, graph: Graph) -> _Size:
        parts = list(self._parts(graph))
        nodes = sum(part.nodes for part in parts)
        if nodes > self._limits.nodes:
            raise GraphError("VE-012", f"it has more than {self._limits.nodes} nodes within")
        return _Size(nodes, max((part.longest_id for part in parts), default=0))

    def _parts(self, graph: Graph) -> Iterator[_Size]:
        for node_id, node in graph.nodes.items():
            inner = self._library.get(node.type)
            if inner is None:
                yield _Size(1, len(node_id))
            else:
                size = self.of(inner)
                yield _Size(size.nodes, len(node_id) + 1 + size.longest_id)


def _outside(problem: Problem, graph: Graph, inner: Mapping[str, Any]) -> Problem:
    """A problem of the flat graph as one of the graph that people see."""
    outer = outer_node(problem.node_id, graph) if problem.node_id is not None else None
    if outer is None or outer not in inner:
        return problem
    message = f"{outer}: within it, {problem.message}"
    return Problem(problem.code, message, outer, path=pointer("nodes", outer), hint=problem.hint)
