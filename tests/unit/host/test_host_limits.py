"""What a worker may take of time, and how much it may say, while it has a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.unit.host.scripted import JOB, RESULT, Host
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINES_A_JOB, LINES_A_SECOND, LogLine
from vortex_prefect.host import conversation
from vortex_prefect.host.conversation import converse
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import (
    Beat,
    JobLog,
    Payload,
    Preview,
    Progress,
)

ONE, TWO, THREE = BATCH = tuple(Job(name, "e", f"node {name}", "t.node") for name in ("one", "two", "three"))


# -- time --------------------------------------------------------------------------------------


class Timed:
    """A channel of which each frame comes at its time, and the clock that goes on while it is waited for."""

    def __init__(self, *script: tuple[float, Payload]) -> None:
        self.now = 100.0
        self._script = [(self.now + at_s, encode(payload)) for at_s, payload in script]
        self.bytes_sent = self.bytes_received = 0

    def monotonic(self) -> float:
        return self.now

    def send(self, body: bytes) -> None:
        self.bytes_sent += len(body)

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        assert timeout_s is not None, "a silent worker would be waited for for ever"
        if self._script and self._script[0][0] <= self.now + timeout_s:
            at, body = self._script.pop(0)
            self.now = max(self.now, at)
            return body
        self.now += timeout_s
        return None

    def spin(self, limit_us: int) -> None:
        """Never."""

    def close(self) -> None:
        """Never."""


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Timed]:
    """Makes a channel whose clock is the conversation's."""

    def make(*script: tuple[float, Payload]) -> Timed:
        channel = Timed(*script)
        monkeypatch.setattr(
            conversation, "time", SimpleNamespace(monotonic=channel.monotonic, perf_counter_ns=time.perf_counter_ns)
        )
        return channel

    return make


def _limited(limit_s: float | None) -> tuple[Job, ...]:
    return tuple(replace(job, timeout_s=limit_s) for job in BATCH)


def test_the_limit_of_each_job_counts_from_the_end_of_the_one_before(host: Host, timed: Callable[..., Timed]) -> None:
    channel = timed((9, JobOutcome("one")), (18, JobOutcome("two")), (27.5, JobOutcome("three")))
    converse(channel, _limited(10), host.handlers)
    assert len(host.results) == 3


def test_a_later_job_of_a_batch_may_not_take_longer_than_its_limit_either(
    host: Host, timed: Callable[..., Timed]
) -> None:
    channel = timed((2, JobOutcome("one")), (13, JobOutcome("two")))
    with pytest.raises(WorkerError, match="WK-005") as raised:
        converse(channel, _limited(10), host.handlers)
    assert "node two ran longer than its limit of 10 s" in raised.value.message
    assert channel.now == 112
    assert host.results == [JobOutcome("one")]


def test_each_job_of_a_batch_has_its_own_limit(host: Host, timed: Callable[..., Timed]) -> None:
    jobs = (replace(ONE, timeout_s=100), replace(TWO, timeout_s=1), THREE)
    with pytest.raises(WorkerError, match="WK-005"):
        converse(timed((50, JobOutcome("one")), (52, JobOutcome("two"))), jobs, host.handlers)


def test_signs_of_life_do_not_put_a_limit_off(host: Host, timed: Callable[..., Timed]) -> None:
    channel = timed(*[(second, Beat(second, 1)) for second in range(1, 30)])
    with pytest.raises(WorkerError, match="WK-005"):
        converse(channel, _limited(10), host.handlers)
    assert channel.now == 110


def test_signs_of_life_end_the_silence(host: Host, timed: Callable[..., Timed]) -> None:
    silence_s = conversation.SILENCE_LIMIT_S
    channel = timed(*[(number * (silence_s - 1), Beat(number, 1)) for number in range(1, 10)])
    with pytest.raises(WorkerError, match="WK-001"):
        converse(channel, [JOB], host.handlers)
    assert len(host.beats) == 9
    assert channel.now == 100 + 9 * (silence_s - 1) + silence_s


