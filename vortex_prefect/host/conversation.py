"""The host's side of one job: submit it, serve the worker's requests, take its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINES_A_JOB, LogLine
from vortex_prefect.ipc.channel import Channel
from vortex_prefect.wire.packets import Beat, JobLog, Progress, RoomGrant, RoomRequest, decode, encode

#: A busy worker beats every second; one that is silent for so long hangs or is stopped.
SILENCE_LIMIT_S = 30.0


def ignore_line(line: LogLine) -> None:
    """For those who do not want to know what a node says."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the host does for a worker while its job runs."""

    room: Callable[[int], RoomGrant]
    progress: Callable[[Progress], None]
    log: Callable[[LogLine], None] = ignore_line


def converse(channel: Channel, job: Job, handlers: Handlers) -> JobOutcome:
    """Carry a job to a worker and wait for what comes of it.

    Raises:
        ChannelClosed: the worker died.
        WorkerError: WK-005, the job took longer than it may; WK-001, the worker
            is silent; WK-010, it does not keep to the protocol. After each of
            them the worker is unfit for another job.
    """
    deadline = None if job.timeout_s is None else time.monotonic() + job.timeout_s
    channel.send(encode(job))
    ear = _Ear(job, handlers.log)
    while True:
        body = channel.receive(_patience_s(deadline))
        if body is None:
            raise _silence(job, deadline)
        match decode(body):
            case JobOutcome() as outcome:
                if outcome.job_id != job.job_id:
                    raise WorkerError("WK-010", f"a result of job {outcome.job_id} came instead of {job.job_id}")
                return outcome
            case Progress() as progress:
                handlers.progress(progress)
            case JobLog() as log:
                ear.hear(log)
            case RoomRequest(nbytes):
                channel.send(encode(handlers.room(nbytes)))
            case Beat():
                pass
            case packet:
                raise WorkerError("WK-010", f"the worker sent {type(packet).__name__} during a job")
        if deadline is not None and time.monotonic() >= deadline:
            raise _silence(job, deadline)


class _Ear:
    """Listens to what a node says, as far as a worker that keeps to the limits would tell it."""

    def __init__(self, job: Job, log: Callable[[LogLine], None]) -> None:
        self._job_id = job.job_id
        self._log = log
        self._began_ms = now_ms()
        # The last one says how many more there would have been.
        self._left = LINES_A_JOB + 1

    def hear(self, packet: JobLog) -> None:
        # A thread that outlived its own job may still speak of that.
        if packet.job_id == self._job_id and self._left > 0:
            self._left -= 1
            self._log(packet.line.tamed(self._began_ms))


def _patience_s(deadline: float | None) -> float:
    if deadline is None:
        return SILENCE_LIMIT_S
    return min(SILENCE_LIMIT_S, max(deadline - time.monotonic(), 0.0))


def _silence(job: Job, deadline: float | None) -> WorkerError:
    if deadline is not None and time.monotonic() >= deadline:
        return WorkerError("WK-005", f"{job.node_id} ran longer than its limit of {job.timeout_s:g} s")
    return WorkerError("WK-001", f"the worker has been silent for {SILENCE_LIMIT_S:g} s")
