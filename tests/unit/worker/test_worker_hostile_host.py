"""A worker whose host asks for what no host should."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Batch, Beat, Hello, Payload, Progress, RoomGrant, Welcome
from vortex_worker.session import HostSession

WELCOME = Welcome("h", "", "", "")


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time between two beats, for each beginning of a heartbeat; it has a thread of its own otherwise."""
    found: list[float] = []
    monkeypatch.setattr(HostSession, "_beat", lambda session: found.append(session._beat_s))
    return found


class Looking(MemoryChannel):
    """Notes how long it is to look."""

    longest_us = 0

    def spin(self, limit_us: int) -> None:
        """See `Channel.spin`."""
        self.longest_us = limit_us


def _session(welcome: Welcome) -> tuple[HostSession, MemoryChannel, MemoryChannel]:
    here, there = Looking.pair()
    session = HostSession(there)
    here.send(encode(welcome))
    session.open(Hello(1, []))
    here.receive(0)
    return session, here, there


@pytest.mark.parametrize(("beat_ms", "beat_s"), [(0, 0.01), (1, 0.01), (250, 0.25)])
def test_beats_have_pauses(beats: list[float], beat_ms: int, beat_s: float) -> None:
    session, _, _ = _session(replace(WELCOME, beat_ms=beat_ms))
    session._beat()
    assert beats == [beat_s]


@pytest.mark.parametrize(("spin_us", "us"), [(2**32 - 1, 10_000), (50, 50), (0, 0)])
def test_nobody_looks_for_longer_than_a_moment(spin_us: int, us: int) -> None:
    _, _, there = _session(replace(WELCOME, spin_us=spin_us))
    assert isinstance(there, Looking)
    assert there.longest_us == us


@pytest.mark.parametrize(
    "packet",
    [WELCOME, RoomGrant(4096, 64, 1), Progress("j", 0.5), JobOutcome("j"), Beat(1, 1)],
    ids=lambda packet: type(packet).__name__,
)
def test_what_no_host_sends_ends_the_session(beats: list[float], packet: Payload) -> None:
    session, here, _ = _session(WELCOME)
    here.send(encode(packet))
    with pytest.raises(WorkerError, match=r"WK-010.*between jobs"):
        session.serve(lambda job: JobOutcome(job.job_id), lambda: Beat(0, 0))


def test_a_job_that_comes_during_another_is_refused(beats: list[float]) -> None:
    session, here, _ = _session(WELCOME)
    for number in range(2):
        here.send(encode(Job(f"j-{number}", "e", "n", "t")))

    def run(job: Job) -> JobOutcome:
        session.report(job.job_id, 0.5, "")
        return JobOutcome(job.job_id)

    with pytest.raises(WorkerError, match=r"WK-010.*sent Job in the middle of a job"):
        session.serve(run, lambda: Beat(0, 0))


def test_garbage_ends_the_session(beats: list[float]) -> None:
    session, here, _ = _session(WELCOME)
    here.send(b"\xff\xff\xff")
    with pytest.raises(WorkerError, match="WK-010"):
        session.serve(lambda job: JobOutcome(job.job_id), lambda: Beat(0, 0))


def test_a_link_to_nothing_fails_its_job_and_not_the_worker(beats: list[float]) -> None:
    session, here, _ = _session(WELCOME)
    here.send(encode(Batch((Job("j", "e", "n", "t", links={"in": ("out",)}),))))
    here.send(encode(Job("k", "e", "n", "t")))
    serving = threading.Thread(target=session.serve, args=(lambda job: JobOutcome(job.job_id), lambda: Beat(0, 0)))
    serving.start()
    outcomes = [decode(here.receive(10) or b"") for _ in range(2)]
    here.close()
    serving.join(10)
    assert [(each.job_id, each.error and each.error.code) for each in outcomes if isinstance(each, JobOutcome)] == [
        ("j", "WK-002"),
        ("k", None),
    ]
