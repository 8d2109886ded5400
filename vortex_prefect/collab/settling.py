"""From readings to parts of a graph: what contradicts something else, or is too much, is left out and told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from vortex_prefect.collab.reading import Entry
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.document import pointer
from vortex_prefect.graph.mapping import port_type, takes_list
from vortex_prefect.graph.model import Edge, Node

P = TypeVar("P")

Entries = Mapping[str, Entry[P]]
#: A node and one of its ports.
End = tuple[str, str]


def edge_key(edge: Edge, *, single: bool, copy: int = 1) -> str:
    """The key that an edge is stored under.

    Two people who connect one single input at once write the same key, so
    that one edge remains.

    Args:
        single: the target is known to take one edge only.
        copy: counts equal edges into one list port.
    """
    parts = [edge.target.node, edge.target.port]
    if not single:
        parts += [edge.source.node, edge.source.port]
    return ":".join([*map(_escaped, parts), *([str(copy)] if copy > 1 else [])])


def target_of(edge: Edge) -> End:
    """Where an edge leads."""
    return edge.target.node, edge.target.port


def is_single(end: End, nodes: Mapping[str, Node], catalogue: Catalogue | None) -> bool:
    """Whether a port is known to take one edge only."""
    node = nodes.get(end[0])
    spec = catalogue.get(node.type) if catalogue is not None and node is not None else None
    return spec is not None and port_type(spec, end[1]) is not None and not takes_list(spec, end[1])


def in_order(entries: Entries[P]) -> list[Entry[P]]:
    """The readable entries as they stand."""
    return sorted((entry for entry in entries.values() if entry.value is not None), key=lambda entry: entry.place)


def settled_edges(
    entries: Entries[Edge], nodes: Mapping[str, Node], catalogue: Catalogue | None
) -> tuple[list[Entry[Edge]], list[Problem]]:
    """The edges that can be in a graph with these nodes, in order.

    Of several into one single input the one under the input's own key stays,
    else the first: that key is where a browser puts the edge that replaces another.
    """
    problems: list[Problem] = []
    kept: list[Entry[Edge]] = []
    into: dict[End, list[Entry[Edge]]] = defaultdict(list)
    for entry in in_order(entries):
        edge = entry.value
        if edge is not None and edge.source.node in nodes and edge.target.node in nodes:
            kept.append(entry)
            into[target_of(edge)].append(entry)
        elif edge is not None:
            problems += _dangling(entry.key, edge, nodes)
    losers: set[str] = set()
    for end, rivals in into.items():
        if len(rivals) > 1 and is_single(end, nodes, catalogue):
            winner = next((entry for entry in rivals if entry.key == ":".join(map(_escaped, end))), rivals[0])
            losers |= {entry.key for entry in rivals if entry is not winner}
            problems += _crowded(winner, rivals)
    return [entry for entry in kept if entry.key not in losers], problems


def within(entries: Iterable[Entry[P]], part: str, most: int, spare: int) -> tuple[list[Entry[P]], list[Problem]]:
    """As many entries, from the first on, as the limits leave room for; of each of the others a problem.

    Args:
        most: entries.
        spare: bytes, as `json_problems` counts them.
    """
    kept: list[Entry[P]] = []
    problems: list[Problem] = []
    for entry in entries:
        if len(kept) >= most:
            problems.append(_too_much(part, entry.key, f"is left out: the limit is {most} {part}"))
        elif entry.size > spare:
            problems.append(_too_much(part, entry.key, "is left out: the graph would be larger than the limit"))
        else:
            kept.append(entry)
            spare -= entry.size
    return kept, problems


def limits_of(limits: Limits) -> dict[str, int]:
    """How many entries each part may have."""
    return {
        "nodes": limits.nodes,
        "edges": limits.edges,
        **dict.fromkeys(("inputs", "outputs", "groups", "notes"), limits.nodes),
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def _dangling(key: str, edge: Edge, nodes: Collection[str]) -> list[Problem]:
    path = pointer("edges", key)
    ends = (("source", edge.source, edge.target), ("target", edge.target, edge.source))
    return [
        # Shown at the other end, which is there to show it at, if it is.
        Problem(
            "VE-005",
            f"the edge {edge} names the node {end.node}, which does not exist",
            other.node if other.node in nodes else end.node,
            other.port if other.node in nodes else end.port,
            f"{path}/{name}",
        )
        for name, end, other in ends
        if end.node not in nodes
    ]


def _crowded(winner: Entry[Edge], rivals: Iterable[Entry[Edge]]) -> Iterator[Problem]:
    stays = winner.value
    for entry in rivals:
        edge = entry.value
        # The same edge once more contradicts nothing.
        if edge is not None and stays is not None and edge != stays:
            message = f"{edge.target} takes one edge: {stays.source} stays connected, {edge.source} is left out"
            yield Problem("VE-008", message, edge.target.node, edge.target.port, pointer("edges", entry.key))


def _too_much(part: str, key: str, wrong: str) -> Problem:
    path = pointer(part, key)
    return Problem("VE-012", f"{path[1:]} {wrong}", node_id=key if part == "nodes" else None, path=path)


def values(entries: Iterable[Entry[Any]]) -> tuple[Any, ...]:
    """What readable entries say."""
    return tuple(entry.value for entry in entries)
