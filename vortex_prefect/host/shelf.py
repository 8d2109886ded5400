"""What jobs take from the arena, and what they leave there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.wire.payloads import RoomGrant


class Shelf:
    """The blocks of one arena, as jobs see them. Thread-safe."""

    def __init__(self, blocks: BlockTable) -> None:
        self._blocks = blocks

    def check_inputs(self, jobs: Iterable[Job]) -> None:
        """See that all that jobs take is there.

        Raises:
            WorkerError: WK-002, something is gone.
        """
        for job in jobs:
            for ref in refs_into(job):
                self._blocks.check(ref)

    def room(self, lease: str, nbytes: int) -> RoomGrant:
        """A block for a worker's output, or why there is none."""
        try:
            block = self._blocks.allocate(nbytes, lease)
        except WorkerError as full:
            return RoomGrant(error=full)
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def keep_outputs(self, job: Job, outcome: JobOutcome, before: Mapping[str, Value], lease: str) -> None:
        """Seal what the worker wrote, hold it for the execution, and file it under its content key.

        Args:
            job: what ran.
            outcome: what the worker gave.
            before: outputs of the job before, if they travelled together.
            lease: what the worker was granted blocks under.

        Raises:
            WorkerError: WK-010, the worker gave a tensor that is none.
        """
        if refs := [ref for value in outcome.outputs.values() for ref in value.refs()]:
            try:
                self._seal(job, refs, before, lease)
            except WorkerError as error:
                raise WorkerError("WK-010", f"the worker gave a tensor that is none: {error.message}") from error
        if job.key is not None and outcome.error is None:
            self._blocks.remember(job.key, outcome.outputs)

    def end(self, lease: str) -> None:
        """Free what was granted and not handed over."""
        self._blocks.drop_owner(lease)

    def _seal(self, job: Job, refs: list[TensorRef], before: Mapping[str, Value], lease: str) -> None:
        passed_on = {*refs_into(job), *(ref for value in before.values() for ref in value.refs())}
        for ref in refs:
            if ref in passed_on:
                self._blocks.hold(ref, job.execution_id)
            else:
                self._blocks.seal(ref, owner=lease, holder=job.execution_id)
                passed_on.add(ref)


def refs_into(job: Job) -> list[TensorRef]:
    """Every tensor that a job takes."""
    return [ref for values in job.inputs.values() for value in values for ref in value.refs()]
