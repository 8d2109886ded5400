"""What the edits of a shared document become: events, the graph's next version, and news for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vortex_prefect.collab.changes import Authored
from vortex_prefect.core.contracts import GraphRecord, UnitOfWork
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.events import Event
from vortex_prefect.graph.model import Graph
from vortex_prefect.service import messages
from vortex_prefect.service.read_graphs import ReadGraphs
from vortex_prefect.service.versions import following


class GraphLedger:
    """`collab.room.Ledger` over the log of graphs."""

    def __init__(self, read: ReadGraphs, publish: messages.Publish) -> None:
        self._read = read
        self._publish = publish

    def settle(self, uow: UnitOfWork, record: GraphRecord, graph: Graph, changes: Sequence[Authored]) -> GraphRecord:
        """Write the changes as events with their authors, and the graph's next version.

        Args:
            record: as it is stored.
        """
        changed = following(record, graph.to_document())
        for authored in changes:
            metadata = {**authored.author, "version": changed.version}
            uow.append(
                Event(
                    authored.change.event_type,
                    "Graph",
                    record.id,
                    payload=authored.change.payload,
                    metadata=metadata,
                    created_ms=changed.updated_ms,
                )
            )
        uow.put_graph(changed)
        return changed

    def tell(self, record: GraphRecord, graph: Graph, problems: Sequence[Problem], asked: Any) -> None:
        """Remember the version as it was read, and publish it."""
        self._read.changed(record, graph)
        self._publish(messages.graph_sync(record, asked, problems))
