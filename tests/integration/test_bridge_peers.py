"""Peers of a served bridge that are slow, gone, greedy or hostile: others go on, and nothing of them is left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.fakes.bridge import Bridge, Peer, bridge, served
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.http_protocol import HttpProtocol
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import Heartbeat
from vortex_prefect.core.settings import Limits
from vortex_prefect.service.messages import Message

_LIMITS = Limits(body_bytes=1 << 20, connections=20, clients=8, messages_per_s=1.0, message_burst=50)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with (
        bridge(tmp_path, hub=Hub(queue=50, queue_bytes=4 << 20), limits=_LIMITS) as made,
        served(made, Heartbeat(0.2, 0.2)),
    ):
        yield made


async def becomes(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.01)


class Raw:
    """A client that is no library: it sends bytes, and reads when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, made: Bridge, graph_id: str, offer: str = "") -> AsyncIterator[Raw]:
        # A short limit: what the test does not read must wait in the kernel and with the server.
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port, limit=1 << 10)
        extension = f"Sec-WebSocket-Extensions: {offer}\r\n" if offer else ""
        writer.write(
            f"GET /ws?graph_id={graph_id} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{extension}\r\n".encode()
        )
        raw = cls(reader, writer)
        try:
            async with asyncio.timeout(PATIENCE_S):
                raw.answer = await reader.readuntil(b"\r\n\r\n")
            yield raw
        finally:
            writer.transport.abort()

    answer = b""

    def send(self, first: int, data: bytes = b"") -> None:
        """A frame with this first byte, and a mask of zeros."""
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xff" + len(data).to_bytes(8, "big")
        self.writer.write(bytes([first]) + length + bytes(4) + data)

    async def frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            first, length = await self.reader.readexactly(2)
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            return first, await self.reader.readexactly(length)

    async def closing(self) -> tuple[int, str]:
        """Code and reason of the closing frame; other frames are passed by."""
        while (frame := await self.frame())[0] != 0x88:
            pass
        return int.from_bytes(frame[1][:2], "big"), frame[1][2:].decode()


async def is_served(made: Bridge, graph_id: str) -> None:
    async with made.socket(f"graph_id={graph_id}") as peer:
        await peer.next("graph.sync")
        await peer.send("ping")
        await peer.next("pong")


# Compression


async def test_long_texts_alone_are_compressed_where_the_client_can(made: Bridge) -> None:
    graph_id = await made.graph()
    texts = [json.dumps({"number": 1}), json.dumps({"text": "x" * 20_000})]
    received = {}
    for offer in ("", "permessage-deflate; client_max_window_bits", "permessage-deflate; server_max_window_bits=9"):
        async with Raw.open(made, graph_id, offer) as raw:
            await raw.frame()  # graph.sync
            for text in texts:
                made.context.hub.publish(Message("test", graph_id, json.loads(text)))
            received[offer] = [await raw.frame() for _ in texts]
            assert (b"permessage-deflate" in raw.answer) is (offer.endswith("client_max_window_bits"))
    (small, large), (small_too, deflated), plain = received.values()
    assert [small[0], large[0], small_too[0], deflated[0]] == [0x81, 0x81, 0x81, 0xC1]
    assert [first for first, _ in plain] == [0x81, 0x81]
    assert len(deflated[1]) < len(large[1]) / 50
    inflated = zlib.decompressobj(-15).decompress(deflated[1] + b"\x00\x00\xff\xff")
    assert json.loads(inflated)["payload"] == json.loads(large[1])["payload"] == json.loads(texts[1])


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_client_understands_all_of_it(made: Bridge, compression: str | None) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}", compression=compression) as peer:
        await peer.next("graph.sync")
        for text in ("ü" * 30_000, "small", "y" * 20_000):
            made.context.hub.publish(Message("test", graph_id, {"text": text}))
            assert (await peer.next("test"))["payload"]["text"] == text
        await peer.send("ping", text="z" * 100_000)
        assert (await peer.next("pong"))["payload"]["text"] == "z" * 100_000


