"""A graph as an SVG picture, for pages that draw no Mermaid text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from vortex_prefect.graph.drawing import COLOURS, MAX_EDGES, drawn_nodes
from vortex_prefect.graph.model import Graph

#: Pixels.
_WIDTH, _HEIGHT = 140, 42
_ACROSS, _DOWN, _MARGIN = 34, 14, 10
_LETTERS = 18
_PLAIN = ("#ffffff", "#868e96", "#212529")

#: Column and row of each node.
_Places = dict[str, tuple[int, float]]


def to_svg(graph: Graph, states: Mapping[str, str] | None = None) -> str:
    """The graph from left to right, in the colours of its nodes' states.

    Args:
        states: node id → `NodeState`; a node that it lacks is drawn plain.
    """
    states = states or {}
    depth = drawn_nodes(graph, states)
    edges = [(edge.source.node, edge.target.node) for edge in graph.edges]
    edges = [pair for pair in dict.fromkeys(edges) if pair[0] in depth and pair[1] in depth][:MAX_EDGES]
    places = _places(depth, edges)
    columns = max((column for column, _ in places.values()), default=0) + 1
    rows = max((row for _, row in places.values()), default=0) + 1
    width = 2 * _MARGIN + columns * (_WIDTH + _ACROSS) - _ACROSS
    missing = len(graph.nodes) - len(depth)
    height = 2 * _MARGIN + rows * (_HEIGHT + _DOWN) - _DOWN + (20 if missing else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="#f8f9fa"/>',
        *(_edge(places[source], places[target]) for source, target in edges),
        *(part for node_id in depth for part in _node(graph, node_id, states.get(node_id), places[node_id])),
    ]
    if missing:
        parts.append(f'<text x="{_MARGIN}" y="{height - 8:g}" fill="#495057">… {missing} more nodes, not drawn</text>')
    return "".join([*parts, "</svg>"])


def _places(depth: Mapping[str, int], edges: list[tuple[str, str]]) -> _Places:
    """A column for each depth; within one, nodes stand near those that feed them (Sugiyama's barycentre, one pass)."""
    parents: dict[str, list[str]] = {}
    for source, target in edges:
        parents.setdefault(target, []).append(source)
    columns: dict[int, list[str]] = {}
    for node, column in depth.items():
        columns.setdefault(column, []).append(node)
    tallest = max(map(len, columns.values()), default=0)
    places: _Places = {}
    for index, column in enumerate(sorted(columns)):
        wish = {node: _centre(node, parents, places) for node in columns[column]}
        ordered = sorted(columns[column], key=wish.__getitem__)
        top = (tallest - len(ordered)) / 2
        places |= {node: (index, top + row) for row, node in enumerate(ordered)}
    return places


def _centre(node: str, parents: Mapping[str, list[str]], places: _Places) -> float:
    rows = [places[parent][1] for parent in parents.get(node, ()) if parent in places]
    return sum(rows) / len(rows) if rows else 0.0


def _corner(place: tuple[int, float]) -> tuple[float, float]:
    return _MARGIN + place[0] * (_WIDTH + _ACROSS), _MARGIN + place[1] * (_HEIGHT + _DOWN)


def _edge(source: tuple[int, float], target: tuple[int, float]) -> str:
    (left, above), (right, below) = _corner(source), _corner(target)
    x1, y1, x2, y2 = left + _WIDTH, above + _HEIGHT / 2, right, below + _HEIGHT / 2
    bend = max(abs(x2 - x1) / 2, _ACROSS / 2)
    curve = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return f'<path d="{curve}" fill="none" stroke="#868e96" stroke-width="1.5"/>'


def _node(graph: Graph, node_id: str, state: str | None, place: tuple[int, float]) -> Iterator[str]:
    node = graph.nodes[node_id]
    x, y = _corner(place)
    fill, stroke, text = COLOURS.get(state or "", _PLAIN)
    dashed = "" if node.mode == "active" else ' stroke-dasharray="4 3" opacity="0.6"'
    title = " ".join(filter(None, (node.title or node_id, f"({state})" if state else "")))
    yield f"<g><title>{_text(title)}</title>"
    yield f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill={quoteattr(fill)}'
    yield f" stroke={quoteattr(stroke)}{dashed}/>"
    yield f'<text x="{x + 10:g}" y="{y + 18:g}" fill="{text}" font-weight="bold">{_short(node.title or node_id)}</text>'
    yield f'<text x="{x + 10:g}" y="{y + 34:g}" fill="{text}" font-size="10">{_short(node.type)}</text></g>'


def _short(text: str) -> str:
    return _text(text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…")


def _text(text: str) -> str:
    """Text as XML holds it: no control characters, no surrogates, no markup."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))
