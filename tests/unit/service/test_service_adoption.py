"""Executions that Prefect began: how they come into the store, once for each round."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import Bench
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus, NodeReport, NodeState

EXECUTION = new_id()


def adoption(round: int = 1, **fields: Any) -> AdoptionReport:
    options = {"targets": None, "force": False, "priority": 2}
    given = {"execution_id": EXECUTION, "graph_id": "g", "graph_hash": "h", "document": picture_graph()}
    return AdoptionReport(**{**given, "options": options, "round": round, "at_ms": 500 * round, **fields})


async def stored(bench: Bench) -> ExecutionRecord:
    record = await bench.store.read(lambda uow: uow.execution(EXECUTION))
    assert record is not None
    return record


async def ended(bench: Bench, status: ExecutionStatus = ExecutionStatus.FAILED) -> None:
    handle = bench.control.reports.handle
    await handle(ExecutionReport(EXECUTION, ExecutionStatus.RUNNING, "flow-1", at_ms=1000))
    await handle(NodeReport(EXECUTION, "blur", NodeState.FAILED, attempt=1))
    await handle(ExecutionReport(EXECUTION, status, at_ms=2000))
    await bench.control.reports.settle()


async def test_a_new_one_waits_and_prefect_has_asked_for_it(bench: Bench) -> None:
    await bench.control.reports.handle(adoption())
    record = await stored(bench)
    assert (record.status, record.graph_id, record.created_ms) == (ExecutionStatus.QUEUED, "g", 500)
    assert record.options == {"targets": None, "force": False, "priority": 2, "round": 1}
    assert {node["state"] for node in record.nodes.values()} == {"pending"}
    (event,) = await bench.store.read(lambda uow: uow.events(aggregate_id=EXECUTION))
    assert (event.event_type, event.metadata["user"]) == ("ExecutionQueued", "prefect")
    assert event.payload["graph_id"] == "g"
    assert event.trace_id == EXECUTION.replace("-", "")
    assert bench.sink.types() == ["execution.queued"]
    assert bench.control.reports.current(EXECUTION) is not None


async def test_the_engine_may_repeat_itself(bench: Bench) -> None:
    for _ in range(3):
        await bench.control.reports.handle(adoption())
    assert bench.store.event_types(EXECUTION) == ["ExecutionQueued"]
    await ended(bench)
    await bench.control.reports.handle(adoption())
    assert (await stored(bench)).status is ExecutionStatus.FAILED
    assert bench.store.event_types(EXECUTION) == ["ExecutionQueued", "ExecutionStarted", "ExecutionFailed"]
    assert bench.control.reports.current(EXECUTION) is None


async def test_what_has_ended_begins_again_as_itself(bench: Bench) -> None:
    await bench.control.reports.handle(adoption())
    await ended(bench)
    await bench.control.reports.handle(adoption(2, graph_id="another"))
    record = await stored(bench)
    assert (record.status, record.graph_id, record.created_ms) == (ExecutionStatus.QUEUED, "g", 500)
    assert (record.finished_ms, record.error, record.options["round"]) == (None, None, 2)
    assert {node["state"] for node in record.nodes.values()} == {"pending"}
    await ended(bench, ExecutionStatus.COMPLETED)
    assert (await stored(bench)).status is ExecutionStatus.COMPLETED
    assert bench.store.event_types(EXECUTION) == [
        *("ExecutionQueued", "ExecutionStarted", "ExecutionFailed"),
        *("ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"),
    ]


async def test_an_execution_of_the_editor_keeps_its_options(bench: Bench) -> None:
    queued = await bench.queued()
    await bench.control.reports.handle(ExecutionReport(queued.id, ExecutionStatus.FAILED, at_ms=2000))
    await bench.control.reports.settle()
    await bench.control.reports.handle(adoption(2, execution_id=queued.id))
    record = await bench.store.read(lambda uow: uow.execution(queued.id))
    assert record is not None
    assert record.options["round"] == 2
    assert "idempotency_key" in record.options
    assert record.graph_id == queued.graph_id


async def test_a_round_that_begins_before_the_crash_of_the_last_was_noticed(bench: Bench) -> None:
    await bench.control.reports.handle(adoption())
    await bench.control.reports.handle(ExecutionReport(EXECUTION, ExecutionStatus.RUNNING, at_ms=1000))
    await bench.control.reports.handle(adoption(2))
    record = await stored(bench)
    assert (record.status, record.options["round"]) == (ExecutionStatus.QUEUED, 2)
    events = await bench.store.read(lambda uow: uow.events(aggregate_id=EXECUTION))
    assert [event.event_type for event in events] == [
        *("ExecutionQueued", "ExecutionStarted", "ExecutionFailed"),
        "ExecutionQueued",
    ]
    assert events[2].payload["status"] == "crashed"


async def test_reports_of_an_execution_that_nobody_announced_change_nothing(bench: Bench) -> None:
    await bench.control.reports.handle(ExecutionReport(EXECUTION, ExecutionStatus.RUNNING, "flow-1", at_ms=1000))
    await bench.control.reports.settle()
    assert await bench.store.read(lambda uow: uow.execution(EXECUTION)) is None


@pytest.mark.parametrize("status", [ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLED])
async def test_it_ends_as_others_do(bench: Bench, status: ExecutionStatus) -> None:
    await bench.control.reports.handle(adoption())
    await ended(bench, status)
    assert (await stored(bench)).status is status
    assert bench.sink.messages[-1].payload["execution_id"] == EXECUTION


async def test_what_was_drawn_comes_with_the_first_round(bench: Bench) -> None:
    drawn, document = picture_graph(name="drawn"), bench.control.executions.document
    given = {"targets": None, "force": False, "priority": 2, "drawn_hash": "d"}
    await bench.control.reports.handle(adoption(drawn=drawn, options=given))
    assert (await stored(bench)).options["drawn_hash"] == "d"
    assert await document(EXECUTION) == drawn
    assert await document(EXECUTION, unfolded=True) == picture_graph()
    await ended(bench)
    # Its own options tell what was drawn, whatever Prefect has of it.
    await bench.control.reports.handle(
        adoption(2, drawn=picture_graph(name="other"), options={**given, "drawn_hash": "o"})
    )
    assert ((await stored(bench)).options["round"], (await stored(bench)).options["drawn_hash"]) == (2, "d")
    assert await document(EXECUTION) == drawn
