"""All rooms of a process: opened when they are needed, closed when nobody has been in them for a while."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pycrdt import Doc

from vortex_prefect.collab.changes import Author
from vortex_prefect.collab.document import new_document
from vortex_prefect.collab.projection import Projector
from vortex_prefect.collab.roles import Later, Ledger, Member, RoomStatistics, Tally
from vortex_prefect.collab.room import Room
from vortex_prefect.core.contracts import DocumentUpdate, GraphRecord, StoredDocument, StorePort, UnitOfWork
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph

_log = logging.getLogger(__name__)

#: How long an empty room stays open, and how often that is looked at.
_IDLE_S, _LOOK_S = 60.0, 10.0
#: How long after its opening the document is read, if nobody has edited it until then.
_READ_S = 0.5
_NO_GRAPH, _TRY_LATER, _GOING_AWAY = 4404, 1013, 1001


@dataclass(frozen=True, slots=True)
class _Loaded:
    record: GraphRecord
    stored: StoredDocument | None
    updates: list[DocumentUpdate]


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Who has it or waits for it.
    wanted: int = 0


@dataclass(slots=True)
class _Open:
    room: Room
    task: asyncio.Task[None]
    empty_since: float


class Rooms:
    """Rooms by graph. A graph has a document from the day on which somebody first opened its room."""

    def __init__(
        self,
        store: StorePort,
        ledger: Ledger,
        limits: Limits,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._later = later
        self._tally = Tally()
        self._catalogue: Catalogue | None = None
        self._open: dict[str, _Open] = {}
        self._turns: dict[str, _Turn] = {}
        self._closed = False

    # Use

    async def join(self, graph_id: str, member: Member) -> Room:
        """Let a connection into the graph's room.

        Raises:
            RequestError: RQ-002, there is no such graph.
            SystemFault: SY-006.
        """
        while True:
            room = await self.room(graph_id)
            if self._current(graph_id) is room:  # nothing was closed since
                room.join(member)
                return room

    def leave(self, room: Room, member: Member) -> None:
        """A connection has ended."""
        room.leave(member)
        if (found := self._open.get(room.graph_id)) is not None and found.room is room:
            found.empty_since = self._clock()

    async def settle(self, graph_id: str) -> None:
        """Let the stored graph be what its document says at this moment; nothing to do where no room is open."""
        if (room := self._current(graph_id)) is not None:
            try:
                await room.settle()
            except VortexError as error:
                # What the others have seen is stored, and that is what is read.
                _log.warning("graph %s is read as it is stored: %s", graph_id, error)

    async def edit(
        self, graph_id: str, change: Callable[[GraphRecord, Graph], Graph], author: Author, asked: Any = None
    ) -> GraphRecord | None:
        """Change a graph in its document; null where it has none. Errors as `Room.edit`."""
        if self._current(graph_id) is None and not await self._has_document(graph_id):
            return None
        room = await self.room(graph_id)
        return await room.edit(change, author, asked)

    async def room(self, graph_id: str) -> Room:
        """The open room of a graph; errors as `join`."""
        async with self._turn(graph_id):
            if (room := self._current(graph_id)) is not None:
                return room
            if self._closed:
                raise SystemFault("SY-006", "the server stops", "Try again.")
            room = await self._load(graph_id)
            # Whoever opens the room is to see the graph first; reading a thousand nodes takes 50 ms.
            (self._later or asyncio.get_running_loop().call_later)(_READ_S, room.look)
            task = asyncio.create_task(room.run())
            self._open[graph_id] = _Open(room, task, self._clock())
            task.add_done_callback(lambda task: self._ended(room, task))
            return room

    def forget(self, graph_id: str) -> None:
        """A graph is gone, with its document."""
        if (found := self._open.pop(graph_id, None)) is not None:
            found.task.cancel()
            found.room.end(RequestError("RQ-002", "the graph was deleted"), _NO_GRAPH)

    def use(self, catalogue: Catalogue) -> None:
        """Read parameters by these node types from now on."""
        self._catalogue = catalogue
        for found in self._open.values():
            found.room.recoerce(catalogue)

    def problems(self, graph_id: str) -> list[Any]:
        """What the document of an open room says and no graph can."""
        room = self._current(graph_id)
        return [] if room is None else list(room.problems)

    def __len__(self) -> int:
        """Open rooms."""
        return len(self._open)

    @property
    def members(self) -> int:
        """Connections to all rooms."""
        return sum(len(found.room.members) for found in self._open.values())

    @property
    def edits(self) -> int:
        """Edits that were stored since the process began."""
        return self._tally.edits

    def statistics(self) -> dict[str, RoomStatistics]:
        """Open rooms by graph."""
        return {graph_id: found.room.statistics() for graph_id, found in self._open.items()}

    # Life

    async def recover(self) -> None:
        """Bring the log up to the edits that were stored before the last process ended."""
        for graph_id in await self._store.read(lambda uow: uow.unsettled_documents()):
            try:
                await (await self.room(graph_id)).settle()
            except VortexError as error:
                _log.warning("edits of graph %s are not in the log yet: %s", graph_id, error)

    async def run(self) -> None:
        """Close rooms that are empty, until cancelled."""
        while True:
            await self._sleep(_LOOK_S)
            for graph_id, found in tuple(self._open.items()):
                if found.room.idle and self._clock() - found.empty_since >= _IDLE_S:
                    await self._close(graph_id, _TRY_LATER, "the room is closed; come back")

    async def close(self) -> None:
        """Store everything, and send everybody away."""
        self._closed = True
        for graph_id in tuple(self._open):
            await self._close(graph_id, _GOING_AWAY, "the server stops")

    # Steps

    async def _has_document(self, graph_id: str) -> bool:
        return await self._store.read(lambda uow: uow.document(graph_id)) is not None

    @contextlib.asynccontextmanager
    async def _turn(self, graph_id: str) -> AsyncIterator[None]:
        """Open or close a graph's room alone; ids that anybody asked for are not kept."""
        turn = self._turns.setdefault(graph_id, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[graph_id]

    def _current(self, graph_id: str) -> Room | None:
        found = self._open.get(graph_id)
        return None if found is None else found.room

    def _ended(self, room: Room, task: asyncio.Task[None]) -> None:
        if self._current(room.graph_id) is room:
            del self._open[room.graph_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("the room of graph %s died", room.graph_id, exc_info=error)
            room.end(SystemFault("SY-007", "the room died; the log has the traceback"))

    async def _close(self, graph_id: str, code: int, reason: str) -> None:
        async with self._turn(graph_id):
            found = self._open.get(graph_id)
            if found is None or (code == _TRY_LATER and not found.room.idle):
                return
            try:
                await found.room.snapshot()
            except VortexError as error:
                _log.warning("no snapshot of graph %s was stored: %s", graph_id, error)
            if code == _TRY_LATER and not found.room.idle:
                return  # somebody came meanwhile
            self._open.pop(graph_id, None)
            found.task.cancel()
            found.room.close(code, reason)

    async def _load(self, graph_id: str) -> Room:
        while True:
            loaded = await self._store.read(lambda uow: self._read(uow, graph_id))
            stored = loaded.stored or await self._store.write(partial(self._create, loaded=loaded))
            if stored is not None:
                return self._built(loaded, stored)

    def _read(self, uow: UnitOfWork, graph_id: str) -> _Loaded:
        record = uow.graph(graph_id)
        if record is None:
            raise RequestError("RQ-002", f"no graph {graph_id}")
        stored = uow.document(graph_id)
        return _Loaded(record, stored, [] if stored is None else uow.document_updates(graph_id, stored.number))

    def _create(self, uow: UnitOfWork, loaded: _Loaded) -> StoredDocument | None:
        """The graph's first document; null where the graph has changed meanwhile."""
        record = uow.graph(loaded.record.id)
        if record is None or record.version != loaded.record.version or uow.document(record.id) is not None:
            return None
        doc = new_document(parse_graph(record.document, self._limits), catalogue=self._catalogue)
        stored = StoredDocument(record.id, doc.get_update(), 0, 0)
        uow.delete_document(record.id)  # a graph that had the id and was deleted may have left a last edit
        uow.put_document(stored)
        return stored

    def _built(self, loaded: _Loaded, stored: StoredDocument) -> Room:
        doc: Doc[Any] = Doc()
        doc.apply_update(stored.snapshot)
        record = loaded.record
        projector = Projector(doc, record.id, self._catalogue, self._limits)
        room = Room(
            doc,
            projector,
            stored,
            record,
            self._store,
            self._ledger,
            read=lambda: parse_graph(record.document, self._limits),
            most_bytes=self._limits.document_bytes,
            later=self._later,
            tally=self._tally,
        )
        room.apply_stored(loaded.updates, stored.settled)
        return room
