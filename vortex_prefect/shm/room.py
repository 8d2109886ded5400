"""Room for blocks: the allocator, and which of its bytes have memory.

A byte of the arena is in one of four conditions. Beyond the *limit* nothing is
handed out. A *hole* was given back to the machine. What is *cold* has memory
that nobody has touched: the first write to it runs at 0.2 to 0.3 GB/s. All else
is *warm*, and runs at 10.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.allocator import Allocator, Extent
from vortex_prefect.shm.gdsf import EvictionOrder
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up
from vortex_prefect.shm.ranges import Ranges
from vortex_prefect.shm.window import cheapest_window

#: The arena's memory is reserved, and warmed, in steps of this.
GROWTH_BYTES = 64 << 20
_LEAST_GROWTH_BYTES = 1 << 20
#: Smaller pieces are not worth a call to give them back.
_LEAST_HOLE_BYTES = 256 << 10

#: Frees the blocks at these offsets, of which nobody needs any.
Evict = Callable[[list[int]], None]


class Memory(Protocol):
    """What backs the arena: a `Segment`."""

    def reserve(self, offset: int, nbytes: int) -> None:
        """Back a range with memory; what has some keeps it.

        Raises:
            WorkerError: WK-008, there is none; nothing has changed.
        """

    def punch(self, offset: int, nbytes: int) -> None:
        """Give the memory of whole pages within a range back; their bytes are zero from then on."""


@dataclass(frozen=True, slots=True)
class WarmStep:
    """Bytes that are to be touched before somebody waits for them."""

    offset: int
    nbytes: int
    #: How often memory had been given back when the step was planned.
    punches: int


@dataclass(frozen=True, slots=True)
class RoomStatistics:
    """Bytes of this moment."""

    #: The most that blocks may take.
    budget_bytes: int
    #: What of it is backed by memory.
    reserved_bytes: int
    #: What of that was touched, and is written at the speed of memory.
    warm_bytes: int
    used_bytes: int
    free_bytes: int
    largest_free_bytes: int
    #: Extents that are free: the pieces that `free_bytes` lies in.
    free_extents: int


class Room:
    """Not thread-safe.

    Args:
        budget_bytes: the most that blocks may take.
        memory: backs the arena.
        order: blocks that may be evicted.
        evict: evicts some; it has to `give` them back, and to take them out of `order`.
    """

    def __init__(self, budget_bytes: int, memory: Memory, order: EvictionOrder, evict: Evict) -> None:
        self._end = DATA_OFFSET + budget_bytes // ALIGNMENT * ALIGNMENT
        self._memory = memory
        self._order = order
        self._evict = evict
        self._allocator = Allocator()
        self._holes = Ranges()
        self._cold = Ranges()
        self._punches = 0

    @property
    def budget_bytes(self) -> int:
        """The most that blocks may take."""
        return self._end - DATA_OFFSET

    @property
    def used_bytes(self) -> int:
        """Bytes of all blocks."""
        return self._allocator.used_bytes

    @property
    def ready_bytes(self) -> int:
        """Bytes that are free and warm, about: what is cold may have been handed out."""
        free = self._allocator.limit - DATA_OFFSET - self._allocator.used_bytes
        return max(free - self._holes.nbytes - self._cold.nbytes, 0)

    def take(self, nbytes: int, evictable_bytes: int) -> int | None:
        """The offset of `nbytes` for a block, backed by memory; null if even an empty cache would leave none.

        Takes free room first, then reserves more, then evicts.

        Args:
            nbytes: rounded up to 64.
            evictable_bytes: of all blocks that may be evicted.
        """
        wanted = max(align_up(nbytes), ALIGNMENT)
        held = self._allocator.used_bytes - evictable_bytes
        if wanted > self._end - DATA_OFFSET - held:
            return None
        offset = self._allocator.allocate(wanted)
        if offset is None and (offset := self._grown(wanted)) is None:
            offset = self._emptied(wanted)
        if offset is not None and not self._backed(offset, wanted):
            self._allocator.free(offset)
            return None
        return offset

    def give(self, offset: int) -> None:
        """Take a block's room back.

        Raises:
            ValueError: no block begins there.
        """
        self._allocator.free(offset)

    def size_of(self, offset: int) -> int:
        """Bytes of the block at `offset`.

        Raises:
            ValueError: no block begins there.
        """
        return self._allocator.size_of(offset)

    def shrink(self, offset: int, nbytes: int) -> int:
        """Keep the first bytes of a block that was written; see `Allocator.shrink`."""
        kept = self._allocator.shrink(offset, nbytes)
        self._cold.remove(offset, offset + kept)
        return kept

    # -- before it is needed -----------------------------------------------------------------

    def next_step(self, ahead_bytes: int) -> WarmStep | None:
        """What is to be touched next, so that `ahead_bytes` are free and warm; null if they are, or the budget ends.

        At most `GROWTH_BYTES` at a time. Whoever takes the step reserves it, touches it and tells `warmed`;
        that takes long, and needs no lock meanwhile.
        """
        if self.ready_bytes >= ahead_bytes:
            return None
        start, end = next(iter(self._cold), None) or next(iter(self._holes), None) or self._beyond()
        nbytes = min(end - start, GROWTH_BYTES)
        return WarmStep(start, nbytes, self._punches) if nbytes else None

    def warmed(self, step: WarmStep) -> None:
        """A step was taken."""
        start, end = step.offset, step.offset + step.nbytes
        if self._allocator.limit < end:
            self._allocator.grow(end)
        self._cold.remove(start, end)
        # Else it may have been handed out, freed and punched since.
        if step.punches == self._punches:
            self._holes.remove(start, end)

    # -- under pressure ----------------------------------------------------------------------

    def give_back(self, nbytes: int) -> int:
        """Give memory back to the machine: first of free room, then of what is worth least.

        Returns:
            Bytes that were given back; less than `nbytes` if blocks hold the rest.
        """
        given = self._punch_free(nbytes)
        while given < nbytes and (victims := self._coldest(nbytes - given)):
            self._evict(victims)
            given += self._punch_free(nbytes - given)
        return given

    def _coldest(self, nbytes: int) -> list[int]:
        """Blocks worth least, of so many bytes together."""
        found: list[int] = []
        for offset in self._order.coldest():
            if nbytes <= 0:
                break
            found.append(offset)
            nbytes -= self._allocator.size_of(offset)
        return found

    # -- for people --------------------------------------------------------------------------

    def extents(self) -> list[Extent]:
        """Free ones and blocks, in order of their addresses, up to the limit."""
        return list(self._allocator.extents())

    def statistics(self) -> RoomStatistics:
        """Counts of this moment."""
        found = self._allocator.statistics()
        reserved = found.limit - DATA_OFFSET - self._holes.nbytes
        return RoomStatistics(
            budget_bytes=self.budget_bytes,
            reserved_bytes=reserved,
            warm_bytes=reserved - self._cold.nbytes,
            used_bytes=found.used_bytes,
            free_bytes=found.free_bytes,
            largest_free_bytes=found.largest_free_bytes,
            free_extents=found.free_extents,
        )

    def _beyond(self) -> tuple[int, int]:
        return self._allocator.limit, min(self._allocator.limit + GROWTH_BYTES, self._end)

    def _grown(self, nbytes: int) -> int | None:
        """Room after the last block, if the budget and the machine have some."""
        missing = nbytes - self._allocator.tail_free_bytes
        # Where the file system is fuller than when the budget was made, a small step may still go. If not, the
        # cache must do.
        for step in (GROWTH_BYTES, _LEAST_GROWTH_BYTES):
            with suppress(WorkerError):
                self._grow(self._allocator.limit + align_up(missing, step))
                break
        return self._allocator.allocate(nbytes)

    def _grow(self, limit: int) -> None:
        start, end = self._allocator.limit, min(limit, self._end)
        if end > start:
            self._memory.reserve(start, end - start)
            self._cold.add(start, end)
            self._allocator.grow(end)

    def _emptied(self, nbytes: int) -> int | None:
        """Room that cached blocks leave."""
        window = cheapest_window(self._allocator, self._order, nbytes)
        if window is None:
            return None
        self._evict(window)
        return self._allocator.allocate(nbytes)

    def _backed(self, offset: int, nbytes: int) -> bool:
        """Whether the holes in a range could be filled; what is worth least makes way for them."""
        while missing := self._holes.within(offset, offset + nbytes):
            try:
                for start, end in missing:
                    self._fill(start, end)
            except WorkerError:
                # The machine has no memory, but the arena has, where it needs it less.
                if not self.give_back(sum(end - start for start, end in missing)):
                    return False
        return True

    def _fill(self, start: int, end: int) -> None:
        self._memory.reserve(start, end - start)
        self._holes.remove(start, end)
        self._cold.add(start, end)

    def _punch_free(self, nbytes: int) -> int:
        """Give back memory of free extents, the largest first."""
        given = 0
        free = [extent for extent in self._allocator.extents() if extent.free and extent.nbytes >= _LEAST_HOLE_BYTES]
        for extent in sorted(free, key=lambda extent: -extent.nbytes):
            if given >= nbytes:
                break
            start = align_up(extent.offset, mmap.PAGESIZE)
            end = (extent.offset + extent.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
            has = max(end - start, 0) - sum(till - at for at, till in self._holes.within(start, end))
            if has > 0:
                self._punches += 1
                self._memory.punch(start, end - start)
                self._cold.remove(start, end)
                self._holes.add(start, end)
                given += has
        return given
