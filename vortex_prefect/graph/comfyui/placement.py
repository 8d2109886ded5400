"""Places for nodes of which nobody knows any: columns from left to right, by what feeds what."""

from __future__ import annotations

from typing import Any

from vortex_prefect.graph.order import depths, strongly_connected

_ACROSS, _DOWN = 340.0, 300.0


def columns(nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]]) -> None:
    """Set every node's `position`; loops lie somewhere near each other."""
    parents: dict[str, list[str]] = {}
    for edge in edges:
        parents.setdefault(edge["target"]["node"], []).append(edge["source"]["node"])
    order = [node for component in strongly_connected(nodes, parents) for node in component]
    place = {node: index for index, node in enumerate(order)}
    forward = {node: [one for one in parents.get(node, ()) if place[one] < place[node]] for node in order}
    filled: dict[int, int] = {}
    depth = depths(order, forward)
    for node, value in nodes.items():
        row = filled.get(depth[node], 0)
        filled[depth[node]] = row + 1
        value["position"] = {"x": depth[node] * _ACROSS, "y": row * _DOWN}