@pytest.mark.parametrize("fragments", [1, 2, 3])
async def test_a_decompression_bomb_is_refused(made: Bridge, fragments: int) -> None:
    compressor = zlib.compressobj(wbits=-15)
    bomb = (compressor.compress(bytes(64 << 20)) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
    graph_id = await made.graph()
    async with Raw.open(made, graph_id, "permessage-deflate") as raw:
        size = -(-len(bomb) // fragments)
        for at in range(0, len(bomb), size):
            last = 0x80 if at + size >= len(bomb) else 0
            raw.send((0x41 if at == 0 else 0) | last, bomb[at : at + size])
        assert (await raw.closing())[0] == 1009
    await is_served(made, graph_id)


# Slow, and gone


async def test_who_falls_behind_is_told_why(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}", max_queue=1, compression=None) as stuck:
        await stuck.next("graph.sync")
        stuck.connection.transport.pause_reading()
        await _publish_until_overflow(made, graph_id)
        stuck.connection.transport.resume_reading()
        with contextlib.suppress(ConnectionClosed):
            while True:
                await stuck.receive()
        assert stuck.connection.close_code == 1013
        assert (stuck.connection.close_reason or "").startswith("fell behind: ")


async def _publish_until_overflow(made: Bridge, graph_id: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while made.context.hub.statistics().overflowed == 0:
            made.context.hub.publish(Message("test", graph_id, {"padding": os.urandom(50_000).hex()}))
            await asyncio.sleep(0)


async def test_a_client_that_reads_nothing_is_no_memory_and_soon_gone(made: Bridge) -> None:
    graph_id = await made.graph()
    process = psutil.Process()
    async with made.socket(f"graph_id={graph_id}") as reader, Raw.open(made, graph_id) as stuck:
        await reader.next("graph.sync")
        before = process.memory_info().rss
        for number in range(500):
            payload = {"number": number, "padding": os.urandom(100_000).hex()}
            made.context.hub.publish(Message("test", graph_id, payload))
            assert (await reader.next("test"))["payload"]["number"] == number
        # 100 MB went by. Messages that a room remembers, its queue and the client's own are all that may be held.
        assert process.memory_info().rss - before < 60 << 20
        # Nobody has to read for the server to be rid of it.
        await becomes(lambda: made.connections == 1)
        assert made.context.hub.statistics().clients == 1
        assert not stuck.reader.at_eof()


async def test_a_client_that_answers_no_ping_is_gone_and_leaves_nothing(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as answering, Raw.open(made, graph_id):
        await answering.next("graph.sync")
        assert made.context.hub.statistics().clients == 2
        await becomes(lambda: made.connections == 1)
        await becomes(lambda: made.context.hub.statistics().clients == 1)
        await answering.send("ping")
        await answering.next("pong")


async def test_a_client_that_answers_late_but_speaks_stays(made: Bridge) -> None:
    graph_id = await made.graph()
    async with Raw.open(made, graph_id) as raw:
        pings = 0
        while pings < 4:
            first, _ = await raw.frame()
            pings += first == 0x89
            raw.send(0x8A, b"other")  # a heartbeat of its own, and no answer
        assert made.context.hub.statistics().clients == 1


# Greedy and hostile


async def test_a_flood_of_messages_is_refused_and_ended(made: Bridge) -> None:
    graph_id = await made.graph()
    async with made.socket(f"graph_id={graph_id}") as greedy:
        await greedy.next("graph.sync")
        with contextlib.suppress(ConnectionClosed):
            for number in range(1000):
                await greedy.send("ping", n=number)
        answers = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                answers.append(await greedy.receive())
        assert greedy.connection.close_code == 1008
        assert "RQ-009" in (greedy.connection.close_reason or "")
    codes = [answer["payload"]["error"]["code"] for answer in answers if answer["type"] == "error"]
    assert set(codes) == {"RQ-009"}
    assert 50 <= sum(answer["type"] == "pong" for answer in answers) < 60
    await is_served(made, graph_id)


async def test_control_frames_without_end_are_counted(made: Bridge) -> None:
    graph_id = await made.graph()
    for first in (0x89, 0x8A):
        async with Raw.open(made, graph_id) as raw:
            for _ in range(2000):
                raw.send(first, b"x" * 125)
            assert await raw.closing() == (1008, "too many control frames")
    async with Raw.open(made, graph_id) as raw:
        raw.send(0x01)
        for _ in range(2000):
            raw.send(0x00)
        assert await raw.closing() == (1009, "more than 1024 fragments")
    await is_served(made, graph_id)


async def test_there_is_a_limit_of_clients(made: Bridge) -> None:
    graph_id = await made.graph()
    async with contextlib.AsyncExitStack() as clients:
        for _ in range(_LIMITS.clients):
            await (await clients.enter_async_context(made.socket(f"graph_id={graph_id}"))).next("graph.sync")
        async with made.socket(f"graph_id={graph_id}") as late:
            assert await late.close_code() == 1013
            assert late.connection.close_reason == "8 clients are connected; try again later"
    await becomes(lambda: made.connections == 0)
    await is_served(made, graph_id)


async def test_connections_that_say_nothing_are_few_and_short(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpProtocol, "head_s", 0.5)
    graph_id = await made.graph()
    silent = [await asyncio.open_connection("127.0.0.1", made.port) for _ in range(60)]
    for number, (_, writer) in enumerate(silent):
        writer.write(b"GET /ws?graph_id=x HTTP/1.1\r\nHost: loc"[:number])
    answers = [asyncio.create_task(reader.read()) for reader, _ in silent]
    async with asyncio.timeout(PATIENCE_S):
        said = await asyncio.gather(*answers, return_exceptions=True)
    refused = [answer for answer in said if isinstance(answer, bytes) and answer.startswith(b"HTTP/1.1 503")]
    assert len(refused) >= 30
    for _, writer in silent:
        writer.transport.abort()
    await becomes(lambda: made.connections == 0)
    await is_served(made, graph_id)


# Requests and their answers


async def test_an_update_is_answered_under_its_name(made: Bridge) -> None:
    graph_id = await made.graph()
    rename = {"op": "graph.rename", "name": "New"}
    async with made.socket(f"graph_id={graph_id}") as sender, made.socket(f"graph_id={graph_id}") as other:
        for peer in (sender, other):
            await peer.next("graph.sync")
        await sender.send("graph.update", mutations=[rename], request_id="first")
        assert (await sender.next("graph.sync"))["payload"]["request_id"] == "first"
        told = (await other.next("graph.sync"))["payload"]
        assert (told["version"], "request_id" in told) == (2, False)
        # It changes nothing: the sender hears of it, under the same name once more, and nobody else.
        await sender.send("graph.update", mutations=[], request_id="first")
        again = (await sender.next("graph.sync"))["payload"]
        assert (again["version"], again["request_id"]) == (2, "first")
        await sender.send("graph.update", mutations=[{"op": "node.delete", "id": "nobody"}], request_id="third")
        assert (await sender.next("error"))["payload"]["request_id"] == "third"
        await sender.send("graph.update", mutations=[rename] * 10_001, request_id="long")
        refused = (await sender.next("error"))["payload"]
        assert (refused["error"]["code"], refused["request_id"]) == ("VE-012", "long")
        await sender.send("graph.update", mutations=[{**rename, "name": "Last"}], request_id=7)
        assert (await sender.next("error"))["payload"]["error"]["code"] == "RQ-001"
        await other.send("ping")
        await other.next("pong")


async def test_of_two_graphs_the_newest_answers_both_requests(made: Bridge) -> None:
    graph_id = await made.graph()
    connection = await connect(f"ws://127.0.0.1:{made.port}/ws?graph_id={graph_id}")
    async with connection:
        sender = Peer(connection)
        await sender.next("graph.sync")
        for name in ("a", "b"):
            rename = {"op": "graph.rename", "name": name}
            await sender.send("graph.update", mutations=[rename], request_id=name)
        ids: list[str] = []
        while not ids or ids[-1] != "b":
            ids.append((await sender.next("graph.sync"))["payload"]["request_id"])
    assert ids in (["a", "b"], ["b"])


# Heads of requests


async def answer_to(made: Bridge, *pieces: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    try:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                return await reader.read()
        return b""
    finally:
        writer.transport.abort()


@pytest.fixture
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends a connection is not that its head takes long."""
    monkeypatch.setattr(HttpProtocol, "head_s", 3600.0)


@pytest.mark.usefixtures("no_hurry")
async def test_a_head_without_end_is_refused(made: Bridge) -> None:
    begin = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
    answer = await answer_to(made, begin, *[b"x" * 10_000] * 10)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""  # a reset may come before the answer is read
    await is_served(made, await made.graph())


@pytest.mark.usefixtures("no_hurry")
async def test_the_second_head_of_a_connection_is_bounded_like_the_first(made: Bridge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    async with asyncio.timeout(PATIENCE_S):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"}")
        with contextlib.suppress(ConnectionError):
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while not reader.at_eof():
                writer.write(b"x" * 10_000)
                await writer.drain()
    writer.transport.abort()
    await is_served(made, await made.graph())


async def test_a_long_body_is_no_head(made: Bridge) -> None:
    body = json.dumps({"schema": "vortex.graph/1", "name": "n" * 90_000}).encode()
    head = (
        f"POST /api/graph HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    pieces = [body[at : at + 10_000] for at in range(0, len(body), 10_000)]
    assert (await answer_to(made, head.encode(), *pieces)).startswith(b"HTTP/1.1 201 ")
