"""What an engine leaves to the one after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.unit.engine.stage import FORM, Stage
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, Report
from vortex_prefect.engine.ledger import Entry
from vortex_prefect.engine.recovery import Fallen
from vortex_prefect.graph.canonical import graph_hash


async def test_an_execution_is_in_the_ledger_before_any_of_its_nodes_runs(stage: Stage) -> None:
    stage.lanes.stuck["n"] = asyncio.Event()
    stage.api.away = 1_000_000
    execution_id = await stage.executed()
    assert stage.engine._ledger.entries() == [Entry(execution_id)]
    assert stage.lanes.jobs == []
    stage.lanes.stuck["n"].set()


async def test_what_an_engine_had_begun_is_not_begun_by_the_next_one(stage: Stage) -> None:
    """Its bridge has not heard that it began, and sends it again."""
    request = ExecutionRequest(new_id(), FORM.to_document(), graph_hash(FORM))
    stage.engine._fallen = Fallen(stage.api, [Entry(request.execution_id)])
    heard: list[Report] = []
    listening = asyncio.create_task(_hear(stage.engine.reports(), heard))
    await stage.until(lambda: heard)  # whoever comes is told
    await stage.engine.execute(request)
    await stage.until(lambda: len(heard) == 2)  # and so is whoever asks
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    for report in heard:
        assert isinstance(report, ExecutionReport)
        assert (report.execution_id, report.status) == (request.execution_id, ExecutionStatus.CRASHED)
        assert report.error is not None
        assert report.error["code"] == "SY-004"
    assert stage.lanes.jobs == []
    assert stage.runs.get(request.execution_id) is None


async def test_a_retry_of_what_an_engine_had_begun_is_begun(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    stage.engine._fallen = Fallen(stage.api, [Entry(flow_run_id, "", flow_run_id)])
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.run_of(flow_run_id).status is ExecutionStatus.COMPLETED
    assert stage.engine._fallen.known() == []


async def test_the_ledger_knows_how_an_execution_ended_of_which_prefect_has_not_heard(stage: Stage) -> None:
    stage.api.away = 1_000_000
    execution_id = await stage.executed()
    await stage.until(lambda: stage.engine._ledger.entries()[0].status)
    (entry,) = stage.engine._ledger.entries()
    assert (entry.execution_id, entry.status, entry.message) == (execution_id, "completed", "2 completed")


async def _hear(reports: AsyncIterator[Report], heard: list[Report]) -> None:
    async for report in reports:
        heard += [report]
