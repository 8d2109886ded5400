"""The host's side of a batch of jobs: submit it, serve the worker's requests, take its results."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINES_A_JOB, LogLine
from vortex_prefect.ipc.channel import Channel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Batch, Beat, Cancel, JobLog, Payload, Preview, Progress, RoomGrant, RoomRequest

#: The supervisor kills what gives no sign of life; this is for the case that it cannot.
SILENCE_LIMIT_S = 120.0
#: Jobs travel together because they are short. Those behind one that takes longer are taken back.
TOGETHER_S = 0.1
#: Rooms that the outputs of one job may ask for: the host keeps books of each.
_ROOMS_A_JOB = 100_000
#: What a worker that keeps to the protocol sends beside results: far below this, a second and at once.
_RATE, _BURST = 1000.0, 4000.0
#: Four times what a worker makes of an image.
_PREVIEW_BYTES = 256 << 10
_BEAT_RATE, _BEAT_BURST = 100.0, 200.0


def _ignore(heard: object) -> None:
    """For those who do not want to know."""


def _ignore_time(outcome: JobOutcome, elapsed_ns: int) -> None:
    """The same of times."""


def _ignore_line(job_id: str, line: LogLine) -> None:
    """The same of lines."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what while jobs run."""

    progress: Callable[[Progress], None] = _ignore
    #: With the id of the job that spoke.
    log: Callable[[str, LogLine], None] = _ignore_line
    preview: Callable[[Preview], None] = _ignore


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the host does for a worker while its jobs run."""

    room: Callable[[int], RoomGrant]
    #: Takes the result of each job, in order.
    result: Callable[[JobOutcome], None]
    ears: Ears = Ears()
    beat: Callable[[Beat], None] = _ignore
    #: Told of each result how long ago the making of its packet began, in nanoseconds; before `result`.
    timed: Callable[[JobOutcome, int], None] = _ignore_time


def converse(channel: Channel, jobs: Sequence[Job], handlers: Handlers) -> bool:
    """Carry jobs to a worker and wait for what comes of them, up to the first that fails.

    While one takes longer than `TOGETHER_S`, that it runs is told as its progress, and those behind it are taken back.
    One that the worker has begun by then runs to its end, and its result is taken like any other.

    Returns:
        Whether some were taken back, which have no result then.

    Raises:
        ChannelClosed: the worker died.
        WorkerError: WK-005, a job took longer than it may; WK-001, the worker
            is silent; WK-010, it does not keep to the protocol. After each of
            them the worker is unfit for another job.
    """
    talk = _Talk(channel, handlers)
    began_ns = time.perf_counter_ns()
    channel.send(encode(jobs[0] if len(jobs) == 1 else Batch(tuple(jobs))))
    for number, job in enumerate(jobs, 1):
        outcome = talk.until_result(job, jobs[number:], together=len(jobs) > 1)
        if talk.took_back(outcome):
            return True
        handlers.timed(outcome, time.perf_counter_ns() - began_ns)
        handlers.result(outcome)
        if outcome.error is not None:
            return False
    return False


class _Talk:
    def __init__(self, channel: Channel, handlers: Handlers) -> None:
        self._channel = channel
        self._handlers = handlers
        #: Not of each job: the worker begins the next one while the host still takes in the result of the one before.
        self._began_ms = now_ms()
        #: Of the job: each may say as much as one that runs alone.
        self._packets = _Bucket(_RATE, _BURST)
        self._beats = _Bucket(_BEAT_RATE, _BEAT_BURST)
        #: Granted to the job.
        self._rooms = 0
        self._taken_back: set[str] = set()

    def took_back(self, outcome: JobOutcome) -> bool:
        """Whether a job did not run because it was taken back."""
        cancelled = outcome.error is not None and outcome.error.code == "WK-006"
        return cancelled and outcome.job_id in self._taken_back

    def until_result(self, job: Job, behind: Sequence[Job], *, together: bool) -> JobOutcome:
        now = time.monotonic()
        deadline = None if job.timeout_s is None else now + job.timeout_s
        together_until = now + TOGETHER_S if together else None
        ear = _Ear(job, self._handlers.ears, self._began_ms)
        self._packets, self._rooms = _Bucket(_RATE, _BURST), 0
        while True:
            if together_until is not None and time.monotonic() >= together_until:
                together_until = None
                self._take_back(behind)
                ear.hear(Progress(job.job_id, 0.0, ""))
            body = self._channel.receive(_patience_s(deadline, together_until))
            if body is None:
                if together_until is not None and (deadline is None or time.monotonic() < deadline):
                    continue
                raise _silence(job, deadline)
            packet = decode(body)
            if isinstance(packet, JobOutcome):
                if packet.job_id != job.job_id:
                    raise WorkerError("WK-010", f"a result of job {packet.job_id} came instead of {job.job_id}")
                if packet.started_ms:  # it had begun: however it ended, that is its result
                    self._taken_back.discard(job.job_id)
                return ear.timed(packet)
            self._serve(packet, job, ear)
            if deadline is not None and time.monotonic() >= deadline:
                raise _silence(job, deadline)

    def _take_back(self, jobs: Sequence[Job]) -> None:
        self._taken_back |= {job.job_id for job in jobs}
        for job in jobs:
            # One that the worker has just begun may have done things that must not be done twice.
            self._channel.send(encode(Cancel(job.job_id, unless_begun=True), job.trace))

    def _serve(self, packet: Payload, job: Job, ear: _Ear) -> None:
        if isinstance(packet, RoomRequest):
            self._rooms += 1
            if self._rooms > _ROOMS_A_JOB:
                raise WorkerError("WK-010", f"the worker asks for more than {_ROOMS_A_JOB} rooms for one job")
            self._channel.send(encode(self._handlers.room(packet.nbytes), job.trace))
            return
        (self._beats if isinstance(packet, Beat) else self._packets).take()
        match packet:
            case Beat():
                self._handlers.beat(packet)
            case JobLog() | Progress() | Preview():
                # A thread that outlived its own job may still speak of that.
                if packet.job_id == job.job_id:
                    ear.hear(packet)
            case _:
                raise WorkerError("WK-010", f"the worker sent {type(packet).__name__} during a job")


class _Ear:
    """Listens to what a node says, as far as a worker that keeps to the limits would tell it."""

    def __init__(self, job: Job, ears: Ears, began_ms: int) -> None:
        self._job_id = job.job_id
        self._ears = ears
        self._began_ms = began_ms
        # The last one says how many more there would have been.
        self._left = LINES_A_JOB + 1

    def hear(self, packet: JobLog | Progress | Preview) -> None:
        """Pass it on, in measure."""
        match packet:
            case JobLog():
                if self._left > 0:
                    self._left -= 1
                    self._ears.log(self._job_id, packet.line.tamed(self._began_ms))
            case Progress():
                if not math.isnan(packet.fraction):
                    note = LogLine(logging.INFO, packet.note, 0).tamed(0).text if packet.note else ""
                    self._ears.progress(Progress(self._job_id, min(max(packet.fraction, 0.0), 1.0), note))
            case Preview():
                if len(packet.jpeg) > _PREVIEW_BYTES:
                    raise WorkerError("WK-010", f"the worker sent a preview of {len(packet.jpeg)} bytes")
                self._ears.preview(packet)

    def timed(self, outcome: JobOutcome) -> JobOutcome:
        """The same, with times between the submission and now."""
        now = now_ms()
        started_ms = min(max(outcome.started_ms, self._began_ms), now)
        finished_ms = min(max(outcome.finished_ms, started_ms), now)
        if (started_ms, finished_ms) == (outcome.started_ms, outcome.finished_ms):
            return outcome
        return replace(outcome, started_ms=started_ms, finished_ms=finished_ms)


class _Bucket:
    """Lets so many packets a second pass, and so many at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._tokens = burst
        self._at = time.monotonic()

    def take(self) -> None:
        self._tokens -= 1
        if self._tokens >= 0:
            return
        now = time.monotonic()
        self._tokens = min(self._tokens + (now - self._at) * self._rate, self._burst)
        self._at = now
        if self._tokens < 0:
            raise WorkerError("WK-010", f"the worker floods the host: more than {self._rate:g} packets a second")


def _patience_s(*until: float | None) -> float:
    earliest = min((moment for moment in until if moment is not None), default=None)
    if earliest is None:
        return SILENCE_LIMIT_S
    return min(SILENCE_LIMIT_S, max(earliest - time.monotonic(), 0.0))


def _silence(job: Job, deadline: float | None) -> WorkerError:
    if deadline is not None and time.monotonic() >= deadline:
        return WorkerError("WK-005", f"{job.node_id} ran longer than its limit of {job.timeout_s:g} s")
    return WorkerError("WK-001", f"the worker has been silent for {SILENCE_LIMIT_S:g} s")
