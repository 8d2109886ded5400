"""The arena of a host, as its supervisor owns it: a segment, and the table of what lies in it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy.typing as npt

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arena_map import arena_map
from vortex_prefect.shm.arrow import message_size, read_array, write_array, write_body
from vortex_prefect.shm.block_statistics import BlockStatistics
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.books import OnChange
from vortex_prefect.shm.budget import arena_budget, read_memory
from vortex_prefect.shm.checksum import crc32
from vortex_prefect.shm.layout import FLAG_CLEAN_SHUTDOWN, HEADER_BYTES
from vortex_prefect.shm.segment import Segment

#: Of 100,000 blocks a map takes 0.3 s, while those who ask come every second.
_MAP_PAUSE = 50


@dataclass(frozen=True, slots=True)
class ArenaStatistics:
    """What `GET /api/arena` tells."""

    path: str
    #: Length of the sparse file.
    capacity_bytes: int
    blocks: BlockStatistics
    #: See `arena_map`.
    map: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """JSON form, flat but for the map."""
        return {"path": self.path, "capacity_bytes": self.capacity_bytes, **asdict(self.blocks), "map": self.map}


class Arena:
    """Shared memory of one host; made and closed by the supervisor alone.

    Attributes:
        segment: the mapped file.
        blocks: who has which bytes.
    """

    def __init__(self, segment: Segment, blocks: BlockTable) -> None:
        self.segment = segment
        self.blocks = blocks
        self._drawn: dict[str, Any] = {}
        self._map_due = 0.0

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        host: str,
        size_bytes: int,
        budget_bytes: int = 0,
        on_change: OnChange | None = None,
    ) -> Arena:
        """Make the file and an empty table.

        Args:
            path: file to make, in a tmpfs; see `janitor.arena_path`.
            host: id of the host, which references carry.
            size_bytes: length of the sparse file.
            budget_bytes: wish for the most memory to use; the machine may allow less. 0 for no wish.
            on_change: as in `BlockTable`.

        Raises:
            VortexError: as `Segment.create`.
        """
        segment = Segment.create(path, size_bytes)
        budget = arena_budget(read_memory(path.parent), budget_bytes)
        blocks = BlockTable(
            host,
            min(budget, segment.size_bytes - HEADER_BYTES),
            memory=segment,
            on_change=on_change,
            first_generation=1 + secrets.randbelow(1 << 31),
        )
        return cls(segment, blocks)

    def warm(self, nbytes: int, until: Callable[[], bool] = lambda: False) -> int:
        """Keep `nbytes` that no block takes reserved and touched, as far as the budget goes.

        The arena prefers memory that was never used to evicting what may be
        asked for again, and the first write to that runs at 0.2 GB/s instead
        of 10. So call this from one thread of its own, at start and again
        while jobs run; see `Caretaker`. It does not keep the GIL.

        Args:
            nbytes: to be kept.
            until: asked before each step of at most 64 MiB; true ends the call.

        Returns:
            Bytes that were touched by this call.

        Raises:
            WorkerError: WK-008, no such memory; WK-002, the arena is closed.
        """
        if self.segment.closed:
            raise WorkerError("WK-002", f"the arena {self.segment.path} is closed")
        touched = 0
        while not until() and (step := self.blocks.next_step(nbytes)) is not None:
            self.segment.reserve(step.offset, step.nbytes)
            self.segment.prefault(step.offset, step.nbytes)
            self.blocks.warmed(step)
            touched += step.nbytes
        return touched

    def put_array(self, array: npt.NDArray[Any], *, holder: str) -> TensorRef:
        """Copy an array into a sealed block that `holder` holds.

        Raises:
            WorkerError: WK-008 if there is no room, WK-010 if its dtype has no form in the arena.
        """
        return self._put(array.shape, array.dtype.name, holder, lambda buffer: write_array(buffer, array))

    def put_body(self, body: memoryview, shape: tuple[int, ...], dtype: str, *, holder: str) -> TensorRef:
        """As `put_array`, of what numpy may have no dtype for.

        Args:
            body: the elements in C order, as bytes.
            shape: of the tensor.
            dtype: name of the torch dtype.
            holder: who holds the block.

        Raises:
            WorkerError: as `put_array`; also WK-010 if `body` has not the length that shape and dtype ask for.
        """
        return self._put(shape, dtype, holder, lambda buffer: write_body(buffer, body, shape, dtype))

    def _put(self, shape: tuple[int, ...], dtype: str, holder: str, write: Callable[[memoryview], int]) -> TensorRef:
        block = self.blocks.allocate(message_size(shape, dtype), holder)
        try:
            buffer = self.segment.writable(block.offset, block.nbytes)
            nbytes = write(buffer)
            crc = crc32(buffer[:nbytes])
            ref = TensorRef(self.blocks.host, block.generation, block.offset, nbytes, shape, dtype, crc)
            self.blocks.seal(ref, owner=holder, holder=holder)
        except BaseException:
            self.blocks.discard(block.offset, block.generation, owner=holder)
            raise
        return ref

    def message(self, ref: TensorRef) -> memoryview:
        """The Arrow message of a tensor. Hold the tensor for as long as this is read.

        Raises:
            WorkerError: WK-002, its block is gone, or never was.
        """
        self.blocks.check(ref)
        return self.segment.view(ref.offset, ref.nbytes)

    def get_array(self, ref: TensorRef) -> npt.NDArray[Any]:
        """A tensor as `arrow.read_array` gives it. Hold the tensor for as long as this is read.

        Raises:
            WorkerError: WK-002, its block is gone, or never was; WK-007, it is damaged.
        """
        return read_array(self.message(ref), ref.shape, ref.dtype)

    def statistics(self) -> ArenaStatistics:
        """Counts of this moment."""
        return ArenaStatistics(str(self.segment.path), self.segment.size_bytes, self.blocks.statistics(), self._map())

    def _map(self) -> dict[str, Any]:
        """The map, drawn again when that has not been done for fifty times as long as it took."""
        began = time.monotonic()
        if began >= self._map_due:
            self._drawn = arena_map(self.blocks.layout())
            self._map_due = began + _MAP_PAUSE * (time.monotonic() - began)
        return self._drawn

    def close(self) -> None:
        """Mark a clean shutdown, remove the file and give up the mapping. May be repeated.

        As with `Segment.close`, views that live stay valid.
        """
        if self.segment.closed:
            return
        self.segment.set_flags(FLAG_CLEAN_SHUTDOWN)
        self.segment.unlink()
        self.segment.close()

    def __enter__(self) -> Arena:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
