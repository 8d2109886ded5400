"""Probes and beats: signs of life between jobs and during them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.unit.worker.peer import JOB, STATE, WELCOME, Connect, Peer, Turns, await_heartbeats, errors_of, gives_one
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.wire.payloads import Beat, Probe
from vortex_worker.session import HostSession

pytestmark = pytest.mark.usefixtures("no_heartbeat")


def test_a_probe_is_answered_with_its_tick_and_trims_only_when_that_is_asked(connect: Connect) -> None:
    peer = connect(gives_one)
    peer.say(Probe(41))
    assert peer.hear() == STATE._replace(tick=41)
    assert peer.trims == 0
    peer.say(Probe(42, trim=True))
    assert peer.hear() == STATE._replace(tick=42)
    assert peer.trims == 1


def test_a_probe_during_a_job_is_answered_and_trims_nothing(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(JOB)
    assert turns.running.acquire(timeout=10)
    peer.say(Probe(43, trim=True))
    turns.may_report.release()
    heard = peer.hear_all(1)
    assert heard[0] == STATE._replace(tick=43)
    assert errors_of(heard) == [("j", None)]
    assert peer.trims == 0


def test_beats_go_on_between_jobs_and_during_them(beating: list[int], connect: Connect) -> None:
    running, may_end = threading.Event(), threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        running.set()
        assert may_end.wait(10)
        return gives_one(session, job)

    peer = connect(run, replace(WELCOME, beat_ms=1))
    assert [peer.hear() for _ in range(3)] == [STATE._replace(tick=tick) for tick in (1, 2, 3)]
    peer.say(JOB)
    assert running.wait(10)
    before = [peer.hear() for _ in range(20)]
    may_end.set()
    heard = peer.hear_all(1)
    assert all(isinstance(beat, Beat) for beat in before + heard[:-1])
    after = [peer.hear() for _ in range(3)]
    beats = [beat for beat in (*before, *heard, *after) if isinstance(beat, Beat)]
    assert [beat.tick for beat in beats] == list(range(4, 4 + len(beats)))


def test_a_worker_whose_host_is_gone_ends_whatever_it_does(beating: list[int]) -> None:
    running = threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        running.set()
        await_heartbeats()
        return gives_one(session, job)

    peer = Peer(run, replace(WELCOME, beat_ms=1))
    peer.say(JOB)
    assert running.wait(10)
    peer.close()
    assert beating == [1]
