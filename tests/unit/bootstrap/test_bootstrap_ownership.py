"""An owner that asks whether it still is one: of stores that are busy, stand still, or are another's."""

from __future__ import annotations

import asyncio

import pytest

from vortex_prefect.bootstrap.ownership import guard
from vortex_prefect.core.contracts import StoreStatistics
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.histogram import Histogram

LIMIT_S = 30.0


class FakeStore:
    """Answers, raises, or leaves the question waiting for ever."""

    losable = True

    def __init__(self, answer: SystemFault | None = None, *, waits: bool = False, busy: bool = False) -> None:
        self._answer = answer
        self._waits = waits
        self._busy = busy
        self._writes = 0
        self.fault: SystemFault | None = None
        self.asked = asyncio.Semaphore(0)

    async def check(self) -> None:
        self.asked.release()
        if self._waits:
            await asyncio.Event().wait()
        if self._answer is not None:
            raise self._answer

    def statistics(self) -> StoreStatistics:
        self._writes += self._busy
        return StoreStatistics(self._writes, 0, 0, 0, None, 0, Histogram((1.0,)).snapshot())


def watched(store: FakeStore, *, relieved: bool) -> asyncio.Task[None]:
    return asyncio.create_task(guard(store, relieved=relieved, ask_s=0.001, give_up_s=0.03))


async def stays(store: FakeStore, *, relieved: bool) -> None:
    task = watched(store, relieved=relieved)
    async with asyncio.timeout(LIMIT_S):
        for _ in range(20):
            await store.asked.acquire()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("relieved", [True, False])
async def test_one_that_another_owns_is_given_up_at_once(relieved: bool) -> None:
    store = FakeStore(SystemFault("SY-005", "another"))
    with pytest.raises(SystemFault, match="SY-005"):
        await asyncio.wait_for(watched(store, relieved=relieved), LIMIT_S)


@pytest.mark.parametrize("store", [{"answer": SystemFault("SY-006", "away")}, {"waits": True}])
async def test_one_that_cannot_be_reached_is_given_up_where_somebody_takes_over(store: dict[str, bool]) -> None:
    with pytest.raises(SystemFault, match="SY-006"):
        await asyncio.wait_for(watched(FakeStore(**store), relieved=True), LIMIT_S)  # type: ignore[arg-type]
    await stays(FakeStore(**store), relieved=False)  # type: ignore[arg-type]


async def test_one_that_is_busy_is_not() -> None:
    """What is written all the time leaves the question waiting."""
    await stays(FakeStore(waits=True, busy=True), relieved=True)
    await stays(FakeStore(), relieved=True)


@pytest.mark.parametrize("relieved", [True, False])
@pytest.mark.parametrize("losable", [True, False])
async def test_one_that_never_writes_again_is_given_up(relieved: bool, losable: bool) -> None:
    store = FakeStore()
    store.losable = losable
    task = watched(store, relieved=relieved)
    store.fault = SystemFault("SY-006", "the disk reports an error")
    with pytest.raises(SystemFault, match="SY-006 the disk"):
        await asyncio.wait_for(task, LIMIT_S)
