"""What a node says: in which order the host hears of it, and how much."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.unit.worker.peer import JOB, WELCOME, Connect, gives_one, lines, told_of
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINES_A_JOB
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import decode
from vortex_prefect.wire.payloads import BATCH, PREVIEW, Payload, Preview, Progress, Welcome
from vortex_worker import session as module
from vortex_worker.session import HostSession

pytestmark = pytest.mark.usefixtures("no_heartbeat")


def test_what_a_node_says_comes_before_its_result() -> None:
    def run(session: HostSession) -> None:
        print("printed")
        logging.getLogger("n").warning("logged")
        print("begun", end="")

    assert lines(told_of(run)) == [("j", "printed"), ("j", "logged"), ("j", "begun")]


def test_how_much_was_dropped_is_said_before_the_result() -> None:
    def run(session: HostSession) -> None:
        for number in range(2 * LINES_A_JOB):
            print(number)

    heard = told_of(run)
    assert len(heard) <= LINES_A_JOB + 2
    assert "more lines were dropped" in lines(heard)[-1][1]


def test_a_note_of_progress_is_a_line_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 0.0)

    def run(session: HostSession) -> None:
        for fraction, note in ((0.1, "loading"), (0.2, "loading"), (0.3, ""), (0.4, "loading"), (0.5, "sampling")):
            session.report("j", fraction, note)

    heard = told_of(run)
    assert lines(heard) == [("j", "loading"), ("j", "sampling")]
    assert len([packet for packet in heard if isinstance(packet, Progress)]) == 5


def test_notes_are_throttled_as_progress_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 1000.0)

    def run(session: HostSession) -> None:
        for step in range(100):
            session.report("j", 0.5, f"step {step}")

    assert len(lines(told_of(run))) <= 1


def test_a_finaliser_that_speaks_while_a_packet_is_sent_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    send = MemoryChannel.send
    spoken: list[bool] = []

    def interrupted(channel: MemoryChannel, body: bytes) -> None:
        if isinstance(decode(body), Progress) and not spoken:
            spoken.append(True)
            print("from a finaliser")
        send(channel, body)

    monkeypatch.setattr(MemoryChannel, "send", interrupted)
    assert lines(told_of(lambda session: session.report("j", 0.5, ""))) == [("j", "from a finaliser")]


def test_a_packet_that_is_too_long_is_its_senders_affair() -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        HostSession(MemoryChannel.pair()[0])._send(bytes((16 << 20) + 1))


@pytest.mark.parametrize(
    ("welcome", "seen"),
    [
        (replace(WELCOME, capabilities=frozenset({PREVIEW, BATCH})), [Preview("j", b"jpeg")]),
        (replace(WELCOME, capabilities=frozenset({BATCH})), []),
        (None, []),
    ],
    ids=["both can", "the host cannot", "before any handshake"],
)
def test_previews_are_sent_to_a_host_that_wants_them(
    connect: Connect, welcome: Welcome | None, seen: list[Payload]
) -> None:
    def run(session: HostSession, job: Job) -> JobOutcome:
        session.show(job.job_id, b"jpeg")
        return gives_one(session, job)

    peer = connect(run, welcome)
    peer.say(JOB)
    assert peer.hear_all(1) == [*seen, gives_one(peer.session, JOB)]
