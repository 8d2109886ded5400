"""The conversation about a batch of jobs: order, failures, and those that are taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.host.scripted import JOB, RESULT, Host, Worker
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.host import conversation
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import (
    Batch,
    Cancel,
    JobLog,
    Payload,
    Preview,
    Progress,
)

ONE, TWO, THREE = BATCH = tuple(Job(name, "e", f"node {name}", "t.node") for name in ("one", "two", "three"))
FAILED = WorkerError("WK-003", "raised")


def _plays(*payloads: Payload) -> Worker:
    """Says these whatever it is asked."""

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        for payload in payloads:
            channel.send(encode(payload))

    return worker


def test_several_jobs_go_out_as_one_packet_and_their_results_come_in_order(host: Host) -> None:
    asked: list[Payload] = []
    results = [JobOutcome(job.job_id, {"out": Value("STRING", data=job.job_id)}) for job in BATCH]

    def worker(channel: MemoryChannel) -> None:
        asked.append(decode(channel.receive(10) or b""))
        for result in results:
            channel.send(encode(Progress(result.job_id, 0.5)))
            channel.send(encode(result))
        with pytest.raises(ChannelClosed):
            channel.receive(10)

    host.run_all(worker, *BATCH)
    assert asked == [Batch(BATCH)]
    assert host.results == results
    assert [progress.job_id for progress in host.progress] == ["one", "two", "three"]


def test_nothing_more_is_waited_for_after_the_first_failure(host: Host) -> None:
    host.run_all(_plays(JobOutcome("one"), JobOutcome("two", error=FAILED)), *BATCH)
    assert [(result.job_id, result.error is None) for result in host.results] == [("one", True), ("two", False)]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (["two"], []),
        (["one", "one"], ["one"]),
        (["one", "three"], ["one"]),
        (["one", "another"], ["one"]),
        (["one", "two", "one"], ["one", "two"]),
    ],
    ids=["early", "replayed", "one left out", "foreign", "replayed later"],
)
def test_results_in_any_other_order_are_a_violation(host: Host, given: list[str], taken: list[str]) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        host.run_all(_plays(*[JobOutcome(job_id) for job_id in given]), *BATCH)
    assert [result.job_id for result in host.results] == taken


def test_what_comes_of_a_job_that_is_not_the_one_that_runs_is_not_passed_on(host: Host) -> None:
    def about(job_id: str) -> list[Payload]:
        return [Progress(job_id, 0.5), Preview(job_id, b"jpeg"), JobLog(job_id, LogLine(20, "said", now_ms()))]

    mixed = [*about("two"), *about("one"), JobOutcome("one"), *about("one"), *about("two"), *about("gone")]
    host.run_all(_plays(*mixed, JobOutcome("two")), ONE, TWO)
    assert [progress.job_id for progress in host.progress] == ["one", "two"]
    assert [preview.job_id for preview in host.previews] == ["one", "two"]
    assert host.speakers == ["one", "two"]


def test_the_workers_death_leaves_the_results_that_it_gave(host: Host) -> None:
    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        channel.send(encode(JobOutcome("one")))
        channel.close()

    with pytest.raises(ChannelClosed):
        host.run_all(worker, *BATCH)
    assert host.results == [JobOutcome("one")]


@pytest.mark.parametrize("began", [False, True], ids=["in time", "too late"])
def test_those_behind_a_job_that_takes_long_are_taken_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, began: bool
) -> None:
    monkeypatch.setattr(conversation, "TOGETHER_S", 0.0)
    jobs = [replace(JOB, job_id=name) for name in "abc"]
    not_run = WorkerError("WK-006", "cancelled before it began")

    def worker(channel: MemoryChannel) -> None:
        assert isinstance(decode(channel.receive(10) or b""), Batch)
        assert [decode(channel.receive(10) or b"") for _ in "bc"] == [Cancel(name, unless_begun=True) for name in "bc"]
        channel.send(encode(replace(RESULT, job_id="a")))
        if began:  # before the worker had looked
            channel.send(encode(replace(RESULT, job_id="b")))
        channel.send(encode(JobOutcome("c" if began else "b", error=not_run)))

    host.run_all(worker, *jobs)
    assert [(result.job_id, result.error) for result in host.results] == [
        (name, None) for name in ("ab" if began else "a")
    ]
    assert host.progress[0] == Progress("a", 0.0)
    assert host.left


def test_the_last_one_that_takes_long_is_told_as_running_too(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "TOGETHER_S", 0.0)

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        for name in "ab":
            channel.send(encode(replace(RESULT, job_id=name)))

    host.run_all(worker, *(replace(JOB, job_id=name) for name in "ab"))
    assert host.progress == [Progress("a", 0.0), Progress("b", 0.0)]


def test_what_ends_cancelled_after_it_has_begun_is_not_run_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked back too late, and then somebody cancelled it, or the node itself gave up."""
    monkeypatch.setattr(conversation, "TOGETHER_S", 0.0)
    jobs = [replace(JOB, job_id=name) for name in "ab"]

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        assert decode(channel.receive(10) or b"") == Cancel("b", unless_begun=True)
        channel.send(encode(JobOutcome("a")))
        channel.send(encode(JobOutcome("b", error=WorkerError("WK-006", "cancelled while it ran"), started_ms=5)))

    host.run_all(worker, *jobs)
    assert [result.error and result.error.message for result in host.results] == [None, "cancelled while it ran"]
    assert not host.left


def test_what_somebody_cancels_in_a_batch_is_a_result(host: Host) -> None:
    jobs = [replace(JOB, job_id=name) for name in "ab"]

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        channel.send(encode(JobOutcome("a", error=WorkerError("WK-006", "cancelled while it ran"))))

    host.run_all(worker, *jobs)
    assert [result.error and result.error.code for result in host.results] == ["WK-006"]
    assert not host.left
