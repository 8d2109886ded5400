"""Flow runs that stand for executions of the editor, over scripted lanes and a server in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.engine.stage import FORM, Stage
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, PreviewReport


async def test_an_execution_gets_a_flow_run_of_its_graphs_deployment(stage: Stage) -> None:
    execution_id = await stage.executed()
    await stage.settled()
    flow_run_id = stage.flow_run_of(execution_id)
    run = stage.api.runs[flow_run_id]
    assert run["state"] == {"type": "COMPLETED", "name": "Completed", "message": "2 completed"}
    assert run["parameters"] == {"radius": 3.0}
    assert run["deployment_id"] in stage.api.deployments
    assert {event["event"] for event in stage.api.events} == {"prefect.task-run.Completed"}
    assert [body["type"] for body in stage.api.artifacts.values()] == ["markdown"]
    stage.nothing_is_left()


async def test_it_waits_for_a_server_that_is_away_and_is_recorded_in_full(stage: Stage) -> None:
    stage.api.away = 7
    execution_id = await stage.executed()
    await stage.until(stage.run_of(execution_id).ended.is_set)
    assert stage.run_of(execution_id).status is ExecutionStatus.COMPLETED
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    assert len(stage.api.events) == 2


async def test_it_runs_though_prefect_refuses_it(stage: Stage) -> None:
    stage.api.refusal = SystemFault("SY-007", "no")
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.COMPLETED
    stage.nothing_is_left()


async def test_a_deployment_that_was_deleted_is_made_anew(stage: Stage) -> None:
    await stage.executed()
    await stage.settled()
    (first,) = stage.api.deployments
    del stage.api.deployments[first]
    execution_id = await stage.executed()
    await stage.settled()
    (second,) = stage.api.deployments
    assert stage.api.runs[stage.flow_run_of(execution_id)]["deployment_id"] == second != first


async def test_an_execution_that_cannot_begin_has_no_flow_run(stage: Stage) -> None:
    request = ExecutionRequest(new_id(), FORM.to_document(), "0" * 64)
    await stage.engine.execute(request)
    await stage.settled()
    run = stage.run_of(request.execution_id)
    assert run.status is ExecutionStatus.FAILED
    assert stage.api.runs == {}
    told = run.history.execution()
    assert told is not None
    assert told.error is not None
    assert told.error["code"] == "VE-011"


async def test_pictures_are_for_who_listens_now_and_for_no_record(stage: Stage) -> None:
    stage.lanes.shows = {"n": [b"picture"]}
    pictures: list[PreviewReport] = []

    async def listen() -> None:
        async for report in stage.engine.reports():
            if isinstance(report, PreviewReport):
                pictures.append(report)
            elif isinstance(report, ExecutionReport) and report.status.final:
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    execution_id = await stage.executed()
    async with asyncio.timeout(10):
        await listening
    assert [(report.execution_id, report.node_id, report.jpeg) for report in pictures] == [
        (execution_id, "n", b"picture")
    ]
    await stage.settled()
    assert not any(isinstance(report, PreviewReport) for report in stage.run_of(execution_id).history.in_order())
    assert {event["event"] for event in stage.api.events} == {"prefect.task-run.Completed"}


async def test_a_defect_of_the_recorder_does_not_keep_the_flow_run_from_ending(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(events: Any) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(stage.api, "post_events", broken)
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_that_breaks_off_is_ended_all_the_same(stage: Stage) -> None:
    def give_up(_: str) -> None:
        raise RuntimeError("Prefect's engine gave up")

    stage.at_the_end = give_up
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    stage.nothing_is_left()


async def test_a_retry_that_was_asked_for_meanwhile_stays_asked_for(stage: Stage) -> None:
    """An automation may be quicker than our last look."""
    stage.at_the_end = lambda flow_run_id: stage.api.set(flow_run_id, "SCHEDULED", "AwaitingRetry")
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "AwaitingRetry"
    stage.nothing_is_left()
