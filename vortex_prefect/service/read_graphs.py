"""Stored graphs as values: a version is read and checked once, however often it is asked for."""

from __future__ import annotations

import asyncio

from cachetools import LRUCache

from vortex_prefect.core.contracts import GraphRecord
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.recent import Recent
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.subgraphs import Library, check

_VERDICTS = 1000


class ReadGraphs:
    """The graphs last used, from any thread. A version's content never changes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._graphs = Recent[Graph]()
        #: Graph's id, version, the catalogue's digest.
        self._verdicts: LRUCache[tuple[str, int, str], list[Problem]] = LRUCache(_VERDICTS)

    def graph(self, record: GraphRecord) -> Graph:
        """The graph that a committed record holds."""
        known = self._graphs.get(record.id, record.version)
        if known is None:
            known = parse_graph(record.document, self._limits)
            self.changed(record, known)
        return known

    def changed(self, record: GraphRecord, graph: Graph) -> None:
        """Note what a committed record holds."""
        self._graphs.put(record.id, record.version, graph, len(graph.nodes))

    async def problems(self, record: GraphRecord, catalogue: Catalogue, library: Library) -> list[Problem]:
        """What keeps the graph from running with these node types; `library` has what stands behind those of graphs."""
        key = (record.id, record.version, catalogue.digest)
        found = self._verdicts.get(key)
        if found is None:
            found = await asyncio.to_thread(lambda: check(self.graph(record), catalogue, library, self._limits)[0])
            self._verdicts[key] = found
        return list(found)
