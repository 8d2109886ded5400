"""Runs that Prefect begins, and gives to the engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.engine.scripted import RAISED
from tests.unit.engine.stage import FORM, Stage, running
from vortex_prefect.core.contracts import DeployRequest
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus, NodeState
from vortex_prefect.engine.ledger import Entry


async def test_a_run_of_a_deployment_is_an_execution_with_its_parameters(stage: Stage) -> None:
    deployed = await stage.engine.deploy(DeployRequest(FORM.to_document(), name="nightly"))
    flow_run_id = stage.api.given_run("SCHEDULED", deployment_id=deployed["deployment_id"], parameters={"radius": 9})
    await stage.engine.run_flow_run(flow_run_id)
    run = stage.run_of(flow_run_id)
    assert run.status is ExecutionStatus.COMPLETED
    assert run.graph is not None
    assert run.graph.nodes["b"].params["radius"] == 9
    adopted, *_, ended = run.history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert (adopted.graph_id, adopted.round) == (FORM.id, 1)
    assert isinstance(ended, ExecutionReport)
    assert (ended.status, ended.flow_run_id) == (ExecutionStatus.COMPLETED, flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_run_that_another_worker_was_given_is_left_alone(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "PENDING")
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Pending"
    assert stage.runs.get(flow_run_id) is None
    stage.nothing_is_left()


async def test_a_claim_whose_answer_is_lost_is_a_claim(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vortex_prefect.engine.engine._CLAIM_RETRY_S", 0)
    claim, lost = stage.api.claim, [ConnectionError("no answer")]

    async def unanswered(flow_run_id: str, claim_id: str) -> bool:
        granted = await claim(flow_run_id, claim_id)
        if lost:
            raise lost.pop()
        return granted

    monkeypatch.setattr(stage.api, "claim", unanswered)
    flow_run_id = stage.begun_in_prefect()
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_run_that_is_offered_twice_begins_once(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    async with asyncio.timeout(10):
        await asyncio.gather(*(stage.engine.run_flow_run(flow_run_id) for _ in range(3)))
    await stage.engine.run_flow_run(flow_run_id)
    assert len(stage.lanes.jobs) == 2
    assert stage.run_of(flow_run_id).round == 1
    stage.nothing_is_left()


async def test_a_claim_that_is_not_answered_is_in_the_ledger(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the engine die now, its successor finds the flow run, and gives it back if it is Pending."""
    asked = asyncio.Event()

    async def never(flow_run_id: str, claim_id: str) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr(stage.api, "claim", never)
    flow_run_id = stage.begun_in_prefect()
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await asyncio.wait_for(asked.wait(), 10)
    assert stage.engine._ledger.entries() == [Entry(flow_run_id, "", flow_run_id, claimed=True)]
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


async def test_a_retry_is_the_next_round(stage: Stage) -> None:
    stage.script["b"] = [RAISED]
    flow_run_id = stage.begun_in_prefect()
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Failed"
    stage.api.set(flow_run_id, "SCHEDULED", "AwaitingRetry")
    stage.api.runs[flow_run_id]["run_count"] = 1
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    run = stage.run_of(flow_run_id)
    assert run.round == 2
    nodes = {report.node_id: report for report in run.history.nodes()}
    assert nodes["n"].state is NodeState.CACHED
    assert (nodes["b"].state, nodes["b"].attempt) == (NodeState.COMPLETED, 2)
    stage.nothing_is_left()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"parameters": {"gone": 1}}, "VE-004"),
        ({"parameters": {"radius": 1000}}, "VE-010"),
        ({"job_variables": {}}, "VE-001"),
        ({"job_variables": {"graph": "garbage"}}, "VE-001"),
    ],
)
async def test_what_cannot_run_is_a_failed_flow_run_with_the_code(
    stage: Stage, fields: dict[str, Any], code: str
) -> None:
    flow_run_id = stage.begun_in_prefect(**fields)
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Failed"
    assert code in stage.api.runs[flow_run_id]["state"]["message"]
    stage.nothing_is_left()


async def test_a_run_that_waits_for_its_time_is_in_the_ledger(stage: Stage) -> None:
    """Its worker has claimed it, so nobody else would ever begin it."""
    due = datetime.now(UTC) + timedelta(hours=1)
    flow_run_id = stage.begun_in_prefect()
    stage.api.runs[flow_run_id]["state"]["state_details"] = {"scheduled_time": due.isoformat()}
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(stage.engine._ledger.entries)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    (entry,) = stage.engine._ledger.entries()
    assert entry.flow_run_id == flow_run_id
    assert stage.lanes.jobs == []


async def test_a_claimed_flow_run_waits_for_a_server_that_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vortex_prefect.engine.engine._CLAIM_RETRY_S", 0)
    flow_run_id = stage.begun_in_prefect()
    stage.api.away = 3
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


@pytest.mark.parametrize("state_type", ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])
async def test_an_end_that_somebody_forces_in_prefect_ends_the_execution_and_stays(
    stage: Stage, state_type: str
) -> None:
    execution_id, flow_run_id = await running(stage)
    stage.api.set(flow_run_id, state_type, "Forced")
    stage.engine._attachments._on_state(flow_run_id, {"type": state_type, "name": "Forced"})
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Forced"
    stage.nothing_is_left()


async def test_deploying_tells_that_prefect_is_away(stage: Stage) -> None:
    stage.api.away = 1
    with pytest.raises(SystemFault, match="SY-008"):
        await stage.engine.deploy(DeployRequest(FORM.to_document()))


async def test_the_worker_may_go_and_the_run_stays(stage: Stage) -> None:
    stage.lanes.stuck["n"] = asyncio.Event()
    flow_run_id = stage.begun_in_prefect()
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    stage.lanes.stuck["n"].set()
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()
