"""What Prefect wants of a run: that it ends, pauses, goes away and comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.engine.stage import Stage, running, suspended
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, Report
from vortex_prefect.core.trace import TraceContext


async def test_a_cancel_ends_run_and_flow_run(stage: Stage) -> None:
    execution_id, flow_run_id = await running(stage)
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_a_pause_is_told_once_and_so_is_the_end_of_it(stage: Stage) -> None:
    execution_id, flow_run_id = await running(stage)
    reports = stage.engine.reports()
    told: list[Report] = []

    async def listen() -> None:
        async for report in reports:
            told.append(report)  # noqa: PERF401 - there is no end to them

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    for state in ("PAUSED", "PAUSED", "RUNNING", "RUNNING"):
        stage.engine._attachments._on_state(flow_run_id, {"type": state, "name": state.capitalize()})
        await asyncio.sleep(0.01)
        assert stage.run_of(execution_id).paused is (state == "PAUSED")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    seen = [report.status for report in told if isinstance(report, ExecutionReport)]
    assert [status for status in seen if status is ExecutionStatus.PAUSED] == [ExecutionStatus.PAUSED]
    assert seen[-2:] == [ExecutionStatus.PAUSED, ExecutionStatus.RUNNING]


async def test_a_pause_that_comes_before_the_plan_holds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, plan = asyncio.Event(), stage.runs._plan

    async def slow(request: ExecutionRequest, trace: TraceContext) -> Any:
        await gate.wait()
        return await plan(request, trace)

    monkeypatch.setattr(stage.runs, "_plan", slow)
    execution_id = await stage.executed()
    run = stage.run_of(execution_id)
    await stage.runs.steer(run, "pause")
    gate.set()
    await run.planned.wait()
    await stage.until(lambda: run.executor is not None and run.executor._attempts.paused)
    await asyncio.sleep(0.05)
    assert stage.lanes.jobs == []
    await stage.runs.steer(run, "resume")
    await stage.until(run.ended.is_set)
    assert run.status is ExecutionStatus.COMPLETED


async def test_a_cancel_that_comes_before_the_plan_holds(stage: Stage) -> None:
    execution_id = await stage.executed()
    assert await stage.engine.cancel(execution_id)
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.lanes.jobs == []
    assert not await stage.engine.cancel(execution_id)
    assert not await stage.engine.cancel("unknown")


async def test_the_end_is_the_last_word(stage: Stage) -> None:
    """A pause that was on its way when the run ended is not told after it."""
    execution_id = await stage.executed()
    run = stage.run_of(execution_id)
    await stage.until(lambda: run.executor is not None)
    await stage.until(run.ended.is_set)
    await stage.runs.steer(run, "pause")
    told = run.history.execution()
    assert told is not None
    assert told.status is ExecutionStatus.COMPLETED


async def test_a_suspended_run_leaves_its_flow_and_keeps_its_state(stage: Stage) -> None:
    execution_id, flow_run_id = await suspended(stage)
    assert stage.api.state(flow_run_id) == "Suspended"
    assert not stage.run_of(execution_id).ended.is_set()
    # While it is suspended, Prefect's Running of the moment before resumes nothing.
    stage.engine._attachments._on_state(flow_run_id, {"type": "RUNNING", "name": "Running"})
    await asyncio.sleep(0.01)
    assert stage.run_of(execution_id).paused


async def test_a_resumed_run_is_the_same_execution(stage: Stage) -> None:
    execution_id, flow_run_id = await suspended(stage)
    run = stage.run_of(execution_id)
    stage.api.set(flow_run_id, "SCHEDULED", "Resuming")
    resumed = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(lambda: not run.paused)
    assert stage.run_of(execution_id) is run
    await stage.engine.cancel(execution_id)
    async with asyncio.timeout(10):
        await resumed
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    assert stage.api.asked.count("create_flow_run") == 1
    stage.nothing_is_left()


async def test_a_suspended_run_can_be_cancelled(stage: Stage) -> None:
    _, flow_run_id = await suspended(stage)
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()
