"""The conversation about a batch of jobs with a scripted worker at the other end of a channel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.log_line import LINE_BYTES, LINES_A_JOB, LINES_A_SECOND, LogLine
from vortex_prefect.host import conversation
from vortex_prefect.host.conversation import Ears, Handlers, converse
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

JOB = Job("j", "e", "node", "t.node", params={"a": 1})
RESULT = JobOutcome("j", {"out": Value("INT", data=3)})

Worker = Callable[[MemoryChannel], None]


def untimed(outcome: JobOutcome) -> JobOutcome:
    """Without its times: what these workers say of them is brought to measure."""
    return replace(outcome, started_ms=0, finished_ms=0)


def _play(worker: Worker, channel: MemoryChannel) -> None:
    """Of one that finds something amiss the host hears nothing more: it is not waited for."""
    try:
        worker(channel)
    except BaseException:
        channel.close()
        raise


class Host:
    """Holds a conversation while `worker` plays the peer's part in a thread."""

    def __init__(self) -> None:
        self.results: list[JobOutcome] = []
        self.progress: list[Progress] = []
        self.previews: list[Preview] = []
        self.beats: list[Beat] = []
        self.lines: list[LogLine] = []
        #: Which job spoke, line by line.
        self.speakers: list[str] = []
        self.room: list[int] = []
        self.grant = RoomGrant(64, 128, 5)
        #: Whether jobs were taken back.
        self.left = False
        self.handlers = Handlers(
            self._on_room,
            lambda outcome: self.results.append(untimed(outcome)),
            Ears(self.progress.append, self._on_log, self.previews.append),
            self.beats.append,
        )
        self._threads = ThreadPoolExecutor(1)

    def run(self, worker: Worker, job: Job = JOB) -> JobOutcome:
        self.run_all(worker, job)
        (result,) = self.results
        return result

    def run_all(self, worker: Worker, *jobs: Job) -> None:
        here, there = MemoryChannel.pair()
        playing = self._threads.submit(_play, worker, there)
        try:
            self.left = converse(here, jobs, self.handlers)
        finally:
            here.close()
            playing.result(10)

    def close(self) -> None:
        self._threads.shutdown()

    def _on_room(self, nbytes: int) -> RoomGrant:
        self.room.append(nbytes)
        return self.grant

    def _on_log(self, job_id: str, line: LogLine) -> None:
        self.speakers.append(job_id)
        self.lines.append(line)


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


# -- batches -----------------------------------------------------------------------------------

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
