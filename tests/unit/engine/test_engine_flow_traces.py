"""Traces of flow runs: under whose span they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.tracer import Recording, context_of
from tests.unit.engine.scripted import RAISED
from tests.unit.engine.stage import FORM, Stage
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import AdoptionReport
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.graph.canonical import graph_hash


def label(stage: Stage, flow_run_id: str) -> TraceContext | None:
    return TraceContext.of_traceparent(stage.api.runs[flow_run_id]["labels"]["__OTEL_TRACEPARENT"])


async def test_flow_run_and_jobs_are_under_the_span_that_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, asked = Recording(monkeypatch), TraceContext(b"t" * 16, b"s" * 8)
    execution_id = await stage.executed(trace=asked)
    await stage.settled()
    (execution,) = map(context_of, recording.named("execution"))
    assert (execution.trace_id, execution.parent_span_id) == (asked.trace_id, asked.span_id)
    named = label(stage, stage.flow_run_of(execution_id))
    assert named is not None
    assert (named.trace_id, named.span_id) == (execution.trace_id, execution.span_id)
    assert {job.trace.parent_span_id for job in stage.lanes.jobs} == {execution.span_id}
    (span,) = recording.named("execution")
    told = dict(span.attributes or {})
    assert (told["vortex.execution_id"], told["vortex.graph_id"]) == (execution_id, FORM.id)
    assert (told["vortex.graph_hash"], told["vortex.status"]) == (graph_hash(FORM), "completed")


async def test_an_execution_that_nobody_traces_has_its_id_for_its_trace(stage: Stage) -> None:
    execution_id = await stage.executed()
    await stage.settled()
    assert {job.trace.trace_id.hex() for job in stage.lanes.jobs} == {execution_id.replace("-", "")}
    assert len({job.trace.parent_span_id for job in stage.lanes.jobs}) == 1
    # A label would cost Prefect's server one more request.
    assert stage.api.runs[stage.flow_run_of(execution_id)]["labels"] == {}
    assert [flow_run.labels for flow_run in stage.given] == [{}]


@pytest.mark.parametrize("labels", [{}, {"__OTEL_TRACEPARENT": TraceContext(b"q" * 16, b"r" * 8).traceparent}])
async def test_prefects_span_of_a_run_that_it_began_is_under_ours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, labels: dict[str, Any]
) -> None:
    recording = Recording(monkeypatch)
    flow_run_id = stage.begun_in_prefect(labels={**labels, "more": "of it"})
    await stage.engine.run_flow_run(flow_run_id)
    (execution,) = map(context_of, recording.named("execution"))
    (given,) = stage.given
    assert given.labels == {"__OTEL_TRACEPARENT": execution.traceparent, "more": "of it"}


async def test_a_run_of_prefects_is_under_the_span_that_it_names(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, prefects = Recording(monkeypatch), TraceContext(b"q" * 16, b"r" * 8)
    stage.script["b"] = [RAISED]
    flow_run_id = stage.begun_in_prefect(labels={"__OTEL_TRACEPARENT": prefects.traceparent})
    await stage.engine.run_flow_run(flow_run_id)
    (span,) = recording.named("execution")
    assert context_of(span).parent_span_id == prefects.span_id
    assert {context_of(span).trace_id, *(job.trace.trace_id for job in stage.lanes.jobs)} == {prefects.trace_id}
    told = dict(span.attributes or {})
    assert (told["vortex.flow_run_id"], told["vortex.status"]) == (flow_run_id, "failed")
    assert span.status.is_ok is False
    adopted, *_ = stage.run_of(flow_run_id).history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert adopted.options["trace"] == prefects.to_dict()


@pytest.mark.parametrize("named", ["nonsense", 7, True])
async def test_a_label_that_names_nothing_is_passed_over(stage: Stage, named: Any) -> None:
    flow_run_id = stage.begun_in_prefect(labels={"__OTEL_TRACEPARENT": named})
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    assert {job.trace.trace_id.hex() for job in stage.lanes.jobs} == {flow_run_id.replace("-", "")}
    adopted, *_ = stage.run_of(flow_run_id).history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert adopted.options["trace"] is None


async def test_why_an_execution_could_not_begin_is_in_its_span(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    await stage.engine.execute(ExecutionRequest(new_id(), FORM.to_document(), "another hash"))
    await stage.settled()
    (span,) = recording.named("execution")
    assert (span.attributes or {})["error.type"] == "VE-011"
