"""Bytes of every kind after the handshake, and instead of it: the served bridge survives, and nothing is left."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import psutil
import pytest

from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.server import Heartbeat

_SESSIONS = 150
_HANDSHAKE = (
    "GET /ws?graph_id={} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
_TEXTS = (
    b'{"type":"ping","payload":{}}',
    b'{"type":"graph.update","payload":{"mutations":[{"op":"graph.rename","name":"x"}],"request_id":"r"}}',
    b"\xff\xfe\x00",
    b"[" * 100,
    b"",
)


def _frame(choose: random.Random) -> bytes:
    """A frame, more often sound than not: opcode, reserved bits, length and mask may each be wrong."""
    first = choose.choice((0x81, 0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0x41, choose.randrange(256)))
    data = choose.choice((*_TEXTS, choose.randbytes(choose.choice((2, 125, 200)))))
    masked = 0x80 if choose.random() < 0.95 else 0
    if choose.random() < 0.05:
        return bytes([first, masked | 127]) + choose.randbytes(8) + data
    length = bytes([masked | len(data)]) if len(data) < 126 else bytes([masked | 126]) + len(data).to_bytes(2, "big")
    return bytes([first]) + length + (bytes(4) if masked else b"") + data


def _session(choose: random.Random, graph_id: str) -> list[bytes]:
    """What one peer writes, in pieces."""
    stream = _HANDSHAKE.format(graph_id).encode()
    if choose.random() < 0.2:
        damaged = bytearray(stream)
        for _ in range(choose.randrange(1, 4)):
            damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        stream = bytes(damaged[: choose.randrange(len(damaged))])
    pieces = [stream] + [_frame(choose) for _ in range(choose.randrange(12))]
    if choose.random() < 0.3:
        joined = b"".join(pieces[1:])
        cuts = sorted(choose.randrange(len(joined) + 1) for _ in range(4))
        pieces[1:] = [joined[a:b] for a, b in zip([0, *cuts], [*cuts, len(joined)], strict=True)]
    return pieces


async def _play(made: Bridge, seed: int, graph_id: str) -> None:
    choose = random.Random(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    try:
        handshake, *rest = _session(choose, graph_id)
        writer.write(handshake)
        if choose.random() < 0.8:
            # Frames beside the handshake reach other code than those that come once it is answered.
            await asyncio.wait({asyncio.create_task(reader.read(1))}, timeout=0.2)
        for piece in rest:
            writer.write(piece)
            await asyncio.sleep(0)
    finally:
        if choose.random() < 0.5:
            writer.transport.abort()
        else:
            writer.close()


async def test_nothing_that_a_peer_writes_breaks_the_bridge(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with bridge(tmp_path) as made, served(made, Heartbeat(0.2, 0.2)):
        graph_id = await made.graph()
        async with made.socket(f"graph_id={graph_id}") as other:
            await other.next("graph.sync")
            process, tasks = psutil.Process(), len(asyncio.all_tasks())
            before = process.num_fds()
            for seed in range(_SESSIONS):
                await _play(made, seed, graph_id)
                if seed % 10 == 0:
                    await other.send("ping", n=seed)
                    assert (await other.next("pong"))["payload"] == {"n": seed}
            async with asyncio.timeout(PATIENCE_S):
                while made.connections > 1 or made.context.hub.statistics().clients > 1:
                    await asyncio.sleep(0.01)
                while process.num_fds() > before or len(asyncio.all_tasks()) > tasks:
                    await asyncio.sleep(0.01)
    # A peer's mistake is no defect of ours: nothing of it is told as one.
    defects = [record for record in caplog.records if record.exc_info and "UTF-8" not in record.message]
    assert defects == []
