"""Both streams of messages: over a served bridge whose connections are cut, and over servers that are none."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.callers import Caller, Messages, caller
from tests.fakes.peers import faulty, says
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.hub import Bounds, Hub
from vortex_prefect.client.bridge.messages import (
    ExecutionCompleted,
    Gap,
    GraphSync,
    Message,
    NodeProgress,
)
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.reports import ExecutionStatus, NodeState


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both clients, one after the other."""
    return str(request.param)


@pytest.fixture(autouse=True)
async def in_time() -> AsyncIterator[None]:
    """A message that never comes fails the test."""
    async with asyncio.timeout(PATIENCE_S):
        yield


class Relay:
    """Passes bytes between a client and the bridge, until it is told to cut them off."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        #: Paths that were asked for.
        self.paths: list[str] = []
        self.opened = asyncio.Event()
        self.port = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        self.paths.append("")
        with contextlib.suppress(OSError):
            await asyncio.gather(self._pass(reader, back, len(self.paths) - 1), self._pass(there, writer, None))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, index: int | None) -> None:
        while data := await reader.read(1 << 16):
            if index is not None and not self.paths[index]:
                self.paths[index] = data.split(b" ")[1].decode()
            writer.write(data)
            await writer.drain()
        writer.close()

    def cut(self) -> None:
        """End all connections as a cable that is pulled and noticed."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@contextlib.asynccontextmanager
async def relayed(made: Bridge) -> AsyncIterator[Relay]:
    relay = Relay(made.port)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        relay.cut()
        server.close()


@contextlib.asynccontextmanager
async def watching(made: Bridge, kind: str, home: Path, graph_id: str) -> AsyncIterator[tuple[Relay, Messages, Caller]]:
    async with contextlib.AsyncExitStack() as open_ones:
        relay = await open_ones.enter_async_context(relayed(made))
        call = await open_ones.enter_async_context(caller(kind, f"http://127.0.0.1:{relay.port}", home))
        yield relay, await open_ones.enter_async_context(call.messages(graph_id)), call


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path, hub=Hub(memory=20)) as made, served(made):
        yield made


async def run(made: Bridge, graph_id: str) -> str:
    execution_id = await made.execution(graph_id)
    made.engine.started(execution_id, "flow")
    return execution_id


async def test_an_execution_is_told_in_types(made: Bridge, kind: str, tmp_path: Path) -> None:
    graph_id = await made.graph()
    async with watching(made, kind, tmp_path, graph_id) as (_, messages, _):
        sync = await messages.next()
        assert isinstance(sync, GraphSync)
        assert (sync.version, sync.graph["id"]) == (1, graph_id)
        execution_id = await run(made, graph_id)
        made.engine.node(execution_id, "image", NodeState.RUNNING, progress=40.0)
        progress = await messages.until(NodeProgress)
        assert (progress.execution_id, progress.node_id, progress.progress) == (execution_id, "image", 40.0)
        assert not progress.final
        made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
        assert (await messages.until(ExecutionCompleted)).final


async def test_nothing_is_lost_in_a_run_whose_connection_is_cut(made: Bridge, kind: str, tmp_path: Path) -> None:
    graph_id = await made.graph()
    async with watching(made, kind, tmp_path, graph_id) as (relay, messages, _):
        await messages.until(GraphSync)
        execution_id = await run(made, graph_id)
        made.engine.node(execution_id, "image", NodeState.RUNNING)
        seen = [await messages.until(NodeProgress)]
        for node in ("image", "blur", "save"):
            relay.cut()
            made.engine.node(execution_id, node, NodeState.COMPLETED, outputs={})
            seen.append(await messages.next())
        relay.cut()
        made.engine.ended(execution_id, ExecutionStatus.COMPLETED)
        seen.append(await messages.next())
        assert [type(message).__name__ for message in seen] == ["NodeProgress"] * 4 + ["ExecutionCompleted"]
        assert [message.node_id for message in seen[1:-1]] == ["image", "blur", "save"]
        numbers = [message.seq for message in seen]
        assert numbers == sorted(set(numbers)), "each came once"
        assert messages.stream.gaps == 0
        assert len(relay.paths) > 1
        assert all("after=" in path for path in relay.paths if path.startswith("/ws") and path != relay.paths[0])


async def test_what_is_not_held_any_more_is_told_as_a_gap(made: Bridge, kind: str, tmp_path: Path) -> None:
    graph_id = await made.graph()
    async with watching(made, kind, tmp_path, graph_id) as (relay, messages, _):
        await messages.until(GraphSync)
        execution_id = await run(made, graph_id)
        made.engine.node(execution_id, "image", NodeState.RUNNING)
        await messages.until(NodeProgress)
        made.context.hub._memory = Bounds(0, 0)  # nothing is remembered from now on
        relay.cut()
        made.engine.node(execution_id, "image", NodeState.COMPLETED, outputs={})
        assert isinstance(await messages.next(), Gap)
        assert isinstance(await messages.next(), GraphSync)
        told = await messages.until(NodeProgress)
        assert (told.node_id, told.state) == ("image", "completed")
        assert messages.stream.gaps == 1


async def test_a_graph_that_is_not_there_ends_it(made: Bridge, kind: str, tmp_path: Path) -> None:
    async with caller(kind, f"http://127.0.0.1:{made.port}", tmp_path) as call, call.messages("nope") as messages:
        with pytest.raises(RequestError, match="RQ-002"):
            await messages.until(GraphSync)


