"""Flow functions in other processes: what they are told, and what their leaving does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prefect.exceptions import Pause

from tests.unit.engine.stage import Stage, suspended
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.reports import ExecutionStatus


async def test_another_process_is_told_the_outcome(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    assert await stage.engine.flow_outcome(flow_run_id) == (ExecutionStatus.COMPLETED, "2 completed")
    stage.nothing_is_left()


async def test_another_process_hears_why_it_cannot_run(stage: Stage) -> None:
    with pytest.raises(VortexError, match="VE-004"):
        await stage.engine.flow_outcome(stage.begun_in_prefect(parameters={"gone": 1}))
    stage.nothing_is_left()


async def test_a_process_that_goes_away_cancels_its_run(stage: Stage) -> None:
    stage.script["n"] = [None]
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "RUNNING")
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    await stage.settled()
    assert stage.run_of(flow_run_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_a_process_that_goes_away_while_it_is_recorded_takes_no_record_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, post = asyncio.Event(), stage.api.post_events

    async def slow(events: list[dict[str, Any]]) -> None:
        await gate.wait()
        await post(events)

    monkeypatch.setattr(stage.api, "post_events", slow)
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "RUNNING")
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: (run := stage.runs.get(flow_run_id)) is not None and run.ended.is_set())
    await asyncio.sleep(0.01)
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    gate.set()
    await stage.settled()
    assert len(stage.api.events) == 2
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_process_leaves_a_suspended_run_which_may_be_cancelled_then(stage: Stage) -> None:
    stage.script["n"] = [None]
    flow_run_id = stage.begun_in_prefect()
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    stage.api.set(flow_run_id, "PAUSED", "Suspended")
    stage.engine._attachments._on_state(flow_run_id, {"type": "PAUSED", "name": "Suspended"})
    async with asyncio.timeout(10):
        assert await process == (ExecutionStatus.PAUSED, "")
    stage.api.set(flow_run_id, "CANCELLING")
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_suspension_is_what_makes_a_flow_function_leave(stage: Stage) -> None:
    _, flow_run_id = await suspended(stage)
    run = stage.engine._attachments._runs[flow_run_id]
    with pytest.raises(Pause):
        await stage.engine._attachments._outcome(run)
