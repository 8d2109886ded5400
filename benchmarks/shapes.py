"""Graphs of trivial nodes in the shapes that dispatch is measured with."""

from __future__ import annotations

from typing import Any

#: Source, target and the target's port; nodes by number, every edge from a lower to a higher one.
Edges = list[tuple[int, int, str]]

_TYPES = {
    frozenset(): "debug.value",
    frozenset({"in"}): "debug.identity",
    frozenset({"a", "b"}): "debug.add",
}


def chain(nodes: int) -> Edges:
    """Each node needs the one before it: nothing can overlap."""
    return [(index, index + 1, "in") for index in range(nodes - 1)]


def wide(nodes: int) -> Edges:
    """All nodes need the first, and no other: everything is ready at once."""
    return [(0, index, "in") for index in range(1, nodes)]


def diamonds(nodes: int) -> Edges:
    """Diamonds in a row, each beginning where the last one joined; what is left over is a chain behind them."""
    edges: Edges = []
    top = 0
    while top + 3 < nodes:
        edges += [(top, top + 1, "in"), (top, top + 2, "in"), (top + 1, top + 3, "a"), (top + 2, top + 3, "b")]
        top += 3
    return edges + [(index, index + 1, "in") for index in range(top, nodes - 1)]


def document(name: str, edges: Edges) -> dict[str, Any]:
    """The graph of these edges, with the node type of the debug pack that has the ports they need."""
    ports: dict[int, set[str]] = {0: set()}
    for _, target, port in edges:
        ports.setdefault(target, set()).add(port)
    return {
        "schema": "vortex.graph/1",
        "name": f"bench {name}",
        "nodes": {f"n{index}": _node(frozenset(names)) for index, names in sorted(ports.items())},
        "edges": [
            {"source": {"node": f"n{source}", "port": "out"}, "target": {"node": f"n{target}", "port": port}}
            for source, target, port in edges
        ],
    }


def _node(ports: frozenset[str]) -> dict[str, Any]:
    return {"type": _TYPES[ports], "params": {} if ports else {"value": 1}}
