"""A job's conversation with a scripted worker at the other end of a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LINE_BYTES, LINES_A_JOB, LogLine
from vortex_prefect.host import conversation
from vortex_prefect.host.conversation import Handlers, converse
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import (
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
    decode,
    encode,
)

JOB = Job("j", "e", "node", "t.node", params={"a": 1})
RESULT = JobOutcome("j", {"out": Value("INT", data=3)})

Worker = Callable[[MemoryChannel], None]


class Host:
    """Holds a conversation while `worker` plays the peer's part in a thread."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.lines: list[LogLine] = []
        self.room: list[int] = []
        self.grant = RoomGrant(64, 128, 5)
        self._threads = ThreadPoolExecutor(1)

    def run(self, worker: Worker, job: Job = JOB) -> JobOutcome:
        here, there = MemoryChannel.pair()
        playing = self._threads.submit(worker, there)
        try:
            return converse(here, job, Handlers(self._on_room, self.progress.append, self.lines.append))
        finally:
            here.close()
            playing.result(10)

    def close(self) -> None:
        self._threads.shutdown()

    def _on_room(self, nbytes: int) -> RoomGrant:
        self.room.append(nbytes)
        return self.grant


@pytest.fixture
def host() -> Iterator[Host]:
    found = Host()
    yield found
    found.close()


def _says(*payloads: Payload) -> Worker:
    def worker(channel: MemoryChannel) -> None:
        assert decode(channel.receive(10) or b"") == JOB
        for payload in payloads:
            channel.send(encode(payload))

    return worker


def _silent(channel: MemoryChannel) -> None:
    """Takes the job, and waits until the host hangs up."""
    channel.receive(10)
    with pytest.raises(ChannelClosed):
        channel.receive(10)


def test_a_result_ends_it(host: Host) -> None:
    assert host.run(_says(RESULT)) == RESULT


def test_a_failure_is_a_result(host: Host) -> None:
    error = host.run(_says(JobOutcome("j", error=WorkerError("WK-003", "raised", traceback="line 1")))).error
    assert error is not None
    assert (error.code, error.message, error.traceback) == ("WK-003", "raised", "line 1")


def test_progress_and_beats_come_in_between(host: Host) -> None:
    steps = [Progress("j", 0.25, "a quarter"), Progress("j", 0.5)]
    assert host.run(_says(Beat(1, 100), steps[0], Beat(2, 100), steps[1], RESULT)) == RESULT
    assert host.progress == steps


def test_what_the_node_says_is_passed_on(host: Host) -> None:
    said = [LogLine(20, "one", now_ms()), LogLine(30, "two", now_ms())]

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        for line in said:
            channel.send(encode(JobLog("j", replace(line, at_ms=now_ms()))))
        channel.send(encode(JobLog("another", said[0])))
        channel.send(encode(RESULT))

    assert host.run(worker) == RESULT
    assert [(line.level, line.text) for line in host.lines] == [(20, "one"), (30, "two")]


def test_strange_lines_are_tamed(host: Host) -> None:
    before = now_ms()
    strange = [LogLine(2**31 - 1, "a\0b", 2**62), LogLine(-(2**31), "ä" * LINE_BYTES, -5)]
    assert host.run(_says(*[JobLog("j", line) for line in strange], RESULT)) == RESULT
    first, second = host.lines
    assert (first.level, first.text) == (50, "a\ufffdb")
    assert second.level == 10
    assert second.text.endswith("… (cut)")
    assert len(second.text.encode()) in (LINE_BYTES - 1, LINE_BYTES)
    assert all(before <= line.at_ms <= now_ms() for line in host.lines)


def test_a_worker_without_measure_is_heard_no_longer(host: Host) -> None:
    flood = [JobLog("j", LogLine(20, str(number), 0)) for number in range(LINES_A_JOB + 500)]
    assert host.run(_says(*flood, RESULT)) == RESULT
    assert [line.text for line in host.lines] == [str(number) for number in range(LINES_A_JOB + 1)]


def test_room_is_granted(host: Host) -> None:
    granted: list[Payload] = []

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        channel.send(encode(RoomRequest(100)))
        granted.append(decode(channel.receive(10) or b""))
        channel.send(encode(RESULT))

    host.run(worker)
    assert host.room == [100]
    assert granted == [host.grant]


def test_a_result_of_another_job_is_a_violation(host: Host) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        host.run(_says(JobOutcome("another")))


@pytest.mark.parametrize(
    "packet",
    [JOB, Cancel("j"), Hello("w", 1, "cpu", []), Welcome("h", "", "", ""), RoomGrant()],
    ids=lambda packet: type(packet).__name__,
)
def test_a_packet_that_no_worker_sends_during_a_job_is_a_violation(host: Host, packet: Payload) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        host.run(_says(packet))


def test_garbage_is_a_violation(host: Host) -> None:
    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        channel.send(b"\xff\xff\xff")

    with pytest.raises(WorkerError, match="WK-010"):
        host.run(worker)


def test_the_workers_death_ends_it(host: Host) -> None:
    with pytest.raises(ChannelClosed):
        host.run(lambda channel: channel.close())


def test_a_job_may_not_take_longer_than_its_limit(host: Host) -> None:
    with pytest.raises(WorkerError, match="WK-005") as raised:
        host.run(_silent, Job("j", "e", "node", "t.node", timeout_s=0.02))
    assert "node ran longer than its limit of 0.02 s" in raised.value.message


def test_a_worker_that_chatters_on_past_the_limit_is_stopped_too() -> None:
    here, there = MemoryChannel.pair()
    for payload in (Progress("j", 0.5), RESULT):
        there.send(encode(payload))
    job = Job("j", "e", "node", "t.node", timeout_s=0.0)
    with pytest.raises(WorkerError, match="WK-005"):
        converse(here, job, Handlers(RoomGrant, lambda progress: None))


def test_silence_is_a_loss(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SILENCE_LIMIT_S", 0.02)
    with pytest.raises(WorkerError, match="WK-001"):
        host.run(_silent)


def test_a_limit_that_is_longer_than_the_silence_does_not_hide_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SILENCE_LIMIT_S", 0.02)
    with pytest.raises(WorkerError, match="WK-001"):
        host.run(_silent, Job("j", "e", "node", "t.node", timeout_s=600))


def test_what_has_no_wire_form_never_reaches_the_worker(host: Host) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        host.run(lambda channel: None, Job("j", "e", "node", "t.node", params={"a": object()}))
