"""The conversation about a job with a scripted worker at the other end of a channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.host.scripted import JOB, RESULT, Host, Worker, untimed
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, TraceContext
from vortex_prefect.core.log_line import LINE_BYTES, LINES_A_JOB, LogLine
from vortex_prefect.host import conversation
from vortex_prefect.host.conversation import Handlers, converse
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import decode, decode_traced, encode
from vortex_prefect.wire.payloads import (
    Batch,
    Beat,
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


def test_progress_previews_and_beats_come_in_between(host: Host) -> None:
    steps = [Progress("j", 0.25, "a quarter"), Progress("j", 0.5)]
    beats = [Beat(1, 100, "cuda:0", 5, 6, ("model",)), Beat(2, 100)]
    preview = Preview("j", b"jpeg")
    assert host.run(_says(beats[0], steps[0], preview, beats[1], steps[1], RESULT)) == RESULT
    assert (host.progress, host.previews, host.beats) == (steps, [preview], beats)


def test_what_nobody_wants_to_hear_is_let_pass() -> None:
    here, there = MemoryChannel.pair()
    line = LogLine(20, "said", now_ms())
    for payload in (Progress("j", 0.5), JobLog("j", line), Preview("j", b"jpeg"), Beat(1, 1), RESULT):
        there.send(encode(payload))
    results: list[JobOutcome] = []
    converse(here, [JOB], Handlers(lambda nbytes: RoomGrant(), lambda outcome: results.append(untimed(outcome))))
    assert results == [RESULT]


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
    assert host.speakers == ["j", "j"]


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
    granted: list[tuple[Payload, TraceContext]] = []
    trace = TraceContext(b"t" * 16, b"s" * 8, b"p" * 8)

    def worker(channel: MemoryChannel) -> None:
        channel.receive(10)
        channel.send(encode(RoomRequest(100)))
        granted.append(decode_traced(channel.receive(10) or b""))
        channel.send(encode(RESULT))

    host.run(worker, replace(JOB, trace=trace))
    assert host.room == [100]
    assert granted == [(host.grant, trace)]


def test_a_result_of_another_job_is_a_violation(host: Host) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        host.run(_says(JobOutcome("another")))


@pytest.mark.parametrize(
    "packet",
    [JOB, Batch((JOB,)), Cancel("j"), Probe(1), Hello(1, []), Welcome("h", "", "", ""), RoomGrant()],
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
        converse(here, [job], Handlers(RoomGrant, lambda outcome: None))


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
