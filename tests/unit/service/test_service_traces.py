"""The span that asked for an execution waits with it in the queue, and its events are in that trace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from tests.unit.service.test_service_adoption import EXECUTION, adoption
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.service.executions import Options, _stored
from vortex_prefect.service.queue import request_of
from vortex_prefect.store.sql_store import open_store

TRACE = TraceContext(b"t" * 16, b"s" * 8, b"p" * 8, sampled=False)
TRACES = st.builds(
    TraceContext,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8),
    st.booleans(),
)


def record(options: Options) -> ExecutionRecord:
    document = picture_graph()
    return ExecutionRecord(new_id(), new_id(), "hash", ExecutionStatus.QUEUED, document, _stored(options), 5)


@given(st.none() | TRACES)
def test_any_context_survives_the_store(context: TraceContext | None) -> None:
    stored = record(Options(trace=context))
    read = replace(stored, options=json.loads(json.dumps(stored.options)))
    assert request_of(read).trace == context


async def test_it_survives_a_restart_of_the_store(tmp_path: Path) -> None:
    stored = record(Options(trace=TRACE))
    for work in ("write", "read"):
        store = open_store(f"sqlite:///{tmp_path / 'vortex.db'}")
        if work == "write":
            await store.write(lambda unit: unit.put_execution(stored))
        else:
            read = await store.read(lambda unit: unit.execution(stored.id))
            assert read is not None
            assert request_of(read).trace == TRACE
        await store.close()


async def test_it_waits_in_the_queue_through_a_restart(bench: Bench) -> None:
    await bench.queued(Options(trace=TRACE))
    after = bench.restarted()
    async with after.control:
        assert (await after.engine.submitted.get()).trace == TRACE


async def test_records_from_before_there_were_any_load(bench: Bench) -> None:
    queued = await bench.queued()
    assert "trace" not in queued.options
    after = bench.restarted()
    async with after.control:
        assert (await after.engine.submitted.get()).trace is None


async def events(bench: Bench, execution_id: str) -> list[Event]:
    return await bench.store.read(lambda uow: uow.events(aggregate_id=execution_id))


@pytest.mark.parametrize("asked", [TRACE, None])
async def test_all_events_of_an_execution_are_in_its_trace(bench: Bench, asked: TraceContext | None) -> None:
    queued = await bench.queued(Options(trace=asked))
    for status in (ExecutionStatus.RUNNING, ExecutionStatus.COMPLETED):
        await bench.control.reports.handle(ExecutionReport(queued.id, status, at_ms=7))
    await bench.control.reports.settle()
    found = await events(bench, queued.id)
    assert [event.event_type for event in found] == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]
    # Without a trace the log correlates by the execution's id, and always by the aggregate's.
    expected = queued.id.replace("-", "") if asked is None else asked.trace_id.hex()
    assert {event.trace_id for event in found} == {expected}
    assert {event.aggregate_id for event in found} == {queued.id}


async def test_a_repeated_request_stays_in_the_first_ones_trace(bench: Bench) -> None:
    graph_id = (await bench.control.graphs.create(picture_graph(), ACTOR)).id
    first = await bench.queued(Options(idempotency_key="k", trace=TRACE), graph_id)
    again = await bench.queued(Options(idempotency_key="k", trace=replace(TRACE, trace_id=b"u" * 16)), graph_id)
    assert again.id == first.id
    assert request_of(again).trace == TRACE


async def test_what_prefect_begins_again_is_in_the_trace_of_that_round(bench: Bench) -> None:
    for number, context in ((1, TRACE), (2, None)):
        options = {"targets": None, "force": False, "priority": 2, "trace": context and context.to_dict()}
        await bench.control.reports.handle(adoption(number, options=options))
        await bench.control.reports.handle(ExecutionReport(EXECUTION, ExecutionStatus.FAILED, at_ms=7))
        await bench.control.reports.settle()
    first, second = TRACE.trace_id.hex(), EXECUTION.replace("-", "")
    assert [event.trace_id for event in await events(bench, EXECUTION)] == [first, first, second, second]
