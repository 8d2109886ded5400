"""What is drawn of a graph, and in which colours: for Mermaid text and for SVG alike."""

from __future__ import annotations

from collections.abc import Mapping

from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.order import depths, strongly_connected

#: People give up long before.
MAX_NODES = 120
#: Mermaid refuses more than 500.
MAX_EDGES = 300

#: Colours that read on a light page and on a dark one: fill, stroke, text.
COLOURS = {
    "pending": ("#f1f3f5", "#868e96", "#212529"),
    "running": ("#d0ebff", "#1c7ed6", "#0b3d6b"),
    "retrying": ("#ffe8cc", "#e8590c", "#7a2e04"),
    "cached": ("#c5f6fa", "#0c8599", "#073f49"),
    "completed": ("#d3f9d8", "#2f9e44", "#123f1b"),
    "failed": ("#ffe3e3", "#e03131", "#6b1010"),
    "skipped": ("#f8f9fa", "#adb5bd", "#495057"),
    "cancelled": ("#f3d9fa", "#9c36b5", "#451450"),
}
#: Shown before all others where a graph is too long: what people look for.
_URGENT = frozenset({"failed", "running", "retrying"})


def drawn_nodes(graph: Graph, states: Mapping[str, str], most: int = MAX_NODES) -> dict[str, int]:
    """At most so many node ids, each after those that feed it, with its depth; loops of drafts stay together.

    Of a longer graph those that failed or run come first, then those nearest to the graph's roots.
    """
    parents: dict[str, list[str]] = {}
    for edge in graph.edges:
        if edge.source.node in graph.nodes and edge.target.node in graph.nodes:
            parents.setdefault(edge.target.node, []).append(edge.source.node)
    # Tarjan's algorithm yields a component after all that it can reach, here its ancestors.
    order = [node for component in strongly_connected(graph.nodes, parents) for node in sorted(component)]
    # A loop's depth is of no matter, as long as there is one.
    position = {node: index for index, node in enumerate(order)}
    forward = {node: [p for p in parents.get(node, ()) if position[p] < position[node]] for node in order}
    depth = depths(order, forward)
    ranked = sorted(order, key=lambda node: (states.get(node) not in _URGENT, depth[node], position[node]))
    return {node: depth[node] for node in sorted(ranked[: max(most, 0)], key=position.__getitem__)}
