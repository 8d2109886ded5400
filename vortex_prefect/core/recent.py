"""Versions of records that were read or written lately, decoded: of an answer's time, decoding took most.

Nobody has to tell it of changes: what is looked up is one version of a record, and a version's content never changes.
Who knows which version stands asks here for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import LRUCache

R = TypeVar("R")

#: Nodes of all graphs, or of all executions, that are kept; one takes some 2 kB.
_NODES = 10_000
#: What a record counts beside its nodes, so that many small ones stay bounded.
_EACH = 10


@dataclass(frozen=True, slots=True)
class _Kept(Generic[R]):
    version: int
    record: R
    weight: int


class Recent(Generic[R]):
    """The last versions of the records last used, from any thread. Shared: nobody may change what they hold."""

    def __init__(self, most_nodes: int = _NODES) -> None:
        self._most = most_nodes
        self._lock = threading.Lock()
        self._kept: LRUCache[str, _Kept[R]] = LRUCache(most_nodes, getsizeof=lambda kept: kept.weight)

    def get(self, record_id: str, version: int) -> R | None:
        """A version of a record, or null."""
        with self._lock:
            kept = self._kept.get(record_id)
        return kept.record if kept is not None and kept.version == version else None

    def put(self, record_id: str, version: int, record: R, nodes: int) -> None:
        """Keep a version that is committed, unless it is too large by itself or a later one is known."""
        kept = _Kept(version, record, nodes + _EACH)
        with self._lock:
            known = self._kept.get(record_id)
            if kept.weight <= self._most and (known is None or known.version <= version):
                self._kept[record_id] = kept
