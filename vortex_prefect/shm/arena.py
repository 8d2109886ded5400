"""The arena as its supervisor owns it: the file, and the table of what lies in it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import Block, BlockStatistics, BlockTable
from vortex_prefect.shm.budget import arena_budget, read_memory
from vortex_prefect.shm.janitor import remove_orphans
from vortex_prefect.shm.layout import ARENA_START, Slot
from vortex_prefect.shm.segment import Segment


@dataclass(frozen=True, slots=True)
class ArenaStatistics(BlockStatistics):
    """The block table's statistics, with the file they are about."""

    path: str
    capacity_bytes: int


class Arena:
    """One host's arena. All methods may be called from any thread."""

    def __init__(self, segment: Segment, host_id: str, budget: int) -> None:
        self._segment = segment
        self._host_id = host_id
        self._lock = threading.Lock()
        self._table = BlockTable(min(budget, segment.size - ARENA_START), segment.reserve)
        self._closed = False

    @classmethod
    def create(cls, path: Path, host_id: str, size: int, budget: int) -> Arena:
        """Make the arena's file at `path`; what dead owners left beside it is removed first.

        Args:
            size: bytes of the sparse file.
            budget: bytes that may be used of it; 0 for what the machine safely has.

        Raises:
            SystemFault: SY-002, the file cannot be made.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_orphans(path.parent)
        segment = Segment.create(path, size)
        return cls(segment, host_id, arena_budget(read_memory(path.parent), budget))

    def allocate(self, nbytes: int, owner: str) -> Block:
        """A block that the worker `owner` may write; see `BlockTable.allocate`."""
        with self._lock:
            return self._table.allocate(nbytes, owner)

    def seal(self, ref: TensorRef, holder: str) -> None:
        """See `BlockTable.seal`."""
        self._check_host(ref)
        with self._lock:
            self._table.seal(ref, holder)
            self._segment.tick()

    def check(self, ref: TensorRef) -> None:
        """Refuse a reference that is not valid here (WK-002)."""
        self._check_host(ref)
        with self._lock:
            self._table.check(ref)

    def release(self, holder: str) -> None:
        """See `BlockTable.release`."""
        with self._lock:
            self._table.release(holder)

    def drop_owner(self, owner: str) -> None:
        """See `BlockTable.drop_owner`."""
        with self._lock:
            self._table.drop_owner(owner)

    def remember(self, key: str, outputs: dict[str, Value]) -> None:
        """See `BlockTable.remember`."""
        with self._lock:
            self._table.remember(key, outputs)

    def lookup(self, keys: Iterable[str], holder: str) -> dict[str, dict[str, Value]]:
        """See `BlockTable.lookup`."""
        with self._lock:
            return self._table.lookup(keys, holder)

    @contextlib.contextmanager
    def reading(self, ref: TensorRef) -> Iterator[memoryview]:
        """The bytes of a sealed tensor, which cannot be evicted meanwhile (WK-002 if it is gone)."""
        self._check_host(ref)
        reader = new_id()
        with self._lock:
            self._table.hold(ref, reader)
        try:
            yield self._segment.view(ref.offset, ref.nbytes)
        finally:
            self.release(reader)

    def set_slot(self, index: int, state: int, pid: int) -> None:
        """Show worker number `index` in the header."""
        with self._lock:
            if not self._closed:
                self._segment.set_slot(index, Slot(state=state, pid=pid))

    def statistics(self) -> ArenaStatistics:
        """The arena as it is now."""
        with self._lock:
            table = self._table.statistics()
        return ArenaStatistics(**asdict(table), path=str(self._segment.path), capacity_bytes=self._segment.size)

    def close(self) -> None:
        """Unmap and remove the file. Repeating does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._segment.mark_clean()
            self._segment.unlink()
            self._segment.close()

    def _check_host(self, ref: TensorRef) -> None:
        if ref.host != self._host_id:
            raise WorkerError("WK-002", f"the tensor lies on host {ref.host}, not here ({self._host_id})")