# -- a worker without measure ------------------------------------------------------------------

LINE = LogLine(20, "said", 0)
RATE, BURST = 1000, 4000
BEAT_RATE, BEAT_BURST = 100, 200


@pytest.mark.parametrize(
    ("payload", "most"),
    [
        (Beat(1, 1), BEAT_BURST),
        (Progress("j", 0.5), BURST),
        (Progress("another", 0.5), BURST),
        (Preview("j", b"jpeg"), BURST),
        (JobLog("j", LINE), BURST),
        (JobLog("another", LINE), BURST),
    ],
    ids=["beats", "progress", "progress of nobody", "previews", "lines", "lines of nobody"],
)
def test_so_many_packets_at_once_and_not_one_more(
    host: Host, timed: Callable[..., Timed], payload: Payload, most: int
) -> None:
    converse(timed(*[(0, payload)] * most, (0, RESULT)), [JOB], host.handlers)
    assert host.results == [RESULT]
    with pytest.raises(WorkerError, match="WK-010") as raised:
        converse(timed(*[(0, payload)] * (most + 1), (0, RESULT)), [JOB], host.handlers)
    assert "floods" in raised.value.message


@pytest.mark.parametrize(
    ("payload", "rate"), [(Beat(1, 1), BEAT_RATE), (Progress("j", 0.5), RATE)], ids=["beats", "progress"]
)
def test_a_rate_that_a_worker_may_keep_up_and_one_that_it_may_not(
    host: Host, timed: Callable[..., Timed], payload: Payload, rate: int
) -> None:
    def at(times: float) -> Timed:
        count = round(60 * rate * times)
        return timed(*[(number / (rate * times), payload) for number in range(count)], (60, RESULT))

    converse(at(1), [JOB], host.handlers)
    assert host.results == [RESULT]
    with pytest.raises(WorkerError, match="WK-010"):
        converse(at(1.1), [JOB], host.handlers)


def test_beats_and_all_else_are_counted_apart(host: Host, timed: Callable[..., Timed]) -> None:
    packets = [(0, Beat(1, 1))] * BEAT_BURST + [(0, Progress("j", 0.5))] * BURST
    converse(timed(*packets, (0, RESULT)), [JOB], host.handlers)
    assert host.results == [RESULT]


def test_all_that_a_job_may_say_at_once_passes(host: Host, timed: Callable[..., Timed]) -> None:
    said = [(0, JobLog("j", LINE))] * (LINES_A_JOB + 1)
    shown = [(0, Progress("j", 0.5)), (0, Preview("j", b"jpeg"))] * 30
    converse(timed(*said, *shown, (0, RESULT)), [JOB], host.handlers)
    assert len(host.lines) == LINES_A_JOB + 1


def test_a_flood_in_a_later_job_of_a_batch_is_one_too(host: Host, timed: Callable[..., Timed]) -> None:
    flood = [(0, Progress("one", 0.5))] * BURST
    channel = timed(*flood, (0, JobOutcome("one")), *flood, *flood, (0, JobOutcome("two")))
    with pytest.raises(WorkerError, match="WK-010"):
        converse(channel, [ONE, TWO], host.handlers)


def test_all_that_the_jobs_of_a_batch_may_say_passes(host: Host, timed: Callable[..., Timed]) -> None:
    """Each of them may say 200 lines within its first moment, and a batch of small nodes is over in a few."""
    jobs = [Job(str(number), "e", "node", "t.node") for number in range(30)]
    script: list[tuple[float, Payload]] = []
    for job in jobs:
        script += [(0, JobLog(job.job_id, LINE))] * LINES_A_SECOND
        script.append((0, JobOutcome(job.job_id)))
    converse(timed(*script), jobs, host.handlers)
    assert len(host.results) == len(jobs)
