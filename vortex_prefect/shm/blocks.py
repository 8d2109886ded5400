"""Which blocks the arena has, who needs them and under which keys they are known, without the memory itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.key_index import KeyIndex, refs_of
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up
from vortex_prefect.shm.lfu import LfuOrder
from vortex_prefect.shm.lifecycle import Block, BlockState

#: The arena's memory is reserved in steps of this.
GROWTH_BYTES = 64 << 20
_LAST_GENERATION = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """Counts of this moment; hits, misses and evictions since the start."""

    #: The most that blocks may take.
    budget_bytes: int
    #: What of it is backed by memory so far.
    reserved_bytes: int
    #: Bytes of blocks that are being written or held.
    in_use_bytes: int
    #: Bytes of blocks that may be evicted.
    cached_bytes: int
    blocks: int
    #: Pairs of a block and somebody who needs it.
    leases: int
    keys: int
    hits: int
    misses: int
    evictions: int


class BlockTable:
    """All blocks of one arena. Thread-safe.

    Args:
        host: id of the host, which every reference carries.
        budget_bytes: the most that blocks may take.
        reserve: backs the arena with memory up to an offset; raises WorkerError WK-008 when there is none.
        on_evict: told of every block that is evicted, or dropped by its last holder. Called with the
            table locked: it must be quick, and not call back.
        first_generation: 1 to 2³²−1. A random one keeps references into an earlier arena from fitting this one.
        key_limit: how many content keys are remembered.
    """

    def __init__(
        self,
        host: str,
        budget_bytes: int,
        *,
        reserve: Callable[[int], None],
        on_evict: Callable[[TensorRef], None] | None = None,
        first_generation: int = 1,
        key_limit: int = 100_000,
    ) -> None:
        self.host = host
        self._end = DATA_OFFSET + budget_bytes // ALIGNMENT * ALIGNMENT
        self._reserve = reserve
        self._on_evict = on_evict
        self._generation = first_generation
        self._lock = Lock()
        self._allocator = Allocator()
        self._blocks: dict[int, Block] = {}
        self._held_by: dict[str, set[Block]] = {}
        self._granted_to: dict[str, set[Block]] = {}
        self._cache = LfuOrder()
        self._cached_bytes = 0
        self._keys = KeyIndex(key_limit)
        self._hits = self._misses = self._evictions = 0

    def allocate(self, nbytes: int, owner: str) -> Block:
        """Grant `owner` a block of at least `nbytes`.

        Takes free room first, then reserves more, then evicts.

        Raises:
            WorkerError: WK-008, even an empty cache would not make room; says how much was asked, held and free.
        """
        with self._lock:
            offset = self._place(max(align_up(nbytes), ALIGNMENT))
            block = Block(offset, self._generation, self._allocator.size_of(offset), owner)
            self._generation = self._generation % _LAST_GENERATION + 1
            self._blocks[offset] = block
            self._granted_to.setdefault(owner, set()).add(block)
            return block

    def seal(self, ref: TensorRef, *, owner: str, holder: str) -> None:
        """Make what `owner` wrote immutable, and have `holder` hold it. What it did not need is freed.

        Raises:
            WorkerError: WK-002, `owner` was not granted that block, or not of that length.
        """
        with self._lock:
            block = self._granted(ref.offset, ref.generation, owner)
            if ref.host != self.host or not 0 < ref.nbytes <= block.nbytes:
                raise WorkerError("WK-002", f"{ref} does not fit its block of {block.nbytes} bytes")
            block.apply("seal")
            self._end_grant(block)
            block.nbytes = self._allocator.shrink(block.offset, ref.nbytes)
            block.ref = ref
            self._add_holder(block, holder)

    def discard(self, offset: int, generation: int, *, owner: str) -> None:
        """Free a block that `owner` was granted and does not want any more.

        Raises:
            WorkerError: WK-002, `owner` was not granted that block, or has sealed it.
        """
        with self._lock:
            self._drop_unsealed(self._granted(offset, generation, owner))

    def drop_owner(self, owner: str) -> int:
        """Free what a dead worker was granted and never sealed; how many blocks that were."""
        with self._lock:
            blocks = tuple(self._granted_to.get(owner, ()))
            for block in blocks:
                self._drop_unsealed(block)
            return len(blocks)

    def check(self, ref: TensorRef) -> None:
        """See that a reference still means what it meant.

        Raises:
            WorkerError: WK-002, its block is gone, or never was.
        """
        with self._lock:
            self._sealed(ref)

    def hold(self, ref: TensorRef, holder: str) -> None:
        """Keep a tensor from being evicted until `holder` releases. Repeating it changes nothing.

        Raises:
            WorkerError: WK-002, its block is gone, or never was.
        """
        with self._lock:
            self._hold(self._sealed(ref), holder)

    def release(self, holder: str) -> int:
        """End all that `holder` holds; how many blocks that were."""
        with self._lock:
            return len(self._release(holder))

    def drop(self, holder: str) -> int:
        """End all that `holder` holds, and free at once what nobody else holds: for tensors that no key finds again.

        Returns:
            How many blocks `holder` held.
        """
        with self._lock:
            blocks = self._release(holder)
            for block in blocks:
                if block.state is BlockState.CACHED:
                    self._cache.discard(block.offset)
                    self._remove(block)
            return len(blocks)

    def remember(self, key: str, outputs: Mapping[str, Value]) -> None:
        """File a node's outputs under its content key.

        Raises:
            WorkerError: WK-002, a tensor among them is gone.
        """
        with self._lock:
            for ref in refs_of(outputs):
                self._sealed(ref)
            self._keys.put(key, outputs)

    def lookup(self, keys: Iterable[str], holder: str) -> dict[str, dict[str, Value]]:
        """Outputs of those keys that are known; `holder` holds the tensors among them."""
        with self._lock:
            found: dict[str, dict[str, Value]] = {}
            for key in keys:
                outputs = self._keys.get(key)
                if outputs is None:
                    self._misses += 1
                    continue
                self._hits += 1
                found[key] = outputs
                for ref in refs_of(outputs):
                    self._hold(self._sealed(ref), holder)
            return found

    def known(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that `lookup` would find; nothing is held, nothing counts as used."""
        with self._lock:
            return [key for key in keys if key in self._keys]

    def reserve_ahead(self, nbytes: int) -> int:
        """Have `nbytes` reserved that no block takes, as far as the budget goes; offset of the reservation's end.

        Raises:
            WorkerError: WK-008, no such memory.
        """
        with self._lock:
            limit = self._allocator.limit
            missing = nbytes - (limit - DATA_OFFSET - self._allocator.used_bytes)
            target = min(limit + align_up(max(missing, 0), GROWTH_BYTES), self._end)
            if target > limit:
                self._reserve(target)
                self._allocator.grow(target)
            return self._allocator.limit

    def statistics(self) -> BlockStatistics:
        """Counts of this moment."""
        with self._lock:
            used = self._allocator.used_bytes
            return BlockStatistics(
                budget_bytes=self._end - DATA_OFFSET,
                reserved_bytes=self._allocator.limit - DATA_OFFSET,
                in_use_bytes=used - self._cached_bytes,
                cached_bytes=self._cached_bytes,
                blocks=len(self._blocks),
                leases=sum(map(len, self._held_by.values())) + sum(map(len, self._granted_to.values())),
                keys=len(self._keys),
                hits=self._hits,
                misses=self._misses,
                evictions=self._evictions,
            )

    def _place(self, nbytes: int) -> int:
        offset = self._allocator.allocate(nbytes)
        if offset is None and self._fits_below(self._end, nbytes):
            offset = self._grow_for(nbytes)
            if offset is None and self._fits_below(self._allocator.limit, nbytes):
                offset = self._evict_for(nbytes)
        if offset is None:
            raise self._full(nbytes)
        return offset

    def _fits_below(self, limit: int, nbytes: int) -> bool:
        """Whether an empty cache would leave room below `limit`, were it in one piece."""
        held = self._allocator.used_bytes - self._cached_bytes
        return nbytes <= limit - DATA_OFFSET - held

    def _grow_for(self, nbytes: int) -> int | None:
        """Reserve more after the last block; all that the budget leaves, if it leaves too little."""
        limit = self._allocator.limit
        missing = nbytes - self._allocator.tail_free_bytes
        target = min(limit + align_up(missing, GROWTH_BYTES), self._end)
        if target > limit:
            try:
                self._reserve(target)
            except WorkerError:
                # The file system is fuller than when the budget was made: the cache must do.
                return None
            self._allocator.grow(target)
        return self._allocator.allocate(nbytes)

    def _evict_for(self, nbytes: int) -> int | None:
        offset = None
        while offset is None and (victim := self._cache.pop()) is not None:
            self._evict(self._blocks[victim])
            offset = self._allocator.allocate(nbytes)
        return offset

    def _evict(self, block: Block) -> None:
        self._evictions += 1
        self._remove(block)

    def _remove(self, block: Block) -> None:
        block.apply("evict")
        self._cached_bytes -= block.nbytes
        self._keys.forget_block(block.offset)
        self._free(block)
        if self._on_evict is not None and block.ref is not None:
            self._on_evict(block.ref)

    def _drop_unsealed(self, block: Block) -> None:
        block.apply("discard")
        self._end_grant(block)
        self._free(block)

    def _free(self, block: Block) -> None:
        del self._blocks[block.offset]
        self._allocator.free(block.offset)

    def _end_grant(self, block: Block) -> None:
        granted = self._granted_to[block.owner]
        granted.remove(block)
        if not granted:
            del self._granted_to[block.owner]

    def _hold(self, block: Block, holder: str) -> None:
        if holder in block.holders:
            return
        if block.state is BlockState.CACHED:
            self._cache.discard(block.offset)
            self._cached_bytes -= block.nbytes
        block.apply("hold")
        self._add_holder(block, holder)

    def _add_holder(self, block: Block, holder: str) -> None:
        block.uses += 1
        block.holders.add(holder)
        self._held_by.setdefault(holder, set()).add(block)

    def _release(self, holder: str) -> list[Block]:
        blocks = sorted(self._held_by.pop(holder, ()), key=lambda block: block.generation)
        for block in blocks:
            block.holders.discard(holder)
            if not block.holders:
                block.apply("release")
                self._cache.add(block.offset, block.uses)
                self._cached_bytes += block.nbytes
        return blocks

    def _granted(self, offset: int, generation: int, owner: str) -> Block:
        block = self._blocks.get(offset)
        if block is None or block.generation != generation or block.owner != owner:
            raise WorkerError("WK-002", f"{owner} holds no block of generation {generation} at {offset}")
        return block

    def _sealed(self, ref: TensorRef) -> Block:
        block = self._blocks.get(ref.offset)
        if block is None or block.ref != ref:
            raise WorkerError("WK-002", f"no sealed tensor of generation {ref.generation} lies at {ref.offset}")
        return block

    def _full(self, nbytes: int) -> WorkerError:
        used = self._allocator.used_bytes
        budget = self._end - DATA_OFFSET
        return WorkerError(
            "WK-008",
            f"{nbytes} bytes asked, {used - self._cached_bytes} of {budget} in use, "
            f"{budget - used} free, largest piece {self._allocator.largest_free_bytes}",
        )
