"""Garbage of a process that answers people: looked for at its times, and found; nothing stays set aside for ever."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from vortex_prefect.bootstrap.garbage import collect_regularly


class Cycle:
    def __init__(self) -> None:
        self.me = self


class Clock:
    """Sleeps end when the test lets them."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[float] = asyncio.Queue()
        self._turn = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.asked.put_nowait(seconds)
        await self._turn.acquire()

    async def pass_one(self) -> None:
        self._turn.release()
        await self.asked.get()


@pytest.fixture(autouse=True)
def nothing_set_aside_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    assert gc.get_threshold() == before


async def running(clock: Clock, rounds: int) -> asyncio.Task[None]:
    task = asyncio.create_task(collect_regularly(60.0, rounds, clock.sleep))
    assert await clock.asked.get() == 60.0
    return task


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_came_and_went_between_two_looks_is_freed() -> None:
    clock = Clock()
    task = await running(clock, 100)
    cycle = weakref.ref(Cycle())
    assert cycle() is not None
    await clock.pass_one()
    assert cycle() is None
    await end(task)


async def test_what_was_set_aside_and_died_is_freed_after_the_last_round() -> None:
    clock = Clock()
    kept = [Cycle()]
    cycle = weakref.ref(kept[0])
    task = await running(clock, 2)
    assert gc.get_freeze_count() > 1000
    kept.clear()
    await clock.pass_one()
    assert cycle() is not None
    await clock.pass_one()
    assert cycle() is None
    await end(task)


async def test_the_end_leaves_nothing_set_aside() -> None:
    task = await running(Clock(), 100)
    await end(task)
    assert gc.get_freeze_count() == 0
