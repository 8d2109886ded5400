"""What jobs take from the arena, and what they leave there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.checksum import crc32
from vortex_prefect.wire.payloads import RoomGrant

logger = logging.getLogger(__name__)


class Shelf:
    """The blocks of one arena, as jobs see them. Thread-safe.

    Args:
        blocks: the books.
        view: the bytes at an offset, as a `Segment` gives them.
    """

    def __init__(self, blocks: BlockTable, view: Callable[[int, int], memoryview]) -> None:
        self._blocks = blocks
        self._view = view

    def check_inputs(self, jobs: Iterable[Job]) -> None:
        """See that all that jobs take is there.

        Raises:
            WorkerError: WK-002, something is gone; WK-007, it was damaged.
        """
        for job in jobs:
            for ref in refs_into(job):
                self._blocks.check(ref)

    def hand_over(self, jobs: Iterable[Job], lease: str) -> None:
        """Give a worker all that jobs take; each stays until its job has ended, or the worker.

        Raises:
            WorkerError: as `check_inputs`; then it is to `end`.
        """
        for job in jobs:
            if refs := refs_into(job):
                self._blocks.map(refs, lease, job.job_id)

    def begin(self, job: Job, before: Mapping[str, Value], lease: str) -> None:
        """A job begins, with what the one before it gave.

        Raises:
            WorkerError: as `check_inputs`, of what the one before gave.
        """
        wanted = {output for outputs in job.links.values() for output in outputs}
        if linked := [ref for port in wanted & before.keys() for ref in before[port].refs()]:
            self._blocks.map(linked, lease, job.job_id)
        self._blocks.use(lease, job.job_id)

    def room(self, lease: str, nbytes: int) -> RoomGrant:
        """A block for a worker's output, or why there is none."""
        try:
            block = self._blocks.allocate(nbytes, lease)
        except WorkerError as full:
            return RoomGrant(error=full)
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def keep_outputs(
        self, job: Job, outcome: JobOutcome, before: Mapping[str, Value], lease: str, *, released: bool = False
    ) -> None:
        """Seal what the worker wrote, hold it for the execution, and file it under its content key.

        Args:
            job: what ran.
            outcome: what the worker gave.
            before: outputs of the job before, if they travelled together.
            lease: what the worker was granted blocks under.
            released: the execution has ended meanwhile, and nobody will release it again.

        Raises:
            WorkerError: WK-010, the worker gave a tensor that is none.
        """
        holder = f"late-{job.job_id}" if released else job.execution_id
        try:
            if refs := [ref for value in outcome.outputs.values() for ref in value.refs()]:
                try:
                    self._seal(job, outcome, refs, before, lease, holder)
                except WorkerError as error:
                    raise WorkerError("WK-010", f"the worker gave a tensor that is none: {error.message}") from error
            if job.key is not None and outcome.error is None:
                self._blocks.remember(job.key, outcome.outputs)
        finally:
            self._blocks.finish(lease, job.job_id)
            if released:
                self._blocks.release(holder)

    def condemn_damaged(self, job: Job, before: Mapping[str, Value]) -> list[TensorRef]:
        """After a worker found a wrong checksum: look for oneself, and refuse what is damaged from now on."""
        refs = dict.fromkeys([*refs_into(job), *(ref for value in before.values() for ref in value.refs())])
        damaged = []
        for ref in refs:
            try:
                self._blocks.check(ref)
            except WorkerError:  # gone, or condemned for another job
                continue
            if crc32(self._view(ref.offset, ref.nbytes)) != ref.crc and self._blocks.condemn(ref):
                logger.error("the tensor at offset %d of %d bytes was damaged; it is refused", ref.offset, ref.nbytes)
                damaged.append(ref)
        return damaged

    def end(self, lease: str) -> None:
        """Free what was granted and not handed over, and end all that the worker read."""
        self._blocks.drop_owner(lease)

    def _seal(
        self,
        job: Job,
        outcome: JobOutcome,
        refs: list[TensorRef],
        before: Mapping[str, Value],
        lease: str,
        holder: str,
    ) -> None:
        passed_on = {*refs_into(job), *(ref for value in before.values() for ref in value.refs())}
        cost_ms = float(max(outcome.finished_ms - outcome.started_ms, 0))
        for ref in refs:
            if ref in passed_on:
                self._blocks.hold(ref, holder)
            else:
                self._blocks.seal(ref, owner=lease, holder=holder, cost_ms=cost_ms, node_id=job.node_id)
                passed_on.add(ref)


def refs_into(job: Job) -> list[TensorRef]:
    """Every tensor that a job takes."""
    return [ref for values in job.inputs.values() for value in values for ref in value.refs()]
