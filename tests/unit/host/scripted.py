"""A host that converses with a scripted worker at the other end of a channel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.host.conversation import Ears, Handlers, converse
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.payloads import (
    Beat,
    Preview,
    Progress,
    RoomGrant,
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
