"""Jobs that come together, and which of them a cancel ends."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.unit.worker.peer import JOB, STATE, Connect, Turns, batch_of, errors_of, gives_one, lines
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.wire.payloads import Batch, Cancel, Probe, RoomGrant, RoomRequest
from vortex_worker.sdk.context import Cancelled
from vortex_worker.session import HostSession

pytestmark = pytest.mark.usefixtures("no_heartbeat")


def test_each_job_of_a_batch_gets_what_it_links_to_from_the_one_before(connect: Connect) -> None:
    ran: list[Job] = []

    def run(session: HostSession, job: Job) -> JobOutcome:
        ran.append(job)
        return JobOutcome(job.job_id, {name: Value("STRING", data=f"{name} of {job.job_id}") for name in ("a", "b")})

    given: dict[str, tuple[Value, ...]] = {"kept": (Value("INT", data=1),)}
    one = Job("one", "e", "n", "t")
    two = Job("two", "e", "n", "t", inputs=given, links={"in": ("a",), "many": ("b", "a")})
    three = Job("three", "e", "n", "t", links={"in": ("b",)})
    peer = connect(run)
    peer.say(Batch((one, two, three)))
    heard = peer.hear_all(3)
    assert [result.job_id for result in heard if isinstance(result, JobOutcome)] == ["one", "two", "three"]
    a, b, b2 = (Value("STRING", data=text) for text in ("a of one", "b of one", "b of two"))
    assert [job.inputs for job in ran] == [{}, {**given, "in": (a,), "many": (b, a)}, {"in": (b2,)}]
    assert all(not job.links for job in ran)


def test_a_batch_ends_with_its_first_failure(connect: Connect) -> None:
    ran: list[str] = []

    def run(session: HostSession, job: Job) -> JobOutcome:
        ran.append(job.job_id)
        error = WorkerError("WK-003", "raised") if job.job_id == "two" else None
        return JobOutcome(job.job_id, error=error)

    peer = connect(run)
    peer.say(batch_of("one", "two", "three"))
    one, two = peer.hear_all(2)
    assert isinstance(two, JobOutcome)
    assert (one, two.job_id) == (JobOutcome("one"), "two")
    peer.hear_nothing_more()
    assert ran == ["one", "two"]


def test_a_result_that_cannot_be_sent_ends_its_batch(connect: Connect) -> None:
    peer = connect(lambda session, job: JobOutcome(job.job_id, {"out": Value("JSON", data=object())}))
    peer.say(batch_of("one", "two"))
    (one,) = peer.hear_all(1)
    assert isinstance(one, JobOutcome)
    assert one.error is not None
    peer.hear_nothing_more()


def test_a_job_that_links_to_nothing_is_a_failure_of_that_job(connect: Connect) -> None:
    linked = Job("two", "e", "n", "t", links={"in": ("missing",)})
    peer = connect(gives_one)
    peer.say(Batch((Job("one", "e", "n", "t"), linked)))
    *_, two = peer.hear_all(2)
    assert isinstance(two, JobOutcome)
    assert two.error is not None
    assert two.error.code == "WK-002"


def test_what_is_said_belongs_to_the_job_that_says_it(connect: Connect) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        print(f"in {job.job_id}")
        return gives_one(session, job)

    peer = connect(run)
    peer.say(batch_of("one", "two"))
    assert lines(peer.hear_all(2)) == [("one", "in one"), ("two", "in two")]


def test_a_later_job_of_a_batch_that_is_cancelled_does_not_begin(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(batch_of("one", "two", "three"))
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("two"))
    turns.may_report.release()
    assert errors_of(peer.hear_all(2)) == [("one", None), ("two", "cancelled before it began")]
    peer.hear_nothing_more()
    assert turns.began == ["one"]


def test_a_cancel_that_comes_after_the_last_report_keeps_the_next_job_from_beginning(connect: Connect) -> None:
    """Only the look between two jobs can find it."""
    running, cancelled = threading.Event(), threading.Event()

    def run(session: HostSession, job: Job) -> JobOutcome:
        assert job.job_id == "one"
        running.set()
        assert cancelled.wait(10)
        return JobOutcome(job.job_id)

    peer = connect(run)
    peer.say(batch_of("one", "two"))
    assert running.wait(10)
    peer.say(Cancel("two"))
    cancelled.set()
    heard = peer.hear_all(2)
    assert errors_of(heard) == [("one", None), ("two", "cancelled before it began")]
    assert isinstance(heard[-1], JobOutcome)
    assert heard[-1].error is not None
    assert heard[-1].error.code == "WK-006"


def test_a_cancel_is_noticed_at_the_next_report(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(JOB)
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("j"))
    turns.may_report.release()
    assert errors_of(peer.hear_all(1)) == [("j", "cancelled while it ran")]


def test_a_cancel_that_comes_before_room_is_noticed_at_the_next_report(connect: Connect) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        assert session.ask_room(8) == RoomGrant(64, 8, 1)
        with pytest.raises(Cancelled):
            session.report(job.job_id, 0.5, "")
        return JobOutcome(job.job_id)

    peer = connect(run)
    peer.say(JOB)
    assert peer.hear() == RoomRequest(8)
    peer.say(Cancel("j"), Probe(3), RoomGrant(64, 8, 1))
    assert peer.hear_all(1) == [STATE._replace(tick=3), JobOutcome("j")]


def test_a_job_that_is_asked_back_after_it_has_begun_runs_to_its_end(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(batch_of("one", "two", "three"))
    assert turns.running.acquire(timeout=10)
    turns.may_report.release()
    assert turns.running.acquire(timeout=10)  # the second one
    peer.say(Cancel("two", unless_begun=True), Cancel("three", unless_begun=True))
    turns.may_report.release(2)
    assert errors_of(peer.hear_all(3)) == [("one", None), ("two", None), ("three", "cancelled before it began")]
    assert turns.began == ["one", "two"]
    # They are not remembered: the host sends what it got back by itself, under the same name.
    peer.say(replace(JOB, job_id="three"))
    assert errors_of(peer.hear_all(1)) == [("three", None)]


def test_a_job_that_was_asked_back_is_cancelled_like_any_other(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(JOB)
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("j", unless_begun=True), Cancel("j"), Cancel("j", unless_begun=True))
    turns.may_report.release()
    assert errors_of(peer.hear_all(1)) == [("j", "cancelled while it ran")]


def test_a_cancel_of_another_job_lets_this_one_go_on(connect: Connect) -> None:
    turns = Turns()
    peer = connect(turns.run)
    peer.say(batch_of("one", "two"))
    assert turns.running.acquire(timeout=10)
    peer.say(Cancel("elsewhere"))
    turns.may_report.release(2)
    assert errors_of(peer.hear_all(2)) == [("one", None), ("two", None)]
