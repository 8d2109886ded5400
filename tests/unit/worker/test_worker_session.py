"""The worker's end of a job: what it sends, in which order, and who sends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import JobLog, Payload, Progress, decode, encode
from vortex_worker import session as module
from vortex_worker.session import HostSession

JOB = Job("j", "e", "n", "t")

Run = Callable[[HostSession], None]


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the process when its host is gone."""
    monkeypatch.setattr(HostSession, "_beat", lambda session: None)


def told_of(run: Run) -> list[Payload]:
    """Everything that the host hears of one job, its outcome last."""
    here, there = MemoryChannel.pair()
    session = HostSession(there)

    def job(job: Job) -> JobOutcome:
        run(session)
        return JobOutcome(job.job_id, {"out": Value("INT", data=1)})

    serving = threading.Thread(target=session.serve, args=(job,))
    serving.start()
    here.send(encode(JOB))
    heard: list[Payload] = []
    while not heard or not isinstance(heard[-1], JobOutcome):
        heard.append(decode(here.receive(10) or b""))
    here.close()
    serving.join(10)
    return heard


def lines(heard: list[Payload]) -> list[tuple[str, str]]:
    return [(packet.job_id, packet.line.text) for packet in heard if isinstance(packet, JobLog)]


def test_what_a_node_says_comes_before_its_result() -> None:
    def run(session: HostSession) -> None:
        print("printed")
        logging.getLogger("n").warning("logged")
        print("begun", end="")

    assert lines(told_of(run)) == [("j", "printed"), ("j", "logged"), ("j", "begun")]


def test_a_note_of_progress_is_a_line_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_INTERVAL_S", 0.0)

    def run(session: HostSession) -> None:
        for fraction, note in ((0.1, "loading"), (0.2, "loading"), (0.3, ""), (0.4, "loading"), (0.5, "sampling")):
            session.report("j", fraction, note)

    heard = told_of(run)
    assert lines(heard) == [("j", "loading"), ("j", "sampling")]
    assert len([packet for packet in heard if isinstance(packet, Progress)]) == 5


def test_notes_are_throttled_as_progress_is() -> None:
    def run(session: HostSession) -> None:
        for step in range(100):
            session.report("j", 0.5, f"step {step}")

    assert len(lines(told_of(run))) < 20


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
