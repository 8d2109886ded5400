"""Rooms without sockets: members that record what they are told, a store that can be held, timers that are driven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from pycrdt import Doc, Map

from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.sink import PATIENCE_S, MessageSink
from vortex_prefect.collab import protocol
from vortex_prefect.collab.past import Past
from vortex_prefect.collab.room import Room
from vortex_prefect.collab.rooms import Rooms
from vortex_prefect.core.contracts import DocumentUpdate, StoredDocument, StorePort, StoreStatistics, UnitOfWork
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.settings import Limits
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.catalogue import CatalogueCache
from vortex_prefect.service.graphs import Graphs
from vortex_prefect.service.read_graphs import ReadGraphs
from vortex_prefect.service.shared import GraphLedger

T = TypeVar("T")

ADA = Actor("ada", "127.0.0.1", "pytest")


def refusal(work: Callable[[], object]) -> str | None:
    """The code with which it is refused; null if it is not."""
    try:
        work()
    except RequestError as error:
        return error.code
    return None


async def until(happened: Callable[[], object]) -> None:
    """Let everything go on until something has happened."""
    async with asyncio.timeout(PATIENCE_S):
        while not happened():
            await asyncio.sleep(0)


class HeldStore:
    """A store whose writes wait while it is held, or fail while there is a fault; the same with its disk."""

    def __init__(self, store: StorePort) -> None:
        self.inner = store
        self.fault: VortexError | None = None
        #: Of what is committed, and not on disk yet.
        self.disk_fault: VortexError | None = None
        #: Writes that came to the gate, and that were answered.
        self.asked = self.answered = 0
        self._open, self._disk = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._disk.set()

    def subscribe(self, after: int) -> AsyncIterator[Event]:
        """See `StorePort`."""
        return self.inner.subscribe(after)

    def hold(self) -> None:
        """Let no write begin from now on."""
        self._open.clear()

    def release(self) -> None:
        """Let those that wait begin, first come first."""
        self._open.set()

    def stop_disk(self) -> None:
        """Let nothing that is committed reach the disk from now on."""
        self._disk.clear()

    def start_disk(self) -> None:
        """Let it go on."""
        self._disk.set()

    @property
    def held(self) -> int:
        """Writes that wait at the gate, or are not answered yet."""
        return self.asked - self.answered

    async def synced(self) -> None:
        await self._disk.wait()
        if self.disk_fault is not None:
            raise self.disk_fault
        await self.inner.synced()

    async def write(self, work: Callable[[UnitOfWork], T], *, early: bool = False) -> T:
        self.asked += 1
        try:
            await self._open.wait()
            if self.fault is not None:
                raise self.fault
            written = await self.inner.write(work, early=early)
            if not early:
                await self._disk.wait()
            return written
        finally:
            self.answered += 1

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self.inner.read(work)

    def statistics(self) -> StoreStatistics:
        return self.inner.statistics()


@dataclass(eq=False)
class _FakeTimer:
    at_s: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTimers:
    """`call_later`, `sleep` and a clock that only `advance` moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._timers: list[_FakeTimer] = []

    def later(self, delay_s: float, callback: Callable[[], None]) -> _FakeTimer:
        timer = _FakeTimer(self.now_s + delay_s, callback)
        self._timers.append(timer)
        return timer

    async def sleep(self, delay_s: float) -> None:
        woken = asyncio.Event()
        self.later(delay_s, woken.set)
        await woken.wait()

    def clock(self) -> float:
        return self.now_s

    def waiting(self, delay_s: float) -> int:
        """Timers that are due within so many seconds."""
        return sum(not timer.cancelled and timer.at_s <= self.now_s + delay_s for timer in self._timers)

    def advance(self, seconds: float) -> None:
        """Let time go by, and everything happen that is due by then."""
        end_s = self.now_s + seconds
        while due := [timer for timer in self._timers if timer.at_s <= end_s]:
            timer = min(due, key=lambda each: each.at_s)
            self._timers.remove(timer)
            self.now_s = max(self.now_s, timer.at_s)
            if not timer.cancelled:
                timer.callback()
        self.now_s = end_s


