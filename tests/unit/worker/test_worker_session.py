"""The worker's end of a job: the handshake, and results."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.worker.peer import JOB, WELCOME, Connect, gives_one
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import (
    PREVIEW,
    PROTOCOL_VERSION,
    Batch,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Preview,
    Probe,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
)
from vortex_worker import session as module
from vortex_worker.session import HostSession

pytestmark = pytest.mark.usefixtures("no_heartbeat")


def _opened(answer: Payload) -> tuple[HostSession, Welcome]:
    here, there = MemoryChannel.pair()
    session = HostSession(there)
    here.send(encode(answer))
    return session, session.open(Hello(1, []))


def test_a_welcome_is_taken_as_it_comes() -> None:
    welcome = replace(WELCOME, index=3, device="cuda:1", beat_ms=250, spin_us=50, capabilities=frozenset({PREVIEW}))
    assert _opened(welcome)[1] == welcome


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replace(WELCOME, error=WorkerError("WK-010", "nobody started you")), "nobody started you"),
        (replace(WELCOME, protocol=PROTOCOL_VERSION + 1), f"the host speaks protocol {PROTOCOL_VERSION + 1}"),
        (Probe(1), "did not answer the handshake"),
    ],
    ids=["refused", "another protocol", "no welcome"],
)
def test_a_host_that_does_not_welcome_the_worker_is_left(answer: Payload, why: str) -> None:
    with pytest.raises(WorkerError, match="WK-010") as raised:
        _opened(answer)
    assert why in raised.value.message


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ({"out": Value("JSON", data=object())}, "not JSON serializable"),
        ({"out": Value("STRING", data="x" * MAX_FRAME_BYTES)}, "above the limit of 16777216"),
        ({"\ud800": Value("INT", data=1)}, "has no form on the wire"),
    ],
    ids=["no JSON", "too long", "no UTF-8"],
)
def test_a_result_that_cannot_be_sent_is_a_failure_of_the_node(
    connect: Connect, outputs: dict[str, Value], why: str
) -> None:
    peer = connect(lambda session, job: JobOutcome(job.job_id, outputs, started_ms=3, finished_ms=4))
    peer.say(JOB)
    result = peer.hear()
    assert isinstance(result, JobOutcome)
    assert (result.job_id, result.outputs, result.started_ms, result.finished_ms) == ("j", {}, 3, 4)
    assert result.error is not None
    assert result.error.code == "WK-003"
    assert result.error.message.startswith("a result cannot be sent: ")
    assert why in result.error.message
    peer.hear_nothing_more()


def test_a_result_that_is_too_deep_is_a_failure_of_the_node(connect: Connect) -> None:
    deep = Value("INT", data=1)
    for _ in range(5000):
        deep = Value("ANY", items=(deep,))
    peer = connect(lambda session, job: JobOutcome(job.job_id, {"out": deep}))
    peer.say(JOB)
    result = peer.hear()
    assert isinstance(result, JobOutcome)
    assert result.error is not None
    assert result.error.code == "WK-003"


def test_the_traces_of_jobs_go_into_the_packets_that_they_cause(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 0.0)
    first, second = (TraceContext(bytes([n]) * 16, bytes([n]) * 8, bytes([n + 1]) * 8) for n in (1, 3))

    def run(session: HostSession, job: Job) -> JobOutcome:
        print("said")
        session.report(job.job_id, 0.5, "")
        session.show(job.job_id, b"jpeg")
        session.ask_room(8)
        return gives_one(session, job)

    peer = connect(run, WELCOME)
    peer.say(Batch((replace(JOB, trace=first), replace(JOB, job_id="k", trace=second))))
    heard: list[tuple[type, TraceContext]] = []
    for _ in range(10):
        payload, trace = peer.hear_traced()
        heard.append((type(payload), trace))
        if isinstance(payload, RoomRequest):
            peer.say(RoomGrant(64, 8, 1))
    kinds = [JobLog, Progress, Preview, RoomRequest, JobOutcome]
    assert [kind for kind, _ in heard] == [*kinds, *kinds]
    for traces, job_trace in ((heard[:5], first), (heard[5:], second)):
        # The worker's own span, under the one that the job came with.
        (span,) = {trace for _, trace in traces}
        assert (span.trace_id, span.parent_span_id) == (job_trace.trace_id, job_trace.span_id)


def test_what_the_host_says_out_of_turn_ends_the_session(connect: Connect) -> None:
    peer = connect(gives_one)
    peer.say(RoomGrant())
    peer.close()
    assert isinstance(peer.failure, WorkerError)
    assert peer.failure.code == "WK-010"


def test_a_cancel_of_a_job_that_is_over_is_nothing_to_the_next(connect: Connect) -> None:
    peer = connect(gives_one)
    peer.say(JOB)
    peer.hear_all(1)
    peer.say(Cancel("j"), JOB)
    assert peer.hear_all(1) == [gives_one(peer.session, JOB)]
