"""WebSockets through a bridge that does not own the state."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.owner import scripted, serving, standby_before
from tests.fakes.sink import PATIENCE_S
from tests.integration.test_standby_http import STILL_S
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.standby.standby import Standby
from vortex_prefect.bridge.standby.trust import ThroughDoors
from vortex_prefect.core.access import scopes_of

Serve = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with (
        bridge(tmp_path) as made,
        serving(ThroughDoors(create_app(made.context), "the key")) as port,
        standby_before(port, key="the key") as (_, own),
    ):
        made.port = own
        yield made


@asynccontextmanager
async def before(handle: Serve) -> AsyncIterator[tuple[Standby, str]]:
    """A standby before an owner that does just this, and the standby's address."""
    async with serve(handle, "127.0.0.1", 0, max_size=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with standby_before(port) as (standby, own):
            yield standby, f"ws://127.0.0.1:{own}"


async def ended(connection: ClientConnection) -> tuple[int | None, str | None]:
    """Code and reason of the end; what comes before is thrown away."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await connection.recv()
    return connection.close_code, connection.close_reason


async def test_a_session_of_the_real_bridge(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as peer:
        assert (await peer.next("graph.sync"))["payload"]["graph"]["id"] == graph_id
        await peer.send("graph.update", mutations=[{"op": "graph.rename", "name": "Renamed ☃"}])
        assert (await peer.next("graph.sync"))["payload"]["graph"]["name"] == "Renamed ☃"
        made.context.hub.close()
        assert await ended(peer.connection) == (1001, "the server stops")


@pytest.mark.parametrize(
    ("path", "code"), [("/ws?graph_id=00000000-0000-4000-8000-000000000000", 4404), ("/ws", 4400), ("/collab/x", 4404)]
)
async def test_refusals_keep_their_codes(made: Bridge, path: str, code: int) -> None:
    async with connect(f"ws://127.0.0.1:{made.port}{path}") as connection:
        assert (await ended(connection))[0] == code


async def test_a_frame_that_is_none_of_the_protocol(made: Bridge) -> None:
    async with connect(f"ws://127.0.0.1:{made.port}/collab/{await made.graph()}") as connection:
        await connection.send("text")
        assert await ended(connection) == (1003, "the y-websocket protocol has binary frames only")


async def test_handshakes_are_judged_by_the_owner(made: Bridge) -> None:
    url = f"ws://127.0.0.1:{made.port}/ws?graph_id={await made.graph()}"
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(url, additional_headers={"Origin": "http://evil.example"}):
            pass
    _, secret = made.gate.tokens.create("ann", scopes_of(["read"]))
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(url, additional_headers={"Authorization": "Bearer wrong"}):
            pass
    async with connect(url, additional_headers={"Authorization": f"Bearer {secret}"}) as connection:
        assert json.loads(await connection.recv())["type"] == "graph.sync"


@pytest.mark.parametrize("host", ["a@b", "a/b", "a b", "[::1", "a:b"])
async def test_a_host_that_is_none_goes_nowhere(made: Bridge, host: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE_S):
        assert b" 40" in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def test_messages_of_both_kinds_and_any_size() -> None:
    async with before(echo) as (_, url), connect(url, max_size=None) as connection:
        for message in ("", "text ☃", b"", b"\x00\xff", os.urandom(5 << 20), "x" * (3 << 20)):
            await connection.send(message)
            async with asyncio.timeout(PATIENCE_S):
                assert await connection.recv() == message


async def test_a_subprotocol_is_the_owners_choice() -> None:
    async with serve(echo, "127.0.0.1", 0, subprotocols=[Subprotocol("two")]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        names = [Subprotocol("one"), Subprotocol("two")]
        async with (
            standby_before(port) as (_, own),
            connect(f"ws://127.0.0.1:{own}", subprotocols=names) as connection,
        ):
            assert connection.subprotocol == "two"


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1013, "fell behind"), (4401, "€" * 41), (3000, "x")])
async def test_how_the_owner_ends_it(code: int, reason: str) -> None:
    async def handle(connection: ServerConnection) -> None:
        await connection.send("last")
        await connection.close(code, reason)

    async with before(handle) as (_, url), connect(url) as connection:
        assert await connection.recv() == "last"
        assert await ended(connection) == (code, reason)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (4321, "bye"), (1001, "gone")])
async def test_how_the_client_ends_it(code: int, reason: str) -> None:
    heard: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        await connection.wait_closed()
        heard.set_result((connection.close_code, connection.close_reason))

    async with before(handle) as (_, url):
        async with connect(url) as connection:
            await connection.close(code, reason)
        assert await asyncio.wait_for(heard, PATIENCE_S) == (code, reason)


async def test_a_client_that_breaks_off_is_gone_for_the_owner() -> None:
    heard: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        await connection.wait_closed()
        heard.set_result(connection.close_code)

    async with before(handle) as (_, url), connect(url) as connection:
        connection.transport.abort()
        assert await asyncio.wait_for(heard, PATIENCE_S) == 1001


async def test_an_owner_that_dies_sends_clients_back() -> None:
    async def handle(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with before(handle) as (_, url), connect(url) as connection:
        code, reason = await ended(connection)
    assert code == 1012
    assert "SY-010" in (reason or "")


async def test_an_owner_that_is_relieved_keeps_nobody() -> None:
    async with before(echo) as (standby, url), connect(url) as connection:
        await connection.send("x")
        assert await connection.recv() == "x"
        standby.retire()
        assert (await ended(connection))[0] == 1012


@pytest.mark.parametrize("kind", ["gone", "still", "unknown"])
async def test_without_an_owner_clients_are_told_to_come_back(kind: str) -> None:
    async def still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with (
        scripted(still) as port,
        standby_before(1 if kind == "gone" else port, patience_s=0.3) as (standby, own),
    ):
        if kind == "unknown":
            standby.see(None)
        async with connect(f"ws://127.0.0.1:{own}/ws") as connection:
            code, reason = await ended(connection)
    assert code == 1013
    assert (reason or "").startswith("SY-010")


class Flow:
    """Messages that somebody could get rid of, for as long as anything takes them."""

    def __init__(self) -> None:
        self.size = 0
        self._moved = asyncio.Event()

    async def pump(self, connection: Any) -> None:
        block = os.urandom(1 << 16)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(block)
                self.size += len(block)
                self._moved.set()

    async def stands(self) -> None:
        while True:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), STILL_S)
            except TimeoutError:
                return


async def test_a_client_that_reads_nothing_slows_the_owner() -> None:
    flow = Flow()
    async with (
        before(flow.pump) as (_, url),
        asyncio.timeout(PATIENCE_S),
        connect(url, max_queue=1, ping_interval=None) as connection,
    ):
        await flow.stands()
        held = flow.size
        assert held < 32 << 20, "somebody keeps what nobody reads"
        while flow.size < held + (1 << 20):
            await connection.recv()


async def test_an_owner_that_reads_nothing_slows_the_client() -> None:
    flow, go = Flow(), asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        await go.wait()
        async for _ in connection:
            pass

    async with (
        before(handle) as (_, url),
        asyncio.timeout(PATIENCE_S),
        connect(url, ping_interval=None) as connection,
    ):
        pumping = asyncio.create_task(flow.pump(connection))
        await flow.stands()
        held = flow.size
        assert held < 32 << 20, "somebody keeps what nobody takes"
        go.set()
        while flow.size < held + (1 << 20):
            await asyncio.sleep(0)
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