class FakeMember:
    """One connection, with the client's document behind it; it takes in what it is sent at once."""

    def __init__(self, name: str, *, writes: bool = True) -> None:
        self._author: dict[str, Any] = {"user": name}
        self._writes = writes
        self.doc: Doc[Any] = Doc()
        #: What the room sent, in order.
        self.told: list[protocol.Message] = []
        self.denied = 0
        self.closed: tuple[int, str] | None = None

    @property
    def author(self) -> dict[str, Any]:
        return self._author

    @property
    def writes(self) -> bool:
        return self._writes

    def send(self, message: bytes, *, droppable: bool = False) -> None:
        if message[:1] == b"\x02":
            self.denied += 1
            return
        found = protocol.parse(message)
        assert droppable == isinstance(found, protocol.Shows)
        self.told.append(found)
        if isinstance(found, protocol.Edits):
            self.doc.apply_update(found.update)

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason

    def edits(self) -> list[protocol.Edits]:
        """The edits and answers that it was sent."""
        return [each for each in self.told if isinstance(each, protocol.Edits)]

    def shown(self) -> list[protocol.Shows]:
        """The awareness updates that it was sent."""
        return [each for each in self.told if isinstance(each, protocol.Shows)]

    def map(self, *path: str) -> Map[Any]:
        """A shared map of its document."""
        found: Map[Any] = self.doc.get(path[0], type=Map)
        for name in path[1:]:
            found = found[name]
        return found

    def change(self, change: Callable[[], Any]) -> bytes:
        """Edit its document; the update that tells of it."""
        before = self.doc.get_state()
        with self.doc.transaction():
            change()
        return self.doc.get_update(before)

    def moved(self, node: str, x: float, y: float = 0.0) -> bytes:
        """The update of a move."""
        return self.change(lambda: self.map("nodes", node).update({"x": x, "y": y}))

    def renamed(self, name: str) -> bytes:
        """The update that gives the graph another name."""
        return self.change(lambda: self.map("meta").update({"name": name}))

    @property
    def name(self) -> str:
        """The graph's name in its document."""
        found: str = self.map("meta")["name"]
        return found


def edit(room: Room, member: FakeMember, update: bytes) -> None:
    """Let a member send an update."""
    room.receive(member, protocol.tells(update))


@dataclass
class Place:
    """Rooms over a store, with the graphs' use cases beside them."""

    store: HeldStore
    timers: FakeTimers
    rooms: Rooms
    graphs: Graphs
    sink: MessageSink
    limits: Limits
    members: list[FakeMember] = field(default_factory=list)

    async def graph(self, **fields: Any) -> str:
        """The id of a new picture graph."""
        return (await self.graphs.create(picture_graph(**fields), ADA)).id

    async def enter(self, graph_id: str, name: str, *, writes: bool = True) -> tuple[Room, FakeMember]:
        """Somebody new in the graph's room, who has the document."""
        member = FakeMember(name, writes=writes)
        room = await self.rooms.join(graph_id, member)
        room.receive(member, protocol.asks(member.doc.get_state()))
        await until(member.edits)
        member.told.clear()
        return room, member

    async def events(self, graph_id: str) -> list[Event]:
        """The graph's events but the first one."""
        return (await self.store.read(lambda uow: uow.events(aggregate_id=graph_id)))[1:]

    async def log(self, graph_id: str) -> list[tuple[str, str]]:
        """Type and author of each of these events."""
        return [(event.event_type, event.metadata["user"]) for event in await self.events(graph_id)]

    async def stored(self, graph_id: str) -> StoredDocument:
        """The document as it is on disk."""
        found = await self.store.read(lambda uow: uow.document(graph_id))
        assert found is not None
        return found

    async def updates(self, graph_id: str) -> list[DocumentUpdate]:
        """The edits on disk that its snapshot does not hold."""
        return await self.store.read(lambda uow: uow.document_updates(graph_id, 0))

    async def on_disk(self, graph_id: str) -> FakeMember:
        """A client that has read what a server that starts now would find."""
        reader = FakeMember("reader")
        reader.doc.apply_update((await self.stored(graph_id)).snapshot)
        for update in await self.updates(graph_id):
            reader.doc.apply_update(update.content)
        return reader

    async def position(self, graph_id: str, node: str = "blur") -> dict[str, float]:
        """Where a node stands in the stored record."""
        record = await self.store.read(lambda uow: uow.graph(graph_id))
        assert record is not None
        found: dict[str, float] = record.document["nodes"][node]["position"]
        return found

    async def quiet(self, room: Room) -> None:
        """Let the room commit what it has to, moves aside."""
        await until(lambda: not (room._pending.has_work or room._committing or room._outside))

    def crash(self) -> None:
        """Drop all rooms as the end of the process would."""
        for found in self.rooms._open.values():
            found.task.cancel()
        self.rooms._open.clear()


def make_place(store: StorePort, limits: Limits | None = None) -> Place:
    """New rooms over a store, as a process that starts has them."""
    limits, held, timers, sink = limits or Limits(), HeldStore(store), FakeTimers(), MessageSink()
    read = ReadGraphs(limits)
    ledger = GraphLedger(read, sink)
    rooms = Rooms(held, ledger, limits, sleep=timers.sleep, clock=timers.clock, later=timers.later)
    rooms.use(catalogue())
    node_types = CatalogueCache(held, _NoEngine())  # type: ignore[arg-type]
    return Place(held, timers, rooms, Graphs(held, node_types, sink, limits, read, rooms), sink, limits)


class _NoEngine:
    """Has nothing to say."""


@asynccontextmanager
async def place(store: StorePort, limits: Limits | None = None) -> AsyncIterator[Place]:
    """Rooms that are closed in the end."""
    made = make_place(store, limits)
    try:
        yield made
    finally:
        made.store.fault = made.store.disk_fault = None
        made.store.release()
        made.store.start_disk()
        await made.rooms.close()


def snapshots(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Have every edit followed by a snapshot, while the event is set."""
    due = asyncio.Event()
    due.set()
    monkeypatch.setattr(Past, "due", property(lambda past: due.is_set() and past._meanwhile is None))
    return due
