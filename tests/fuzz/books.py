"""A host's books of its arena, kept as `HostRuntime` keeps them, for one worker and one execution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgpack

from tests.fuzz.packets import HOST_ID
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINE_BYTES, LogLine
from vortex_prefect.host.conversation import Ears, Handlers
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.wire.payloads import Preview, Progress, RoomGrant

_BUDGET_BYTES = 1 << 20
_LEASE, _EXECUTION = "worker@1", "execution"


class _NoMemory:
    """Nobody writes."""

    def reserve(self, offset: int, nbytes: int) -> None:
        """As if there were enough."""

    def punch(self, offset: int, nbytes: int) -> None:
        """As if there were any."""


class Books:
    """Grants rooms, takes results, and sees that nothing absurd is passed on."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._blocks = BlockTable(HOST_ID, _BUDGET_BYTES, memory=_NoMemory())
        self._began_ms = now_ms()
        self.outcomes: list[JobOutcome] = []

    def handlers(self) -> Handlers:
        """For the conversation."""
        ears = Ears(progress=self._hear_progress, log=self._hear_line, preview=self._hear_preview)
        return Handlers(self._room, self._take, ears)

    def close(self) -> None:
        """The execution has ended, and the worker too: nothing may be left."""
        self._blocks.drop_owner(_LEASE)
        self._blocks.release(_EXECUTION)
        left = self._blocks.statistics()
        assert (left.leases, left.in_use_bytes) == (0, 0)

    def _room(self, nbytes: int) -> RoomGrant:
        try:
            block = self._blocks.allocate(nbytes, _LEASE)
        except WorkerError as full:
            return RoomGrant(error=full)
        assert block.nbytes >= nbytes
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def _take(self, outcome: JobOutcome) -> None:
        assert outcome.job_id == self._jobs[len(self.outcomes)].job_id
        assert outcome.error is None or not outcome.outputs
        assert self._began_ms <= outcome.started_ms <= outcome.finished_ms <= now_ms()
        # It travels to the engine and to the bridge.
        msgpack.packb(outcome.to_dict())
        refs = [ref for value in outcome.outputs.values() for ref in value.refs()]
        try:
            for ref in dict.fromkeys(refs):
                self._blocks.seal(ref, owner=_LEASE, holder=_EXECUTION)
                assert all(extent >= 0 for extent in ref.shape)
        except WorkerError as error:
            raise WorkerError("WK-010", f"the worker gave a tensor that is none: {error.message}") from error
        self._blocks.remember(f"key-{len(self.outcomes)}", outcome.outputs)
        self.outcomes.append(outcome)

    def _hear_progress(self, progress: Progress) -> None:
        self._is_of_the_job(progress.job_id)
        assert math.isfinite(progress.fraction)
        assert 0.0 <= progress.fraction <= 1.0
        assert len(progress.note.encode()) <= LINE_BYTES
        assert "\0" not in progress.note

    def _hear_line(self, job_id: str, line: LogLine) -> None:
        self._is_of_the_job(job_id)
        assert line == line.tamed(self._began_ms)

    def _hear_preview(self, preview: Preview) -> None:
        self._is_of_the_job(preview.job_id)

    def _is_of_the_job(self, job_id: str) -> None:
        assert job_id == self._jobs[len(self.outcomes)].job_id
