"""One status of the engine for many who ask, never older than a second, never one of an engine that is gone."""

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
        self.status = EngineStatus(self.engine, lambda: self.now)

    async def number(self) -> int:
        return int((await self.status.current())["number"])


@pytest.fixture
async def made() -> AsyncIterator[Setting]:
    setting = Setting()
    yield setting
    await setting.status.close()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_at_once_ask_once(made: Setting) -> None:
    assert await asyncio.gather(*(made.number() for _ in range(20))) == [1] * 20


async def test_a_quarter_second_later_the_answer_is_the_old_one_and_the_next_is_new(made: Setting) -> None:
    assert await made.number() == 1
    made.now += 0.3
    assert await made.number() == 1
    await settled()
    assert await made.number() == 2


async def test_nobody_gets_one_of_more_than_a_second_ago(made: Setting) -> None:
    assert await made.number() == 1
    made.now += 0.3
    made.engine.open.clear()
    assert await made.number() == 1
    made.now += 1.0
    asking = asyncio.create_task(made.number())
    await settled()
    assert not asking.done()
    made.engine.open.set()
    assert await asking == 2


async def test_an_engine_that_is_away_has_no_status(made: Setting) -> None:
    assert await made.number() == 1
    made.engine.fault = SystemFault("SY-004", "gone")
    made.now += 0.3
    await made.number()
    await settled()
    with pytest.raises(SystemFault, match="SY-004"):
        await made.number()
    made.engine.fault = None
    assert await made.number() == 4


async def test_who_gives_up_leaves_the_answer_to_the_others(made: Setting) -> None:
    made.engine.open.clear()
    impatient, patient = (asyncio.create_task(made.number()) for _ in range(2))
    await settled()
    impatient.cancel()
    await settled()
    made.engine.open.set()
    assert await patient == 1
