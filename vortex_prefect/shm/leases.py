"""Who needs which blocks: workers that write or read them, and whoever holds them."""

from __future__ import annotations

from vortex_prefect.shm.lifecycle import Block


class Leases:
    """Books in both directions; a block knows its holders and readers, and these their blocks. Not thread-safe."""

    def __init__(self) -> None:
        self._held: dict[str, set[Block]] = {}
        self._granted: dict[str, set[Block]] = {}
        #: lease → job → what it reads.
        self._read: dict[str, dict[str, list[Block]]] = {}

    def __len__(self) -> int:
        """Pairs of a block and somebody who needs it."""
        readings = (blocks for jobs in self._read.values() for blocks in jobs.values())
        return sum(map(len, self._held.values())) + sum(map(len, self._granted.values())) + sum(map(len, readings))

    def grant(self, block: Block) -> None:
        """Its owner may write it."""
        self._granted.setdefault(block.owner, set()).add(block)

    def end_grant(self, block: Block) -> None:
        """Its owner may write it no longer."""
        granted = self._granted[block.owner]
        granted.remove(block)
        if not granted:
            del self._granted[block.owner]

    def granted(self, owner: str) -> list[Block]:
        """What an owner may write, in the order of the grants."""
        return _in_order(self._granted.get(owner, ()))

    def hold(self, block: Block, holder: str) -> None:
        """`holder`, which does not yet, holds the block."""
        block.uses += 1
        block.holders.add(holder)
        self._held.setdefault(holder, set()).add(block)

    def release(self, holder: str) -> list[Block]:
        """End all that `holder` holds; these blocks, in the order of their making."""
        blocks = _in_order(self._held.pop(holder, ()))
        for block in blocks:
            block.holders.discard(holder)
        return blocks

    def read(self, block: Block, lease: str, job_id: str) -> bool:
        """A worker is given the block for a job; false if it has it for that already."""
        if (lease, job_id) in block.readers:
            return False
        block.readers.add((lease, job_id))
        self._read.setdefault(lease, {}).setdefault(job_id, []).append(block)
        return True

    def read_by(self, lease: str, job_id: str) -> list[Block]:
        """What a worker has for a job."""
        return self._read.get(lease, {}).get(job_id, [])

    def jobs_of(self, lease: str) -> list[str]:
        """Jobs for which a worker has blocks to read."""
        return list(self._read.get(lease, ()))

    def end_read(self, lease: str, job_id: str) -> list[Block]:
        """A worker's job has ended; the blocks that it read."""
        jobs = self._read.get(lease, {})
        blocks = jobs.pop(job_id, [])
        if not jobs:
            self._read.pop(lease, None)
        for block in blocks:
            block.readers.discard((lease, job_id))
        return blocks


def _in_order(blocks: set[Block] | tuple[()]) -> list[Block]:
    return sorted(blocks, key=lambda block: block.generation)
