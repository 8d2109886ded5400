"""From the engine's attempt through the host's packets to the worker: one span under the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.tracer import Recording, context_of
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.ipc.job_spans import job_span, note_outcome
from vortex_prefect.wire.packets import decode, encode

ATTEMPT = TraceContext(b"t" * 16, b"a" * 8, b"e" * 8)
JOB = Job("j", "e", "n", "t.blur", 2, trace=ATTEMPT)


def through_a_packet(job: Job) -> Job:
    arrived = decode(encode(job))
    assert isinstance(arrived, Job)
    return arrived


def test_without_a_tracer_packets_link_up() -> None:
    with job_span("host", JOB) as host:
        arrived = through_a_packet(replace(JOB, trace=host.trace))
        with job_span("worker", arrived) as worker:
            pass
    assert arrived.trace == host.trace
    assert (host.trace.parent_span_id, worker.trace.parent_span_id) == (ATTEMPT.span_id, host.trace.span_id)
    assert {host.trace.trace_id, worker.trace.trace_id} == {ATTEMPT.trace_id}


def test_with_a_tracer_spans_do(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    with job_span("host", JOB) as host, job_span("worker", through_a_packet(replace(JOB, trace=host.trace))) as worker:
        note_outcome(worker, JobOutcome("j", error=WorkerError("WK-003", "no"), worker_id="w1"))
    of_worker, of_host = recording.spans
    assert (of_worker.name, of_host.name) == ("worker job", "host job")
    assert (context_of(of_worker), context_of(of_host)) == (worker.trace, host.trace)
    assert (host.trace.parent_span_id, worker.trace.parent_span_id) == (ATTEMPT.span_id, host.trace.span_id)
    assert dict(of_worker.attributes or {}) == {
        "vortex.execution_id": "e",
        "vortex.node_id": "n",
        "vortex.node_type": "t.blur",
        "vortex.attempt": 2,
        "vortex.job_id": "j",
        "vortex.purpose": "run",
        "vortex.worker_id": "w1",
        "error.type": "WK-003",
    }
    assert (of_worker.status.is_ok, of_worker.status.description) == (False, "no")
    assert of_host.status.is_ok


def test_a_job_that_went_well(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    with job_span("worker", JOB) as begun:
        note_outcome(begun, JobOutcome("j"))
    (ended,) = recording.spans
    assert ended.status.is_ok
    assert not {"error.type", "vortex.worker_id"} & set(ended.attributes or {})
