from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.engine import limits
from vortex_prefect.engine.limits import TagLimits


class Server:
    """Prefect's limits: one place each."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)
        self.asked = 0
        self.faults: list[Exception] = []
        self.places = {name: asyncio.Semaphore(1) for name in names}
        self.wanted: list[list[str]] = []

    async def limits(self) -> frozenset[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.faults:
            raise self.faults.pop()
        return self.names

    @contextlib.asynccontextmanager
    async def concurrency(self, names: list[str], **_: Any) -> AsyncIterator[None]:
        self.wanted.append(names)
        if self.faults:
            raise self.faults.pop()
        async with contextlib.AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(self.places[name])
            yield


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server("tag:gpu", "tag:disk", "other")
    monkeypatch.setattr(limits, "concurrency", server.concurrency)
    monkeypatch.setattr(limits, "_RETRY_S", 0)
    return server


async def held(subject: TagLimits, *tags: str) -> contextlib.AbstractAsyncContextManager[None]:
    async with asyncio.timeout(10):
        return await subject.acquire(tags)


async def test_tags_without_a_limit_ask_once_for_all(server: Server) -> None:
    subject = TagLimits(server.limits)
    for place in await asyncio.gather(*(held(subject, "night", "other") for _ in range(100))):
        async with place:
            pass
    assert server.asked == 1
    assert server.wanted == []


async def test_a_limit_has_one_place(server: Server) -> None:
    subject = TagLimits(server.limits)
    async with await held(subject, "gpu", "night", "disk"):
        assert server.wanted == [["tag:disk", "tag:gpu"]]
        waiting = asyncio.create_task(held(subject, "gpu"))
        await asyncio.sleep(0.01)
        assert not waiting.done()
    async with await waiting:
        assert server.places["tag:gpu"].locked()
    assert not server.places["tag:gpu"].locked()


async def test_who_is_cancelled_while_it_waits_has_taken_nothing(server: Server) -> None:
    subject = TagLimits(server.limits)
    async with await held(subject, "gpu"):
        waiting = asyncio.create_task(held(subject, "disk", "gpu"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not server.places["tag:disk"].locked()


async def test_a_new_limit_holds_once_what_is_known_is_old(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = TagLimits(server.limits)
    names, server.names = server.names, frozenset()
    await held(subject, "gpu")
    server.names = names
    await held(subject, "gpu")
    assert server.wanted == []
    monkeypatch.setattr(limits, "_AGE_S", -1)
    async with await held(subject, "gpu"):
        assert server.wanted == [["tag:gpu"]]


async def test_a_server_that_is_away_is_waited_for(server: Server) -> None:
    subject = TagLimits(server.limits)
    server.faults = [ConnectionError("away"), SystemFault("SY-007", "no"), ConnectionError("away")]
    async with await held(subject, "gpu"):
        assert server.asked == 4
    server.faults = [ConcurrencySlotAcquisitionError("busy")]
    async with await held(subject, "gpu"):
        assert server.wanted[1:] == [["tag:gpu"], ["tag:gpu"]]
