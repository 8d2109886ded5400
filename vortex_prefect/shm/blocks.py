"""Which blocks the arena has, who needs them and under which keys they are known, without the memory itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.block_statistics import BlockStatistics
from vortex_prefect.shm.books import PIN, Books, Change, OnChange, is_pinned
from vortex_prefect.shm.key_index import refs_of
from vortex_prefect.shm.lifecycle import Block, BlockState
from vortex_prefect.shm.room import Memory, WarmStep

_LAST_GENERATION = (1 << 32) - 1
#: Of what nobody knows how long it took: a call, and a byte a nanosecond.
_COST_MS, _BYTES_A_MS = 1.0, 1e6


class BlockTable:
    """All blocks of one arena. Thread-safe.

    Args:
        host: id of the host, which every reference carries.
        budget_bytes: the most that blocks may take.
        memory: backs the arena.
        on_change: told of tensors that come and go.
        first_generation: 1 to 2³²−1. A random one keeps references into an earlier arena from fitting this one.
        key_limit: how many content keys are remembered.
    """

    def __init__(
        self,
        host: str,
        budget_bytes: int,
        *,
        memory: Memory,
        on_change: OnChange | None = None,
        first_generation: int = 1,
        key_limit: int = 100_000,
    ) -> None:
        self.host = host
        self._generation = first_generation
        self._lock = Lock()
        self._books = Books(host, budget_bytes, memory, on_change, key_limit)

    def allocate(self, nbytes: int, owner: str) -> Block:
        """Grant `owner` a block of at least `nbytes`, backed by memory.

        Takes free room first, then reserves more, then evicts.

        Raises:
            WorkerError: WK-008, even an empty cache would not make room; says how much was asked, held and free.
        """
        with self._lock:
            self._books.why = "room"
            offset = self._books.room.take(nbytes, self._books.counts.cached_bytes)
            if offset is None:
                raise self._books.full(nbytes)
            block = Block(offset, self._generation, self._books.room.size_of(offset), owner)
            self._generation = self._generation % _LAST_GENERATION + 1
            self._books.blocks[offset] = block
            self._books.leases.grant(block)
            self._books.counts.granted_bytes += block.nbytes
            return block

    def seal(self, ref: TensorRef, *, owner: str, holder: str, cost_ms: float = 0.0, node_id: str = "") -> None:
        """Make what `owner` wrote immutable, and have `holder` hold it. What it did not need is freed.

        Args:
            ref: what lies in the block.
            owner: who was granted it.
            holder: who needs it.
            cost_ms: how long it took to compute; 0: nobody knows.
            node_id: whose output it is, for those who are told of changes.

        Raises:
            WorkerError: WK-002, `owner` was not granted that block, or not of that length.
        """
        with self._lock:
            block = self._books.granted(ref.offset, ref.generation, owner)
            if ref.host != self.host or not 0 < ref.nbytes <= block.nbytes:
                raise WorkerError("WK-002", f"{ref} does not fit its block of {block.nbytes} bytes")
            block.apply("seal")
            self._books.leases.end_grant(block)
            block.nbytes = self._books.room.shrink(block.offset, ref.nbytes)
            block.ref = ref
            block.cost_ms = max(cost_ms, _COST_MS + block.nbytes / _BYTES_A_MS)
            self._books.leases.hold(block, holder)
            if self._books.on_change is not None:
                self._books.on_change(Change("allocated", ref, holder, node_id))

    def discard(self, offset: int, generation: int, *, owner: str) -> None:
        """Free a block that `owner` was granted and does not want any more.

        Raises:
            WorkerError: WK-002, `owner` was not granted that block, or has sealed it.
        """
        with self._lock:
            self._books.drop_unsealed(self._books.granted(offset, generation, owner))

    def drop_owner(self, owner: str) -> int:
        """End all leases of a worker process: what it was granted and never sealed is free, what it read it reads
        no more; how many blocks were free then that it had been granted."""
        with self._lock:
            for job_id in self._books.leases.jobs_of(owner):
                self._books.finish(owner, job_id)
            blocks = self._books.leases.granted(owner)
            for block in blocks:
                self._books.drop_unsealed(block)
            return len(blocks)

    def check(self, ref: TensorRef) -> None:
        """See that a reference still means what it meant.

        Raises:
            WorkerError: WK-002, its block is gone, or never was; WK-007, it was damaged.
        """
        with self._lock:
            self._books.sealed(ref)

    # -- who reads ---------------------------------------------------------------------------

    def map(self, refs: Iterable[TensorRef], lease: str, job_id: str) -> None:
        """A worker is handed tensors for a job; they stay until `finish`, or the end of the lease.

        Raises:
            WorkerError: WK-002 or WK-007, as `check`; of one, and then none is handed over.
        """
        with self._lock:
            blocks = [self._books.sealed(ref) for ref in refs]
            for block in blocks:
                if self._books.leases.read(block, lease, job_id):
                    self._books.leave_cache(block)
                    block.apply("map")

    def use(self, lease: str, job_id: str) -> None:
        """The job begins."""
        with self._lock:
            for block in self._books.leases.read_by(lease, job_id):
                block.apply("use")

    def finish(self, lease: str, job_id: str) -> None:
        """The job has ended, or will never begin."""
        with self._lock:
            self._books.finish(lease, job_id)

    def condemn(self, ref: TensorRef) -> bool:
        """Refuse a tensor whose bytes are damaged from now on, and forget the keys that lead to it.

        Returns:
            Whether it was there, and not condemned yet.
        """
        with self._lock:
            block = self._books.blocks.get(ref.offset)
            if block is None or block.ref != ref or block.state is BlockState.QUARANTINED:
                return False
            self._books.leave_cache(block)
            block.apply("condemn")
            self._books.counts.condemned += 1
            unpinned = [self._books.release(PIN + key) for key in self._books.keys.forget_block(block.offset)]
            if not (block.needed or any(unpinned)):
                self._books.let_go(block)
            return True

    # -- who holds ---------------------------------------------------------------------------

    def hold(self, ref: TensorRef, holder: str) -> None:
        """Keep a tensor from being evicted until `holder` releases. Repeating it changes nothing.

        Raises:
            WorkerError: WK-002 or WK-007, as `check`.
        """
        with self._lock:
            self._books.hold(self._books.sealed(ref), holder)

    def release(self, holder: str) -> int:
        """End all that `holder` holds; how many blocks that were."""
        with self._lock:
            return len(self._books.release(holder))

    def drop(self, holder: str) -> int:
        """End all that `holder` holds, and free at once what nobody else needs: for tensors that no key finds again.

        Returns:
            How many blocks `holder` held.
        """
        with self._lock:
            blocks = self._books.release(holder)
            for block in blocks:
                if block.state is BlockState.CACHED:
                    self._books.leave_cache(block)
                    self._books.remove(block, "dropped")
            return len(blocks)

    # -- content keys ------------------------------------------------------------------------

    def remember(self, key: str, outputs: Mapping[str, Value]) -> None:
        """File a node's outputs under its content key.

        Raises:
            WorkerError: WK-002 or WK-007, a tensor among them is gone or damaged.
        """
        with self._lock:
            for ref in refs_of(outputs):
                self._books.sealed(ref)
            if key in self._books.keys.pinned:
                self._books.unpin(key)
            self._books.keys.put(key, outputs)

    def lookup(self, keys: Iterable[str], holder: str) -> dict[str, dict[str, Value]]:
        """Outputs of those keys that are known; `holder` holds the tensors among them."""
        with self._lock:
            found: dict[str, dict[str, Value]] = {}
            for key in keys:
                outputs = self._books.keys.get(key)
                if outputs is None:
                    self._books.counts.misses += 1
                    continue
                self._books.counts.hits += 1
                found[key] = outputs
                for ref in refs_of(outputs):
                    self._books.counts.hit_bytes += ref.nbytes
                    self._books.hold(self._books.sealed(ref), holder)
            return found

    def known(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that `lookup` would find; nothing is held, nothing counts as used."""
        with self._lock:
            return [key for key in keys if key in self._books.keys]

    def keys_of(self, ref: TensorRef) -> list[str]:
        """The content keys that lead to a tensor.

        Raises:
            WorkerError: WK-002 or WK-007, as `check`.
        """
        with self._lock:
            return self._books.keys.at(self._books.sealed(ref).offset)

    def pin(self, key: str) -> bool:
        """Keep the outputs of a key until `unpin`, however long nobody asks for them; false if it is not known.

        Raises:
            WorkerError: WK-008, pinned blocks would take more than half of the budget.
        """
        with self._lock:
            outputs = self._books.keys.get(key)
            if outputs is None or key in self._books.keys.pinned:
                return outputs is not None
            blocks = {self._books.sealed(ref) for ref in refs_of(outputs)}
            more = sum(block.nbytes for block in blocks if not is_pinned(block))
            if self._books.pinned_bytes() + more > self._books.room.budget_bytes // 2:
                raise WorkerError("WK-008", f"{more} bytes more to be kept, and pins may take half of the arena only")
            self._books.keys.pinned.add(key)
            for block in blocks:
                self._books.hold(block, PIN + key)
            return True

    def unpin(self, key: str) -> bool:
        """Let the outputs of a key go when their room is needed; false if it was not pinned."""
        with self._lock:
            return self._books.unpin(key)

    # -- memory ------------------------------------------------------------------------------

    @property
    def granted_bytes(self) -> int:
        """Bytes of all blocks ever granted."""
        return self._books.counts.granted_bytes

    @property
    def budget_bytes(self) -> int:
        """The most that blocks may take."""
        return self._books.room.budget_bytes

    def next_step(self, ahead_bytes: int) -> WarmStep | None:
        """See `Room.next_step`."""
        with self._lock:
            return self._books.room.next_step(ahead_bytes)

    def warmed(self, step: WarmStep) -> None:
        """See `Room.warmed`."""
        with self._lock:
            self._books.room.warmed(step)

    def give_back(self, nbytes: int) -> int:
        """See `Room.give_back`."""
        with self._lock:
            self._books.why = "pressure"
            return self._books.room.give_back(nbytes)

    def statistics(self) -> BlockStatistics:
        """Counts of this moment."""
        with self._lock:
            return BlockStatistics.of(
                self._books.counts,
                self._books.room.statistics(),
                blocks=len(self._books.blocks),
                leases=len(self._books.leases),
                keys=len(self._books.keys),
                pinned_bytes=self._books.pinned_bytes() if self._books.keys.pinned else 0,
            )

    def layout(self) -> list[tuple[int, int, Block | None]]:
        """Offset, bytes and block of every extent in order of the addresses; without a block it is free."""
        with self._lock:
            extents = self._books.room.extents()
            return [
                (offset, nbytes, None if free else self._books.blocks.get(offset)) for offset, nbytes, free in extents
            ]
