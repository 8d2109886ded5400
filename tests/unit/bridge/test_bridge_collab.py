"""One client's connection to a room: what waits for a slow one, what it misses, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fakes.rooms import FakeMember, Place, edit, place, until
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge import collab
from vortex_prefect.bridge.collab import Connection
from vortex_prefect.bridge.socket_protocol import FRAMES
from vortex_prefect.collab import pending as pending_module
from vortex_prefect.collab import protocol
from vortex_prefect.collab.protocol import number, sized_text
from vortex_prefect.collab.room import Room
from vortex_prefect.core.access import ANYBODY
from vortex_prefect.service.actor import Actor

ADA = Actor("ada", None, "pytest")


class FakeSocket:
    """A WebSocket whose other side reads when the test says so."""

    def __init__(self, extensions: dict[str, Any] | None = None) -> None:
        self.scope = {"extensions": extensions or {}, "state": {"vortex_identity": ANYBODY}}
        self.app = SimpleNamespace(state=SimpleNamespace(gate=SimpleNamespace(required=lambda: False)))
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.taken: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.closed: tuple[int, str] | None = None

    async def receive(self) -> dict[str, Any]:
        return await self.inbox.get()

    async def send_bytes(self, data: bytes) -> None:
        await self.reads.wait()
        self.taken.append(data)

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.taken.append(message[FRAMES])

    async def close(self, code: int, reason: str) -> None:
        self.closed = code, reason

    def says(self, data: bytes) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "bytes": data})

    def has(self, frame: bytes) -> bool:
        return frame in self.taken


def connected(at: Place, socket: FakeSocket) -> Connection:
    context = SimpleNamespace(control=SimpleNamespace(rooms=at.rooms))
    return Connection(socket, context, ADA)  # type: ignore[arg-type]


@pytest.fixture
async def at() -> AsyncIterator[Place]:
    async with place(MemoryStore()) as made:
        yield made


@asynccontextmanager
async def served(at: Place, socket: FakeSocket, graph_id: str) -> AsyncIterator[tuple[Room, Connection]]:
    """A connection that runs, once it is in the room."""
    connection = connected(at, socket)
    task = asyncio.create_task(connection.run(graph_id))
    room = await at.rooms.room(graph_id)
    await until(lambda: connection in room.members and (socket.taken or socket.scope["extensions"]))
    try:
        yield room, connection
    finally:
        socket.reads.set()
        connection.close(1000, "")
        await asyncio.wait_for(task, PATIENCE_S)


async def ended(socket: FakeSocket) -> tuple[int, str]:
    await until(lambda: socket.closed)
    assert socket.closed is not None
    return socket.closed


def shows(client: int, clock: int, size: int = 1) -> bytes:
    state = json.dumps({"user": "x" * size})
    return protocol.shows(number(1) + number(client) + number(clock) + sized_text(state))


# -- slow clients -------------------------------------------------------------------------------------


async def test_who_does_not_read_misses_presence_and_no_edit(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, connection):
        ann = FakeMember("ann")
        room.join(ann)
        socket.reads.clear()
        connection.send(protocol.tells(b"first"))
        await until(lambda: connection._sending)
        big = protocol.tells(b"x" * (collab._PRESENCE_BYTES + 1))
        connection.send(protocol.tells(b"second"))
        connection.send(big)
        for clock in range(1, 50):
            room.receive(ann, shows(7, clock, size=clock))
            at.timers.advance(1)
        connection.send(protocol.tells(b"third"))
        socket.taken.clear()
        socket.reads.set()
        await until(lambda: socket.has(shows(7, 49, size=49)))
        edits = [protocol.tells(content) for content in (b"first", b"second", b"third")]
        assert [frame for frame in socket.taken if frame in [*edits, big]] == [*edits[:2], big, edits[2]]
        # Of what he missed he is told how it stands, and nothing in between.
        assert [frame for frame in socket.taken if frame[:1] == b"\x01"] == [shows(7, 49, size=49)]
        assert connection._queued_bytes == 0


async def test_presence_waits_with_the_rest_while_that_is_little(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (_, connection):
        socket.reads.clear()
        connection.send(protocol.tells(b"first"))
        connection.send(shows(7, 1), droppable=True)
        connection.send(protocol.tells(b"second"))
        socket.taken.clear()
        socket.reads.set()
        await until(lambda: socket.has(protocol.tells(b"second")))
        assert socket.taken == [protocol.tells(b"first"), shows(7, 1), protocol.tells(b"second")]


async def test_who_reads_nothing_is_given_up(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, connection):
        socket.reads.clear()
        part = protocol.tells(b"x" * (1 << 20))
        for _ in range((collab._MOST_BYTES >> 20) - 1):
            connection.send(part)
        for _ in range(5):
            await asyncio.sleep(0)
        assert socket.closed is None
        for _ in range(3):
            connection.send(part)
        code, reason = await ended(socket)
        assert code == 1013
        assert "read faster" in reason
        assert connection not in room.members
        # What comes after the end is nobody's any more.
        waiting = len(connection._queue)
        connection.send(part)
        assert len(connection._queue) == waiting


async def test_frames_are_written_at_once_where_the_socket_takes_them(at: Place) -> None:
    written: list[bytes] = []
    takes = [True]
    extension = {FRAMES: {"deflate": False, "writable": lambda: takes[0], "write": written.append}}
    graph_id, socket = await at.graph(), FakeSocket(extension)
    async with served(at, socket, graph_id) as (_, connection):
        assert len(written) == 1  # what the room asks who comes
        connection.send(b"\x00\x02\x01a")
        assert written[1:] == [b"\x82\x04\x00\x02\x01a"]
        assert socket.taken == []
        takes[0] = False
        socket.reads.clear()
        connection.send(b"\x00\x02\x01b")
        takes[0] = True
        # Nothing passes what waits.
        connection.send(b"\x00\x02\x01c")
        assert len(written) == 2
        socket.reads.set()
        await until(lambda: b"".join(socket.taken) == b"\x82\x04\x00\x02\x01b\x82\x04\x00\x02\x01c")


# -- how it ends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "hello"}, 1003),
        ({"bytes": b"\xff\xff"}, 1007),
        ({"bytes": protocol.tells(b"\x01\x01\x05\x00")}, 1007),
        ({"bytes": protocol.shows(number(1) + number(1) + number(1) + sized_text('"x"'))}, 1007),
        ({"bytes": shows(1, 1, size=20_000)}, 1009),
    ],
)
async def test_what_is_no_message_ends_with_a_code_that_says_so(at: Place, message: dict[str, Any], code: int) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, _):
        ann = FakeMember("ann")
        room.join(ann)
        socket.inbox.put_nowait({"type": "websocket.receive", **message})
        assert (await ended(socket))[0] == code
        assert ann.closed is None
        assert room.members == {ann}


async def test_a_room_that_ends_says_why_in_a_reason_that_fits(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, _):
        room.close(1013, "€" * 100)
        assert await ended(socket) == (1013, "€" * 41)


async def test_who_goes_is_not_there_any_more(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, _):
        ann = FakeMember("ann")
        room.join(ann)
        socket.says(shows(7, 1))
        at.timers.advance(0)
        socket.inbox.put_nowait({"type": "websocket.disconnect"})
        await until(lambda: room.members == {ann})


async def test_what_a_client_says_counts_as_its_users(at: Place) -> None:
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, _):
        ann = FakeMember("ann")
        room.join(ann)
        room.receive(ann, protocol.asks(ann.doc.get_state()))
        await until(ann.edits)
        socket.says(protocol.tells(ann.renamed("New")))
        await until(lambda: room.record.name == "New")
        assert [event.metadata["user"] for event in await at.events(graph_id)] == ["ada"]
        edit(room, ann, ann.moved("blur", 5))
        await until(lambda: any(frame[:2] == b"\x00\x02" for frame in socket.taken))


async def test_the_next_frame_is_read_when_the_room_has_space(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_module, "_MOST_WAITING", 1)
    graph_id, socket = await at.graph(), FakeSocket()
    async with served(at, socket, graph_id) as (room, _):
        ann = FakeMember("ann")
        room.join(ann)
        room.receive(ann, protocol.asks(ann.doc.get_state()))
        await until(ann.edits)
        at.store.hold()
        for name in ("One", "Two", "Three"):
            socket.says(protocol.tells(ann.renamed(name)))
        # One is being written, two waits for that, and three is not read.
        await until(lambda: at.store.held and room._pending._edits)
        for _ in range(50):
            await asyncio.sleep(0)
        assert socket.inbox.qsize() == 1
        at.store.release()
        await until(lambda: room.record.name == "Three")
