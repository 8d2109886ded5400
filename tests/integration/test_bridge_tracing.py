"""The header `traceparent`: what it does to an execution, and that it never hinders one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.tracer import Recording, context_of
from vortex_prefect.core.contracts import ExecutionRequest

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


async def asked(made: Bridge, *headers: tuple[str, str], named_by_body: bool = False) -> ExecutionRequest:
    """What the engine is asked for after a request with these headers."""
    graph_id = await made.graph()
    path = "/api/graph/execute" if named_by_body else f"/api/graph/{graph_id}/execute"
    body = {"graph_id": graph_id} if named_by_body else {}
    response = await made.http.post(path, json=body, headers=httpx.Headers([*made.http.headers.raw, *_raw(headers)]))
    assert response.status_code == 202, response.text
    request = await made.engine.submitted.get()
    assert request.execution_id == response.json()["execution_id"]
    return request


def _raw(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


@pytest.mark.parametrize("named_by_body", [False, True])
async def test_without_a_tracer_the_execution_is_in_the_trace_of_the_request(made: Bridge, named_by_body: bool) -> None:
    request = await asked(made, ("traceparent", TRACEPARENT), named_by_body=named_by_body)
    assert request.trace is not None
    assert (request.trace.trace_id.hex(), request.trace.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert request.trace.span_id.hex() not in (SPAN_ID, "0" * 16)
    (event,) = await made.store.read(lambda uow: uow.events(aggregate_id=request.execution_id)[:1])
    assert event.trace_id == TRACE_ID


@pytest.mark.parametrize("named_by_body", [False, True])
async def test_the_request_is_a_span(made: Bridge, monkeypatch: pytest.MonkeyPatch, named_by_body: bool) -> None:
    recording = Recording(monkeypatch)
    request = await asked(made, ("traceparent", TRACEPARENT), named_by_body=named_by_body)
    (span,) = recording.spans
    assert (span.name, span.kind) == ("POST execute", SpanKind.SERVER)
    assert context_of(span) == request.trace
    assert request.trace.parent_span_id.hex() == SPAN_ID
    assert (span.attributes or {})["vortex.execution_id"] == request.execution_id


async def test_a_request_of_nobodys_begins_a_trace_if_there_is_a_tracer(
    made: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await asked(made)).trace is None
    recording = Recording(monkeypatch)
    request = await asked(made)
    (span,) = recording.spans
    assert span.parent is None
    assert context_of(span) == request.trace


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "nonsense")],
        [("traceparent", "")],
        [("traceparent", TRACEPARENT.upper())],
        [("traceparent", f"00-{'0' * 32}-{SPAN_ID}-01")],
        [("traceparent", "\u00ff" * 55)],
        [("traceparent", "0" * 8000)],
        [("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)],
        [("tracestate", "a=1")],
    ],
)
async def test_a_malformed_header_is_ignored(made: Bridge, headers: list[tuple[str, str]]) -> None:
    assert (await asked(made, *headers)).trace is None


async def test_whoever_does_not_want_it_recorded_is_heeded(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    request = await asked(made, ("traceparent", TRACEPARENT[:-1] + "0"))
    assert request.trace is not None
    assert (request.trace.trace_id.hex(), request.trace.sampled) == (TRACE_ID, False)
    assert recording.spans == ()


async def test_a_refused_request_is_a_span_with_the_code(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    graph_id = await made.graph(outputs=[])
    body = {"options": {"targets": ["nobody"]}}
    response = await made.http.post(f"/api/graph/{graph_id}/execute", json=body, headers={"traceparent": TRACEPARENT})
    assert response.status_code == 400
    (span,) = recording.spans
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "RQ-001"


async def test_other_requests_are_no_spans(made: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    for path in ("/healthz", "/api/queue", f"/api/graph/{await made.graph()}"):
        assert (await made.http.get(path, headers={"traceparent": TRACEPARENT})).status_code == 200
    assert recording.spans == ()