@pytest.mark.parametrize(("status", "code"), [(401, "RQ-010"), (403, "RQ-011"), (404, "RQ-002")])
async def test_who_may_not_connect_learns_why(kind: str, status: int, code: str, tmp_path: Path) -> None:
    async with faulty(says(status)) as server, caller(kind, server.url, tmp_path, token="t") as call:
        with pytest.raises(VortexError) as raised:
            async with call.messages("g"):
                pass
    assert raised.value.code == code
    assert "authorization: bearer t" in server.heads[0]


async def test_nobody_comes_back(kind: str, tmp_path: Path) -> None:
    async with faulty(says(503)) as server, caller(kind, server.url, tmp_path) as call:
        with pytest.raises(SystemFault, match="SY-004"):
            async with call.messages("g", reconnect_for_s=0.3):
                pass
        assert len(server.heads) > 1


async def test_closing_ends_who_waits(made: Bridge, kind: str, tmp_path: Path) -> None:
    graph_id = await made.graph()
    async with watching(made, kind, tmp_path, graph_id) as (_, messages, _):
        await messages.until(GraphSync)
        waiting = asyncio.create_task(messages.next())
        await asyncio.sleep(0)
        closed: Any = messages.stream.close()
        if closed is not None:
            await closed
        assert await waiting is None


# Changes. The peer here is a script of the protocol, in which order and names are ours to choose.


def envelope(type: str, seq: int, **payload: Any) -> str:
    return json.dumps({"type": type, "payload": payload, "seq": seq, "ts_ms": 0})


@contextlib.asynccontextmanager
async def editing(kind: str, home: Path, replies: list[Any]) -> AsyncIterator[Messages]:
    """A stream to a peer that meets each change with the next reply: a list of (type, payload), or null for an end."""

    async def talk(socket: ServerConnection) -> None:
        await socket.send(envelope("graph.sync", 1, graph={}, version=1))
        async for text in socket:
            request_id = json.loads(text)["payload"]["request_id"]
            reply = replies.pop(0)
            if reply is None:
                await socket.close(1012)
                return
            for name, payload in reply:
                named = {"request_id": request_id} if payload.pop("named", True) else {}
                await socket.send(envelope(name, 2, **payload, **named))

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with caller(kind, f"http://127.0.0.1:{port}", home) as call, call.messages("g") as messages:
            yield messages


CONFLICT = RequestError("RQ-003", "the graph is at 9").to_dict()
MOVE = {"op": "node.move", "id": "blur", "x": 1, "y": 2}


async def test_a_change_gets_its_answer_and_no_other(kind: str, tmp_path: Path) -> None:
    others = ("graph.sync", {"graph": {}, "version": 2, "named": False})
    mine = ("graph.sync", {"graph": {"mine": 1}, "version": 3})
    async with editing(kind, tmp_path, [[others, mine]]) as messages:
        answer = await messages.update(MOVE, base_version=1)
        assert (answer.version, answer.graph) == (3, {"mine": 1})
        assert [(await messages.next()).version for _ in range(3)] == [1, 2, 3], "others' changes are not lost"


async def test_a_change_that_is_refused_raises_why(kind: str, tmp_path: Path) -> None:
    named = ("error", {"error": CONFLICT})
    nameless = ("error", {"error": RequestError("RQ-009", "slower").to_dict(), "named": False})
    mine = ("graph.sync", {"graph": {}, "version": 3})
    async with editing(kind, tmp_path, [[named], [nameless], [mine]]) as messages:
        for code in ("RQ-003", "RQ-009"):
            with pytest.raises(RequestError, match=code):
                await messages.update(MOVE)
        assert (await messages.update(MOVE)).version == 3


async def test_a_change_whose_answer_is_lost_is_not_made_twice(kind: str, tmp_path: Path) -> None:
    mine = ("graph.sync", {"graph": {}, "version": 3})
    async with editing(kind, tmp_path, [None, [], [mine]]) as messages:
        with pytest.raises(SystemFault, match="SY-004"):
            await messages.update(MOVE)
        with pytest.raises(SystemFault, match="SY-004"):
            await messages.update(MOVE, timeout_s=0.2)
        assert (await messages.update(MOVE)).version == 3


async def test_who_iterates_and_who_changes_share_a_stream(kind: str, tmp_path: Path) -> None:
    mine = ("graph.sync", {"graph": {}, "version": 3})
    async with editing(kind, tmp_path, [[mine], [mine]]) as messages:
        await messages.until(GraphSync)
        waiting = asyncio.create_task(messages.next())
        await asyncio.sleep(0)
        assert (await messages.update(MOVE)).version == 3
        assert isinstance(await waiting, GraphSync)
        assert (await messages.update(MOVE)).version == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"type": 3}', '{"type": "graph.sync", "payload": {}}'])
async def test_what_is_no_message_ends_it(kind: str, text: str, tmp_path: Path) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(text)
        await socket.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with caller(kind, f"http://127.0.0.1:{port}", tmp_path) as call, call.messages("g") as messages:
            with pytest.raises(SystemFault, match="SY-007"):
                await messages.next()


async def test_messages_that_are_newer_than_the_client_come_as_they_are(kind: str, tmp_path: Path) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(envelope("node.sings", 1, song="la", execution_id="e"))
        await socket.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with caller(kind, f"http://127.0.0.1:{port}", tmp_path) as call, call.messages("g") as messages:
            message = await messages.next()
    assert type(message) is Message
    assert (message.type, message.execution_id, message.to_dict()["song"]) == ("node.sings", "e", "la")
