"""Stored graphs as values: a version is read and checked once, however often it is asked for."""

from __future__ import annotations

import asyncio
import threading

from cachetools import LRUCache

from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.validate import validate

#: Nodes of all graphs that are kept.
_NODES = 20_000
#: What a graph counts beside its nodes, so that many small ones stay bounded.
_EACH = 10
_VERDICTS = 1000

#: Graph's id, version.
_Version = tuple[str, int]


class ReadGraphs:
    """The graphs last used, from any thread. A version's content never changes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._graphs: LRUCache[_Version, Graph] = LRUCache(_NODES, getsizeof=lambda graph: len(graph.nodes) + _EACH)
        self._verdicts: LRUCache[tuple[_Version, str], list[Problem]] = LRUCache(_VERDICTS)

    def graph(self, record: GraphRecord) -> Graph:
        """The graph that a record holds."""
        with self._lock:
            known = self._graphs.get((record.id, record.version))
        if known is None:
            known = parse_graph(record.document, self._limits)
            self._keep(record, known)
        return known

    def changed(self, record: GraphRecord, graph: Graph) -> None:
        """Note what a committed record holds."""
        self._keep(record, graph)

    async def problems(self, record: GraphRecord, catalogue: Catalogue) -> list[Problem]:
        """What keeps the graph from running with these node types."""
        key = ((record.id, record.version), catalogue.digest)
        found = self._verdicts.get(key)
        if found is None:
            found = await asyncio.to_thread(lambda: validate(self.graph(record), catalogue))
            self._verdicts[key] = found
        return list(found)

    def _keep(self, record: GraphRecord, graph: Graph) -> None:
        if len(graph.nodes) + _EACH <= _NODES:
            with self._lock:
                self._graphs[record.id, record.version] = graph
