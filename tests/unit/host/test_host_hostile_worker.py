"""What goes on from a conversation with a worker that has lost its measure."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINE_BYTES
from vortex_prefect.host import conversation
from vortex_prefect.host.conversation import Ears, Handlers, converse
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import encode
from vortex_prefect.wire.payloads import Payload, Progress, RoomGrant, RoomRequest

JOB = Job("j", "e", "node", "t.node")


def _hear(packets: Iterable[Payload]) -> tuple[list[JobOutcome], list[Progress]]:
    """What comes out if a worker says this."""
    here, there = MemoryChannel.pair()
    for packet in packets:
        there.send(encode(packet))
    outcomes: list[JobOutcome] = []
    progress: list[Progress] = []
    converse(
        here, [JOB], Handlers(lambda nbytes: RoomGrant(64, 64, 1), outcomes.append, Ears(progress=progress.append))
    )
    return outcomes, progress


@pytest.mark.parametrize(("said", "heard"), [(-1.0, 0.0), (7.5, 1.0), (math.inf, 1.0), (-math.inf, 0.0), (0.25, 0.25)])
def test_progress_is_between_nothing_and_all(said: float, heard: float) -> None:
    assert _hear([Progress("j", said, "note"), JobOutcome("j")])[1] == [Progress("j", heard, "note")]


def test_progress_that_is_no_number_is_not_heard() -> None:
    assert _hear([Progress("j", math.nan), JobOutcome("j")])[1] == []


def test_a_note_is_as_short_as_a_line() -> None:
    (progress,) = _hear([Progress("j", 0.5, "a\0" + "b" * 100_000), JobOutcome("j")])[1]
    assert progress.note.startswith("a\N{REPLACEMENT CHARACTER}b")
    assert len(progress.note.encode()) <= LINE_BYTES


@pytest.mark.parametrize(("started_ms", "finished_ms"), [(-(2**63), 2**63 - 1), (2**62, 5), (0, 0)])
def test_a_job_ran_while_it_ran(started_ms: int, finished_ms: int) -> None:
    before = now_ms()
    (outcome,) = _hear([JobOutcome("j", started_ms=started_ms, finished_ms=finished_ms)])[0]
    assert before <= outcome.started_ms <= outcome.finished_ms <= now_ms()


def test_times_that_can_be_true_are_left() -> None:
    here, there = MemoryChannel.pair()
    outcomes: list[JobOutcome] = []

    def room(nbytes: int) -> RoomGrant:
        told.append(JobOutcome("j", started_ms=now_ms(), finished_ms=now_ms()))
        there.send(encode(told[0]))
        return RoomGrant(64, 64, 1)

    told: list[JobOutcome] = []
    there.send(encode(RoomRequest(64)))
    converse(here, [JOB], Handlers(room, outcomes.append))
    assert outcomes == told


def test_a_job_asks_for_no_more_rooms_than_books_can_be_kept_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_ROOMS_A_JOB", 3)
    assert _hear([*[RoomRequest(1)] * 3, JobOutcome("j")])[0]
    with pytest.raises(WorkerError, match=r"WK-010.*more than 3 rooms"):
        _hear([*[RoomRequest(1)] * 4, JobOutcome("j")])
