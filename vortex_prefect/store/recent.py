"""Records that were read or written lately, decoded: of an answer's time, decoding JSON columns took most.

Nobody has to tell it of changes: what is looked up is one version of a row, and a version's content never changes. A
unit of work asks the database which version stands, which costs no document, and only then here.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from cachetools import LRUCache

R = TypeVar("R")

#: Nodes of all graphs, or of all executions, that are kept; one takes some 2 kB.
_NODES = 20_000
#: What a record counts beside its nodes, so that many small ones stay bounded.
_EACH = 10


class Recent(Generic[R]):
    """The records last used of one table, from any thread. They are shared: nobody may change what they hold."""

    def __init__(self, most_nodes: int = _NODES) -> None:
        self._most = most_nodes
        self._lock = threading.Lock()
        self._kept: LRUCache[tuple[str, int], tuple[R, int]] = LRUCache(most_nodes, getsizeof=lambda kept: kept[1])

    def get(self, record_id: str, version: int) -> R | None:
        """A version of a record, or null."""
        with self._lock:
            kept = self._kept.get((record_id, version))
        return None if kept is None else kept[0]

    def put(self, record_id: str, version: int, record: R, nodes: int) -> R:
        """Keep a version that is committed; one that is too large by itself is not kept."""
        weight = nodes + _EACH
        if weight <= self._most:
            with self._lock:
                self._kept[record_id, version] = (record, weight)
        return record
