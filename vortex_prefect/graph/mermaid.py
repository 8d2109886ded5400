"""A graph as Mermaid text, for pages and reports that draw it.

Nodes are named `n0`, `n1`, …, and every character of a label that could mean
something to Mermaid or to HTML is written as an entity: titles, ids and port
names are arbitrary text, and none of it may become markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vortex_prefect.graph.drawing import COLOURS, MAX_EDGES, MAX_NODES, drawn_nodes
from vortex_prefect.graph.model import Edge, Graph, Node

_MAX_LABEL = 40


def to_mermaid(graph: Graph, states: Mapping[str, str] | None = None, *, max_nodes: int = MAX_NODES) -> str:
    """The graph as a Mermaid flowchart from left to right.

    Args:
        states: node id → `NodeState`, which colours the node; one that it lacks is drawn plain.
        max_nodes: of a longer graph this many are drawn, those that failed or run first, then those
            nearest to the graph's roots; a note counts the others. At most 300 edges are drawn.
    """
    states = states or {}
    shown = drawn_nodes(graph, states, max_nodes)
    names = {node_id: f"n{index}" for index, node_id in enumerate(shown)}
    edges = [edge for edge in graph.edges if edge.source.node in names and edge.target.node in names]
    lines = ["flowchart LR"]
    lines += [f"  {name}{_shape(node_id, graph.nodes[node_id])}" for node_id, name in names.items()]
    lines += [_arrow(names, edge) for edge in edges[:MAX_EDGES]]
    lines += _remainder(len(graph.nodes) - len(shown), len(edges) - MAX_EDGES)
    lines += _classes(names, graph, states)
    return "\n".join(lines) + "\n"


def _shape(node_id: str, node: Node) -> str:
    title = node.title or node_id
    return f'["{_escaped(title)}<br/>{_escaped(node.type)}"]'


def _arrow(names: Mapping[str, str], edge: Edge) -> str:
    source, target = edge.source.port, edge.target.port
    label = _escaped(source) if source == target else f"{_escaped(source)} → {_escaped(target)}"
    return f'  {names[edge.source.node]} -->|"{label}"| {names[edge.target.node]}'


def _remainder(nodes: int, edges: int) -> Iterator[str]:
    missing = [f"{count} more {kind}" for count, kind in ((nodes, "nodes"), (edges, "edges")) if count > 0]
    if missing:
        yield f'  more>"… {" and ".join(missing)}, not drawn"]'


def _classes(names: Mapping[str, str], graph: Graph, states: Mapping[str, str]) -> Iterator[str]:
    for state, (fill, stroke, text) in COLOURS.items():
        members = [name for node_id, name in names.items() if states.get(node_id) == state]
        if members:
            yield f"  classDef {state} fill:{fill},stroke:{stroke},color:{text}"
            yield f"  class {','.join(members)} {state}"
    idle = [name for node_id, name in names.items() if graph.nodes[node_id].mode != "active"]
    if idle:
        yield "  classDef idle stroke-dasharray:4 3,opacity:0.6"
        yield f"  class {','.join(idle)} idle"


def _escaped(text: str) -> str:
    """Text as a Mermaid label shows it: letters, digits and spaces as they are, all else by its code point."""
    short = text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"
    return "".join(map(_character, short))


def _character(character: str) -> str:
    if character.isalnum() or character in " _…":
        return character
    # Control characters have no entity that HTML allows, surrogates none at all.
    return f"#{ord(character)};" if character.isprintable() else " "
