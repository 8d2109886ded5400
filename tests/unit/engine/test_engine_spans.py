"""Each attempt is a span under its execution's, and its job carries that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from tests.fakes.tracer import Recording, context_of
from tests.unit.engine.scripted import LOST, RAISED, Execution, ScriptedLanes, settled
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.pace import Pace

TRACE = TraceContext(b"t" * 16, b"e" * 8, b"h" * 8)
CHAIN = ("a.image > b.image", "b.image > c.image")
NODES: dict[str, str | dict[str, Any]] = {"a": "canvas", "b": "blur", "c": "blur"}
RETRIED = {"type": "canvas", "retries": 2, "retry_delay_s": 0.0}


def quick() -> Pace:
    """Everything has been short so far."""
    pace = Pace()
    for node_type in ("t.canvas", "t.blur"):
        for _ in range(3):
            pace.note(node_type, JobOutcome("j", started_ms=1_000, finished_ms=1_000))
    return pace


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    return Recording(monkeypatch)


async def test_without_a_tracer_jobs_of_all_attempts_are_children_of_the_execution() -> None:
    execution = Execution(plan(graph({"n": RETRIED})), ScriptedLanes({"n": [LOST, RAISED]}), trace=TRACE)
    assert await execution.run() is ExecutionStatus.COMPLETED
    traces = [job.trace for job in execution.lanes.jobs]
    assert [(trace.trace_id, trace.parent_span_id) for trace in traces] == [(TRACE.trace_id, TRACE.span_id)] * 3
    assert len({trace.span_id for trace in traces} | {TRACE.span_id, bytes(8)}) == 5


async def test_each_attempt_is_a_span(recording: Recording) -> None:
    execution = Execution(plan(graph({"n": RETRIED})), ScriptedLanes({"n": [LOST, RAISED]}), trace=TRACE)
    await execution.run()
    spans = recording.named("node t.canvas")
    assert [context_of(span) for span in spans] == [job.trace for job in execution.lanes.jobs]
    assert {job.trace.parent_span_id for job in execution.lanes.jobs} == {TRACE.span_id}
    assert [told(span)["vortex.attempt"] for span in spans] == [1, 2, 3]
    assert [told(span).get("error.type") for span in spans] == ["WK-001", "WK-003", None]
    assert [span.status.is_ok for span in spans] == [False, False, True]
    last = told(spans[-1])
    assert (last["vortex.execution_id"], last["vortex.node_id"], last["vortex.node_type"]) == ("e", "n", "t.canvas")
    assert (last["vortex.worker_id"], last["vortex.outcome"]) == ("w", "completed")
    assert "vortex.item" not in last


async def test_what_travels_together_has_a_span_each(recording: Recording) -> None:
    lanes = ScriptedLanes({"b": [RAISED]})
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick(), trace=TRACE)
    assert await execution.run() is ExecutionStatus.FAILED
    assert lanes.segments == [["a", "b", "c"]]
    spans = {told(span)["vortex.node_id"]: span for span in recording.spans}
    outcomes = {node: told(span)["vortex.outcome"] for node, span in spans.items()}
    assert outcomes == {"a": "completed", "b": "failed", "c": "not run"}
    assert {job.node_id: job.trace for job in lanes.jobs} == {node: context_of(spans[node]) for node in "ab"}
    assert {context_of(span).parent_span_id for span in spans.values()} == {TRACE.span_id}
    assert told(spans["b"])["error.type"] == "WK-003"


async def test_what_a_pause_sends_back_has_not_run(recording: Recording) -> None:
    lanes = ScriptedLanes(capacity=0)
    execution = Execution(plan(graph({"n": "canvas"})), lanes, trace=TRACE)
    running = asyncio.create_task(execution.run())
    await settled()
    await execution.executor.pause()
    await settled()
    assert [told(span)["vortex.outcome"] for span in recording.spans] == ["not run"]
    lanes.free()
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert [told(span)["vortex.outcome"] for span in recording.spans] == ["not run", "completed"]
    (job,) = lanes.jobs
    assert job.trace == context_of(recording.spans[-1])


async def test_what_a_cancel_ends_before_it_ran_has_ended_its_span(recording: Recording) -> None:
    execution = Execution(plan(graph({"n": "canvas"})), ScriptedLanes(capacity=0), trace=TRACE)
    running = asyncio.create_task(execution.run())
    await settled()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    (span,) = recording.spans
    assert told(span)["error.type"] == "CancelledError"


async def test_items_say_which_they_are(recording: Recording) -> None:
    nodes: dict[str, str | dict[str, Any]] = {"r": "range", "n": "number"}
    given, one = {"out": Value("LIST[FLOAT]", data=[1.0, 2.0, 3.0])}, {"out": Value("FLOAT", data=1.0)}
    lanes = ScriptedLanes({"r": [given], "n": lambda job: one})
    execution = Execution(plan(graph(nodes, "r.out > n.value")), lanes, trace=TRACE)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert sorted(told(span)["vortex.item"] for span in recording.named("node t.number")) == [0, 1, 2]
    assert {job.trace for job in lanes.jobs} == {context_of(span) for span in recording.spans}
    assert len({job.trace.span_id for job in lanes.jobs}) == 4
