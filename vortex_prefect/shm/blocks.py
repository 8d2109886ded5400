"""The life of a tensor's block (specification §4.2), and who keeps it.

::

    allocated ──sealed──► held ──last holder gone──► cached ──evicted──► free
        │                  ▲  │                        │
        └─owner died─► free└──┼───── looked up ────────┘
                              └─last holder gone, no key─► free

A block is written by the worker that asked for it and never again once sealed.
Each has a generation, so that a reference to an earlier block at the same
place is known to be stale. Pure: it decides, the arena acts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.layout import ARENA_START, aligned

#: Memory is reserved in steps of this size, so that most allocations need no system call.
CHUNK_BYTES = 64 << 20
#: Content keys remembered at most; small values have no block that could be evicted.
MAX_KEYS = 100_000
_GENERATIONS = 1 << 32


@dataclass(slots=True)
class Block:
    """One extent and its state. `owner` is null once sealed."""

    offset: int
    nbytes: int
    generation: int
    owner: str | None
    holders: set[str] = field(default_factory=set)
    #: Content keys whose outputs lie here.
    keys: set[str] = field(default_factory=set)
    uses: int = 0


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """Bytes and counts of the arena; names as `GET /api/arena` answers."""

    budget_bytes: int
    reserved_bytes: int
    in_use_bytes: int
    cached_bytes: int
    largest_free_bytes: int
    blocks: int
    leases: int
    keys: int
    hits: int
    misses: int
    evictions: int


class BlockTable:
    """All blocks of an arena. Not thread-safe: the arena holds a lock."""

    def __init__(self, budget: int, reserve: Callable[[int], None]) -> None:
        """A table over `budget` bytes; `reserve(end)` gives the file memory up to `end` or raises WK-008."""
        self._budget = budget
        self._reserve = reserve
        self._allocator = Allocator(ARENA_START, ARENA_START)
        self._blocks: dict[int, Block] = {}
        self._outputs: OrderedDict[str, dict[str, Value]] = OrderedDict()
        self._held_by: dict[str, set[int]] = {}
        self._generation = 0
        self._hits = self._misses = self._evictions = 0

    def allocate(self, nbytes: int, owner: str) -> Block:
        """A fresh block that `owner` may write.

        Raises:
            WorkerError: WK-008, there is no room even after eviction.
        """
        offset = self._find(nbytes)
        self._generation = self._generation % (_GENERATIONS - 1) + 1
        block = Block(offset, aligned(nbytes), self._generation, owner)
        self._blocks[offset] = block
        return block

    def seal(self, ref: TensorRef, holder: str) -> None:
        """The block's bytes are final; `holder` keeps it. A sealed block may be named again, to be held.

        Raises:
            WorkerError: WK-002, no such block.
        """
        block = self.check(ref, sealed=False)
        if block.owner is not None:
            block.owner = None
            self._allocator.shrink(block.offset, ref.nbytes)
            block.nbytes = aligned(ref.nbytes)
        self._hold(block, holder)

    def check(self, ref: TensorRef, *, sealed: bool = True) -> Block:
        """The block of a reference.

        Raises:
            WorkerError: WK-002, it is stale, was never given out, or is not sealed.
        """
        block = self._blocks.get(ref.offset)
        if block is None or block.generation != ref.generation or ref.nbytes > block.nbytes:
            raise WorkerError("WK-002", f"the tensor at offset {ref.offset} is no longer in the arena")
        if sealed and block.owner is not None:
            raise WorkerError("WK-002", f"the tensor at offset {ref.offset} is not finished")
        return block

    def hold(self, ref: TensorRef, holder: str) -> None:
        """Keep a sealed block until `release(holder)`.

        Raises:
            WorkerError: WK-002, as `check`.
        """
        self._hold(self.check(ref), holder)

    def release(self, holder: str) -> None:
        """Let go of all that `holder` keeps: blocks with a key stay as cache, others are freed."""
        for offset in self._held_by.pop(holder, set()):
            block = self._blocks[offset]
            block.holders.discard(holder)
            if not block.holders and not block.keys:
                self._free(block)

    def drop_owner(self, owner: str) -> None:
        """Free the unfinished blocks of a worker that died."""
        for block in [block for block in self._blocks.values() if block.owner == owner]:
            self._free(block)

    def remember(self, key: str, outputs: dict[str, Value]) -> None:
        """Outputs of a content key, to be found again while their blocks live."""
        self._forget(key)
        for value in outputs.values():
            if value.ref is not None:
                self.check(value.ref).keys.add(key)
        self._outputs[key] = outputs
        if len(self._outputs) > MAX_KEYS:
            self._forget(next(iter(self._outputs)))

    def lookup(self, keys: Iterable[str], holder: str) -> dict[str, dict[str, Value]]:
        """The outputs of those keys that are known; `holder` keeps their blocks."""
        found = {}
        for key in keys:
            outputs = self._outputs.get(key)
            if outputs is None:
                self._misses += 1
                continue
            self._hits += 1
            self._outputs.move_to_end(key)
            found[key] = outputs
            for value in outputs.values():
                if value.ref is not None:
                    self.hold(value.ref, holder)
        return found

    def statistics(self) -> BlockStatistics:
        """The table as it is now."""
        space = self._allocator.statistics()
        return BlockStatistics(
            budget_bytes=self._budget,
            reserved_bytes=self._allocator.limit,
            in_use_bytes=space.in_use_bytes,
            cached_bytes=sum(block.nbytes for block in self._blocks.values() if _evictable(block)),
            largest_free_bytes=space.largest_free_bytes,
            blocks=len(self._blocks),
            leases=sum(block.owner is not None or bool(block.holders) for block in self._blocks.values()),
            keys=len(self._outputs),
            hits=self._hits,
            misses=self._misses,
            evictions=self._evictions,
        )

    def _hold(self, block: Block, holder: str) -> None:
        block.uses += 1
        block.holders.add(holder)
        self._held_by.setdefault(holder, set()).add(block.offset)

    def _find(self, nbytes: int) -> int:
        while (offset := self._allocator.allocate(nbytes)) is None:
            if not self._grow(nbytes) and not self._evict_one():
                raise self._full(nbytes)
        return offset

    def _grow(self, nbytes: int) -> bool:
        """Reserve more of the file, within the budget."""
        limit = self._allocator.limit
        wanted = limit + max(CHUNK_BYTES, aligned(nbytes))
        end = min(wanted, ARENA_START + self._budget)
        if end - limit < min(aligned(nbytes), CHUNK_BYTES):
            return False
        try:
            self._reserve(end)
        except WorkerError:
            return False  # the machine has less than the budget says; evict instead
        self._allocator.grow(end)
        return True

    def _evict_one(self) -> bool:
        """Free the cached block that was used least, the larger of two; the others age."""
        cached = [block for block in self._blocks.values() if _evictable(block)]
        if not cached:
            return False
        victim = min(cached, key=lambda block: (block.uses, -block.nbytes))
        for block in cached:
            block.uses //= 2
        self._evictions += 1
        for key in list(victim.keys):
            self._forget(key)
        if victim.offset in self._blocks:
            self._free(victim)
        return True

    def _forget(self, key: str) -> None:
        """Forget a key; blocks that only it kept are freed."""
        for value in self._outputs.pop(key, {}).values():
            block = self._blocks.get(value.ref.offset) if value.ref is not None else None
            if block is None or key not in block.keys:
                continue
            block.keys.discard(key)
            if not block.keys and not block.holders and block.owner is None:
                self._free(block)

    def _free(self, block: Block) -> None:
        self._allocator.free(block.offset)
        del self._blocks[block.offset]

    def _full(self, nbytes: int) -> WorkerError:
        space = self._allocator.statistics()
        return WorkerError(
            "WK-008",
            f"{nbytes} bytes asked, {space.in_use_bytes} of {self._budget} in use by running executions, "
            f"largest free extent {space.largest_free_bytes}",
        )


def _evictable(block: Block) -> bool:
    return block.owner is None and not block.holders
