"""What edits of a document changed in its graph, by whom, until it is written into the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vortex_prefect.graph.changes import Change, diff
from vortex_prefect.graph.model import Graph

#: An event's `metadata`: user, address, client.
Author = dict[str, Any]

_MOVED = "NodeMoved"


@dataclass(frozen=True, slots=True)
class Authored:
    """One change, and who made it."""

    change: Change
    author: Author


class Unsettled:
    """Changes in order, of which a node's later move replaces its earlier ones: a drag is one event.

    Args:
        read: gives the graph that they start from, when the first one is noted: who only looks at a graph waits for
            nothing of this.
    """

    def __init__(self, read: Callable[[], Graph]) -> None:
        self._read = read
        self._graph: Graph | None = None
        self._changes: dict[int, Authored] = {}
        self._moves: dict[str, int] = {}
        self._count = 0

    def note(self, graph: Graph, author: Author) -> None:
        """Take in what the graph has become by edits of one author."""
        if graph is self._graph:
            return
        if self._graph is None:
            self._graph = self._read()
        for change in diff(self._graph, graph):
            self._add(Authored(change, author))
        self._graph = graph

    def take(self) -> Sequence[Authored]:
        """Remove and return everything."""
        taken = list(self._changes.values())
        self._changes.clear()
        self._moves.clear()
        return taken

    def __bool__(self) -> bool:
        return bool(self._changes)

    @property
    def moves_only(self) -> bool:
        """Whether nothing but positions changed; more of these may follow."""
        return len(self._moves) == len(self._changes)

    def _add(self, authored: Authored) -> None:
        self._count += 1
        if authored.change.event_type == _MOVED:
            node = authored.change.payload["node_id"]
            if (earlier := self._moves.get(node)) is not None:
                del self._changes[earlier]
            self._moves[node] = self._count
        self._changes[self._count] = authored
