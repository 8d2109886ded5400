"""Spans: contexts without a tracer, and the same ids with one."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler, TraceIdRatioBased

from tests.fakes.tracer import Recording, context_of
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.ipc.tracing import span

PARENT = TraceContext(b"t" * 16, b"s" * 8, b"p" * 8)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    return Recording(monkeypatch)


def test_without_a_tracer_a_child_has_a_context_all_the_same() -> None:
    with span("a", PARENT, {"n": 1}) as first, span("b", PARENT) as second:
        first.set("more", 2)
        first.fail("WK-003", "no")
    assert {one.trace.trace_id for one in (first, second)} == {PARENT.trace_id}
    assert {one.trace.parent_span_id for one in (first, second)} == {PARENT.span_id}
    assert len({one.trace.span_id for one in (first, second)} | {PARENT.span_id, bytes(8)}) == 4
    assert first.traced


def test_without_a_tracer_a_trace_begins_that_nobody_follows() -> None:
    begun, other = span("a", TraceContext()), span("a", TraceContext())
    assert begun.trace
    assert begun.trace.parent_span_id == bytes(8)
    assert begun.trace.trace_id != other.trace.trace_id
    assert not begun.traced
    wanted = span("a", TraceContext(b"t" * 16))
    assert (wanted.trace.trace_id, wanted.trace.parent_span_id) == (b"t" * 16, bytes(8))
    assert not wanted.traced


def test_without_a_tracer_none_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an API that does nothing does costs as much again as all the rest."""

    def ask(*_: object) -> None:
        raise AssertionError("a tracer was asked for")

    monkeypatch.setattr(trace.ProxyTracerProvider, "get_tracer", ask)
    with span("a", PARENT) as begun:
        assert begun.trace.parent_span_id == PARENT.span_id


def test_whoever_does_not_sample_is_heeded(recording: Recording) -> None:
    unsampled = TraceContext(b"t" * 16, b"s" * 8, sampled=False)
    with span("a", unsampled) as begun:
        pass
    assert (begun.trace.trace_id, begun.trace.sampled) == (b"t" * 16, False)
    assert begun.trace.span_id != unsampled.span_id
    assert recording.spans == ()


def test_without_a_tracer_the_callers_wish_travels_on() -> None:
    assert span("a", TraceContext(b"t" * 16, b"s" * 8, sampled=False)).trace.sampled is False


def test_a_tracers_span_is_the_context(recording: Recording) -> None:
    with span("a", PARENT, {"node": "n", "attempt": 2}, "server") as begun:
        begun.set("late", "yes")
    (ended,) = recording.spans
    assert context_of(ended) == begun.trace
    assert begun.trace.parent_span_id == PARENT.span_id
    assert (ended.name, ended.kind, dict(ended.attributes or {})) == (
        "a", trace.SpanKind.SERVER, {"node": "n", "attempt": 2, "late": "yes"},
    )  # fmt: skip
    assert ended.parent is not None
    assert ended.parent.is_remote
    assert ended.status.status_code is trace.StatusCode.UNSET
    assert begun.traced


def test_a_tracers_trace_begins(recording: Recording) -> None:
    with span("outer", PARENT), span("a", TraceContext()) as begun:
        pass
    (ended,) = recording.named("a")
    assert ended.parent is None, "what surrounds it is no parent unless it is named"
    assert context_of(ended) == begun.trace
    assert begun.traced


def test_failures_are_marked(recording: Recording) -> None:
    with pytest.raises(WorkerError), span("of ours", PARENT):
        raise WorkerError("WK-001", "gone")
    with pytest.raises(ZeroDivisionError), span("foreign", PARENT):
        raise ZeroDivisionError("by zero")
    with pytest.raises(asyncio.CancelledError), span("cancelled", PARENT):
        raise asyncio.CancelledError
    with span("told", PARENT) as begun:
        begun.fail("WK-003", "no")
    told = {each.name: ((each.attributes or {})["error.type"], each.status.description) for each in recording.spans}
    assert told == {
        "of ours": ("WK-001", "gone"),
        "foreign": ("ZeroDivisionError", "by zero"),
        "cancelled": ("CancelledError", ""),
        "told": ("WK-003", "no"),
    }
    assert {each.status.status_code for each in recording.spans} == {trace.StatusCode.ERROR}


def test_what_a_node_traces_itself_is_under_the_block(recording: Recording) -> None:
    with span("worker job", PARENT) as begun, recording.provider.get_tracer("a node").start_as_current_span("mine"):
        pass
    (mine,) = recording.named("mine")
    assert context_of(mine).parent_span_id == begun.trace.span_id
    assert not trace.get_current_span().get_span_context().is_valid, "the block has left it as it was"


def test_without_a_block_it_ends_once(recording: Recording) -> None:
    begun = span("a", PARENT)
    assert recording.spans == ()
    begun.end()
    begun.end()
    assert len(recording.spans) == 1


def test_a_tracer_that_does_nothing_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    for parent in (PARENT, TraceContext()):
        begun = span("a", parent)
        assert begun.trace
        assert begun.trace.span_id != parent.span_id
        assert begun.trace.parent_span_id == parent.span_id


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, TraceIdRatioBased(0.0)])
def test_a_sampler_decides_for_all_that_follows(monkeypatch: pytest.MonkeyPatch, sampler: Sampler) -> None:
    recording = Recording(monkeypatch, sampler)
    with span("a", TraceContext()) as begun, span("b", begun.trace) as below:
        pass
    assert recording.spans == ()
    assert begun.traced
    assert (begun.trace.sampled, below.trace.sampled) == (False, False)
    assert below.trace.trace_id == begun.trace.trace_id
