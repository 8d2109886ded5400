"""One status of the engine for many who ask at once; while it is slow the last one, if that is a second old at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.engine import FakeEngine
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.service.engine_status import EngineStatus


class SlowEngine(FakeEngine):
    """Counts who asks for its status, and answers while `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()

    async def status(self) -> dict[str, Any]:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        return {**await super().status(), "number": number}


class Setting:
    def __init__(self) -> None:
        self.engine = SlowEngine()
        self.now = 100.0
        self.status = EngineStatus(self.engine, lambda: self.now, patience_s=0.001)

    async def number(self) -> int:
        return int((await self.status.current())["number"])


@pytest.fixture
async def made() -> AsyncIterator[Setting]:
    setting = Setting()
    yield setting
    await setting.status.close()


async def test_many_at_once_ask_once(made: Setting) -> None:
    assert await asyncio.gather(*(made.number() for _ in range(20))) == [1] * 20


async def test_who_asks_afterwards_gets_a_new_one(made: Setting) -> None:
    assert [await made.number() for _ in range(3)] == [1, 2, 3]


async def test_while_the_engine_is_slow_the_last_one_is_given(made: Setting) -> None:
    assert await made.number() == 1
    made.engine.open.clear()
    made.now += 0.9
    assert [await made.number() for _ in range(3)] == [1, 1, 1]
    assert made.engine.asked == 2
    made.engine.open.set()
    assert await made.number() == 2


async def test_nobody_gets_one_of_more_than_a_second_ago(made: Setting) -> None:
    assert await made.number() == 1
    made.engine.open.clear()
    made.now += 1.1
    asking = asyncio.create_task(made.number())
    assert await asyncio.wait((asking,), timeout=0.05) == (set(), {asking})
    made.engine.open.set()
    assert await asking == 2


async def test_an_engine_that_is_away_has_no_status(made: Setting) -> None:
    assert await made.number() == 1
    made.engine.fault = SystemFault("SY-004", "gone")
    with pytest.raises(SystemFault, match="SY-004"):
        await made.number()
    made.engine.fault = None
    assert await made.number() == 3


async def test_who_gives_up_leaves_the_answer_to_the_others(made: Setting) -> None:
    made.engine.open.clear()
    impatient, patient = (asyncio.create_task(made.number()) for _ in range(2))
    await asyncio.wait((patient,), timeout=0.01)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    made.engine.open.set()
    assert await patient == 1
