"""What Prefect's server has taken and not filed when it died is told again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.prefect import FakePrefect
from vortex_prefect.engine import filing as module
from vortex_prefect.engine.filing import Filing


def event(task_run_id: str, second: int) -> dict[str, Any]:
    resource = {"prefect.resource.id": f"prefect.task-run.{task_run_id}"}
    return {"id": f"{task_run_id}-{second}", "occurred": f"2025-01-01T00:00:{second:02}+00:00", "resource": resource}


@pytest.fixture
async def api() -> FakePrefect:
    return FakePrefect()


@pytest.fixture
async def filing(api: FakePrefect, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Filing]:
    monkeypatch.setattr(module, "_RETRY_S", 0)
    filing = Filing(api)
    running = asyncio.create_task(filing.run())
    yield filing
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def asked(api: FakePrefect, times: int = 1) -> None:
    async with asyncio.timeout(10):
        while api.asked.count("task_run_states") < times:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_what_the_server_lacks_is_told_again_and_nothing_else(api: FakePrefect, filing: Filing) -> None:
    await filing.post([event("filed", 1), event("behind", 1), event("lost", 1)])
    await filing.post([event("filed", 2), event("behind", 2)])
    api.task_run_states_by_run["f"] = {
        "filed": {"timestamp": "2025-01-01T00:00:02Z"},
        "behind": {"timestamp": "2025-01-01T00:00:01Z"},
    }
    api.events.clear()
    filing.returned()
    await asked(api)
    assert sorted(each["id"] for each in api.events) == ["behind-2", "lost-1"]


async def test_a_server_that_is_away_again_is_asked_later(api: FakePrefect, filing: Filing) -> None:
    await filing.post([event("lost", 1)])
    api.events.clear()
    api.away = 3
    filing.returned()
    await asked(api, times=4)
    assert [each["id"] for each in api.events] == ["lost-1"]


async def test_no_more_is_kept_than_the_server_can_lose(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 3)
    await filing.post([event(str(number), 1) for number in range(10)])
    assert len(filing) == 3
    monkeypatch.setattr(module, "_AGE_S", -1.0)
    await filing.post([])
    assert len(filing) == 0
