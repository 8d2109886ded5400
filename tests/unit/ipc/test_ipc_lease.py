"""What a client holds at the engine's door ends with its connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from tests.fakes.engine import FakeEngine, image_value
from vortex_prefect.core.contracts import LocalEnginePort
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.job import Value
from vortex_prefect.ipc.engine_link import pack, serve_engine
from vortex_prefect.ipc.lease import Lease


class Holding(FakeEngine):
    """An engine that knows one output, `blur.image` of `known`.

    Attributes:
        holders: who holds it.
        gate: `hold` answers only while this is set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holders: set[str] = set()
        self.asked = asyncio.Event()
        self.held = asyncio.Event()
        self.released = asyncio.Event()

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        self.asked.set()
        await self.gate.wait()
        if (execution_id, node, port) != ("known", "blur", "image"):
            raise RequestError("RQ-002", "no such output")
        self.holders.add(holder)
        self.held.set()
        return image_value(), "/dev/shm/arena"

    async def release(self, holder: str) -> None:
        self.holders.discard(holder)
        self.released.set()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[tuple[Holding, Path]]:
    engine = Holding()
    path = tmp_path / "run" / "engine.sock"
    server = await serve_engine(cast(LocalEnginePort, engine), path)
    yield engine, path
    server.close()


async def _happens(event: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await event.wait()


async def _take(path: Path, execution_id: str = "known") -> Lease:
    return await asyncio.to_thread(Lease.take, path, execution_id, "blur", "image")


async def test_a_lease_holds_until_it_is_closed(door: tuple[Holding, Path]) -> None:
    engine, path = door
    first, second = await _take(path), await _take(path)
    assert (first.value, first.arena_path) == (image_value(), Path("/dev/shm/arena"))
    assert len(engine.holders) == 2
    first.close()
    first.close()
    await _happens(engine.released)
    assert len(engine.holders) == 1
    engine.released.clear()
    second.close()
    await _happens(engine.released)
    assert not engine.holders


async def test_what_is_not_there_is_refused(door: tuple[Holding, Path]) -> None:
    engine, path = door
    with pytest.raises(VortexError) as caught:
        await _take(path, "unknown")
    assert caught.value.code == "RQ-002"
    await _happens(engine.released)
    with pytest.raises(VortexError) as caught:
        await _take(path.with_name("nowhere.sock"))
    assert caught.value.code == "SY-004"


async def test_a_client_that_goes_before_its_answer_holds_nothing(door: tuple[Holding, Path]) -> None:
    engine, path = door
    engine.gate.clear()
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(pack({"id": 1, "op": "hold", "args": ["known", "blur", "image"]}))
    await _happens(engine.asked)
    writer.close()
    await writer.wait_closed()
    for _ in range(50):  # turns of the loop, in which the server sees that the client has gone
        await asyncio.sleep(0)
    engine.gate.set()
    await _happens(engine.held)
    await _happens(engine.released)
    assert not engine.holders
