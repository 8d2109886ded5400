"""The steps of blocks' lives, with all books kept in agreement, for a table that locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.block_statistics import Counts
from vortex_prefect.shm.gdsf import EvictionOrder
from vortex_prefect.shm.key_index import KeyIndex
from vortex_prefect.shm.leases import Leases
from vortex_prefect.shm.lifecycle import Block, BlockState
from vortex_prefect.shm.room import Memory, Room

#: Holds what somebody pinned, with the content key after it.
PIN = "pin:"


class Change(NamedTuple):
    """A tensor came or went."""

    what: Literal["allocated", "evicted"]
    ref: TensorRef
    #: Of one that came: who holds it first. Of one that is gone: `room`, `pressure`, `dropped` or `damaged`.
    why: str
    #: The node that made it; empty if none did.
    node_id: str = ""


#: Must be quick, and not call back: the table is locked.
OnChange = Callable[[Change], None]


class Books:
    """Not thread-safe; see `BlockTable` for the arguments.

    Attributes:
        blocks: offset → block, of all that there are.
        leases: who needs which of them.
        cache: those that nobody needs.
        room: where they lie.
        keys: how they are found again.
        counts: what happened so far.
        why: the reason of the evictions that come.
    """

    def __init__(
        self, host: str, budget_bytes: int, memory: Memory, on_change: OnChange | None, key_limit: int
    ) -> None:
        self.host = host
        self.on_change = on_change
        self.blocks: dict[int, Block] = {}
        self.leases = Leases()
        self.cache = EvictionOrder()
        self.room = Room(budget_bytes, memory, self.cache, self.evict)
        self.keys = KeyIndex(key_limit)
        self.counts = Counts()
        self.why = "room"

    def evict(self, offsets: list[int]) -> None:
        """Free blocks of the cache, because their room is needed."""
        blocks = [self.blocks[offset] for offset in offsets]
        self.cache.evict(offsets)
        for block in blocks:
            self.counts.cached_bytes -= block.nbytes
            self.counts.evictions += 1
            self.counts.evicted_bytes += block.nbytes
            self.remove(block, self.why)

    def remove(self, block: Block, why: str) -> None:
        """Free a block that has left the cache."""
        block.apply("evict")
        self.keys.forget_block(block.offset)
        self._free(block)
        self._tell_gone(block, why)

    def let_go(self, block: Block) -> None:
        """Nobody needs the block any more."""
        block.apply("release")
        if block.state is BlockState.CACHED:
            self.cache.add(block.offset, block.nbytes, block.uses, block.cost_ms)
            self.counts.cached_bytes += block.nbytes
        else:
            self._free(block)
            self._tell_gone(block, "damaged")

    def leave_cache(self, block: Block) -> None:
        """Somebody needs the block again, if nobody did."""
        if block.state is BlockState.CACHED:
            self.cache.discard(block.offset)
            self.counts.cached_bytes -= block.nbytes

    def finish(self, lease: str, job_id: str) -> None:
        """A worker reads no more what it had for a job."""
        for block in self.leases.end_read(lease, job_id):
            if not block.readers:
                block.apply("finish")
                if not block.needed:
                    self.let_go(block)

    def drop_unsealed(self, block: Block) -> None:
        """Free a block that was granted and is not wanted any more."""
        block.apply("discard")
        self.leases.end_grant(block)
        self._free(block)

    def _free(self, block: Block) -> None:
        del self.blocks[block.offset]
        self.room.give(block.offset)

    def _tell_gone(self, block: Block, why: str) -> None:
        if self.on_change is not None and block.ref is not None:
            self.on_change(Change("evicted", block.ref, why))

    def hold(self, block: Block, holder: str) -> None:
        """Hold a block, if `holder` does not yet."""
        if holder not in block.holders:
            self.leave_cache(block)
            block.apply("hold")
            self.leases.hold(block, holder)

    def release(self, holder: str) -> list[Block]:
        """End all that `holder` holds; these blocks."""
        blocks = self.leases.release(holder)
        for block in blocks:
            if not block.needed:
                self.let_go(block)
        return blocks

    def unpin(self, key: str) -> bool:
        """See `BlockTable.unpin`."""
        if key not in self.keys.pinned:
            return False
        self.keys.pinned.discard(key)
        self.release(PIN + key)
        return True

    def pinned_bytes(self) -> int:
        """Bytes of all blocks that somebody pinned."""
        return sum(block.nbytes for block in self.blocks.values() if is_pinned(block))

    def granted(self, offset: int, generation: int, owner: str) -> Block:
        """The block that `owner` was granted.

        Raises:
            WorkerError: WK-002, it was granted none there.
        """
        block = self.blocks.get(offset)
        if block is None or block.generation != generation or block.owner != owner:
            raise WorkerError("WK-002", f"{owner} holds no block of generation {generation} at {offset}")
        return block

    def sealed(self, ref: TensorRef) -> Block:
        """The block of a sealed tensor.

        Raises:
            WorkerError: WK-002, it is gone, or never was; WK-007, it was damaged.
        """
        block = self.blocks.get(ref.offset)
        if block is None or block.ref != ref:
            raise WorkerError("WK-002", f"no sealed tensor of generation {ref.generation} lies at {ref.offset}")
        if block.state is BlockState.QUARANTINED:
            raise WorkerError("WK-007", f"the tensor at {ref.offset} was damaged, and is refused since")
        return block

    def full(self, nbytes: int) -> WorkerError:
        """The error that says why there is no room."""
        room = self.room.statistics()
        return WorkerError(
            "WK-008",
            f"{nbytes} bytes asked, {room.used_bytes - self.counts.cached_bytes} of {room.budget_bytes} in use, "
            f"{room.budget_bytes - room.used_bytes} free, largest piece {room.largest_free_bytes}",
        )


def is_pinned(block: Block) -> bool:
    """Whether somebody wants the block kept."""
    return any(holder.startswith(PIN) for holder in block.holders)
