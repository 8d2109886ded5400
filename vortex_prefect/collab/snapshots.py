"""When a room stores its document anew, without what was overwritten long ago, in the place of all its edits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from vortex_prefect.collab.past import Past
from vortex_prefect.core.contracts import StoredDocument, StorePort, UnitOfWork

_log = logging.getLogger(__name__)


class Snapshots:
    """Makes those of one document, one at a time.

    Args:
        settled: tells whether everything that the document says is in the log. A snapshot may hold nothing else: who
            edited it would be forgotten.
    """

    def __init__(self, graph_id: str, past: Past, store: StorePort, settled: Callable[[], bool]) -> None:
        self._graph_id = graph_id
        self._past = past
        self._store = store
        self._settled = settled
        self._making: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def due(self) -> bool:
        """Whether it is time for one."""
        return self._past.due and self._making is None and not self._ended

    @property
    def making(self) -> bool:
        """Whether one is being made beside everything else."""
        return self._making is not None

    def begin(self, number: int) -> None:
        """Make one beside everything else, of the document up to edit `number`, the last one that is committed."""
        # When the task begins, the next commit may be under way.
        self._making = asyncio.create_task(self.make(number))
        self._making.add_done_callback(self._made)

    async def wait(self) -> None:
        """Wait until the one that is being made is stored, or has failed."""
        if self._making is not None:
            await asyncio.gather(self._making, return_exceptions=True)

    async def make(self, number: int) -> None:
        """Store the document up to edit `number`; nothing if somebody edits meanwhile what would be forgotten."""
        if not self._settled() or (snapshot := await self._past.snapshot(self._graph_id, number)) is None:
            return
        if not self._ended:
            await self._store.write(lambda uow: _put(uow, snapshot.stored))
            self._past.stored(snapshot)

    def end(self) -> None:
        """Store none any more."""
        self._ended = True
        if self._making is not None:
            self._making.cancel()

    def _made(self, task: asyncio.Task[None]) -> None:
        self._making = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("no snapshot of graph %s was stored: %s", self._graph_id, error)


def _put(uow: UnitOfWork, document: StoredDocument) -> None:
    # More may have been settled while it was made; and the graph may have been deleted.
    if (stored := uow.document(document.graph_id)) is not None:
        uow.put_document(replace(document, settled=max(document.settled, stored.settled)))
