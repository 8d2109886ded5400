"""Which bytes of the arena are whose: two-level segregated fit, without the bytes.

M. Masmano, I. Ripoll, A. Crespo and J. Real, "TLSF: a New Dynamic Memory
Allocator for Real-Time Systems", ECRTS 2004: free extents lie in bins by size,
32 bins to a power of two, and a bitmap finds the first bin that fits. Python's
integers have any width, so the paper's two levels of bitmaps are one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up

_STEPS_LOG2 = 5
_STEPS = 1 << _STEPS_LOG2
_BINS = _STEPS * 64


class Extent(NamedTuple):
    """Some bytes in a row that are free, or one block's."""

    offset: int
    nbytes: int
    free: bool


@dataclass(frozen=True, slots=True)
class AllocatorStatistics:
    """What is taken and what is left of [`DATA_OFFSET`, `limit`)."""

    #: End of the range, an offset.
    limit: int
    used_bytes: int
    free_bytes: int
    largest_free_bytes: int
    used_extents: int
    free_extents: int


def _bin(nbytes: int) -> int:
    """The bin of a free extent: the power of two, then which 32nd of it."""
    units = nbytes // ALIGNMENT
    if units < _STEPS:
        return units
    shift = units.bit_length() - 1 - _STEPS_LOG2
    return (shift << _STEPS_LOG2) + (units >> shift)


def _fitting_bin(nbytes: int) -> int:
    """The first bin whose extents all hold `nbytes`."""
    units = nbytes // ALIGNMENT
    if units < _STEPS:
        return units
    shift = units.bit_length() - 1 - _STEPS_LOG2
    return (shift << _STEPS_LOG2) + (units + (1 << shift) - 1 >> shift)


class Allocator:
    """Hands out 64-byte-aligned extents of [`DATA_OFFSET`, limit). Not thread-safe; no I/O."""

    def __init__(self, limit: int = DATA_OFFSET) -> None:
        self._limit = DATA_OFFSET
        self._used_bytes = 0
        #: offset → bytes of every extent, free or taken; they tile the range.
        self._size: dict[int, int] = {}
        #: offset → offset of the extent before it; the limit counts as an offset.
        self._before: dict[int, int] = {}
        #: offset → bin of the free extents.
        self._bin_of: dict[int, int] = {}
        #: bin → its free extents; as a dict, last in first out: the last freed is the warmest.
        self._bins: list[dict[int, None]] = [{} for _ in range(_BINS)]
        #: Bit n is set where bin n has an extent.
        self._bitmap = 0
        self.grow(limit)

    @property
    def limit(self) -> int:
        """End of the range that extents are taken from."""
        return self._limit

    @property
    def used_bytes(self) -> int:
        """Bytes of all taken extents."""
        return self._used_bytes

    @property
    def tail_free_bytes(self) -> int:
        """Bytes of the free extent that touches the limit, 0 if there is none."""
        last = self._before.get(self._limit)
        return self._size[last] if last is not None and last in self._bin_of else 0

    @property
    def largest_free_bytes(self) -> int:
        """The most that one `allocate` can get."""
        if not self._bitmap:
            return 0
        return max(self._size[offset] for offset in self._bins[self._bitmap.bit_length() - 1])

    def allocate(self, nbytes: int) -> int | None:
        """Take an extent of `nbytes`, rounded up to 64; its offset, or null if no free one is that large.

        O(1), except that a request which only the bin just below may hold searches it.
        """
        wanted = max(align_up(nbytes), ALIGNMENT)
        offset = self._find(wanted)
        if offset is None:
            return None
        self._remove_free(offset)
        self._used_bytes += wanted
        rest = self._size[offset] - wanted
        if rest:
            self._size[offset] = wanted
            self._before[offset + wanted] = offset
            # What follows a free extent is never free, so there is nothing to merge with.
            self._insert_free(offset + wanted, rest)
        return offset

    def free(self, offset: int) -> None:
        """Give a taken extent back.

        Raises:
            ValueError: no taken extent begins there.
        """
        size = self._taken(offset)
        self._used_bytes -= size
        self._merge(offset, size)

    def shrink(self, offset: int, nbytes: int) -> int:
        """Keep the first `nbytes` of a taken extent, rounded up to 64, and free the rest; what it has now.

        Raises:
            ValueError: no taken extent begins there, or it is smaller.
        """
        wanted = max(align_up(nbytes), ALIGNMENT)
        rest = self._taken(offset) - wanted
        if rest < 0:
            raise ValueError(f"the extent at {offset} is smaller than {nbytes} bytes")
        if rest:
            self._size[offset] = wanted
            self._before[offset + wanted] = offset
            self._used_bytes -= rest
            self._merge(offset + wanted, rest)
        return wanted

    def size_of(self, offset: int) -> int:
        """Bytes of the taken extent at `offset`.

        Raises:
            ValueError: no taken extent begins there.
        """
        return self._taken(offset)

    def extent(self, offset: int) -> Extent:
        """The extent that begins at `offset`.

        Raises:
            KeyError: none does.
        """
        return Extent(offset, self._size[offset], offset in self._bin_of)

    def before(self, offset: int) -> Extent | None:
        """The extent that ends at `offset`; null at the start."""
        found = self._before.get(offset)
        return None if found is None else self.extent(found)

    def after(self, offset: int) -> Extent | None:
        """The extent that begins where the one at `offset` ends; null at the limit."""
        end = offset + self._size[offset]
        return None if end == self._limit else self.extent(end)

    def extents(self) -> Iterator[Extent]:
        """All of them, in order of their addresses."""
        offset = DATA_OFFSET
        while offset < self._limit:
            yield (found := self.extent(offset))
            offset += found.nbytes

    def grow(self, limit: int) -> None:
        """Move the end of the range up to `limit`, rounded down to 64; never shrinks."""
        limit = limit // ALIGNMENT * ALIGNMENT
        if limit <= self._limit:
            return
        offset, self._limit = self._limit, limit
        self._merge(offset, limit - offset)

    def statistics(self) -> AllocatorStatistics:
        """Counts of this moment."""
        return AllocatorStatistics(
            limit=self._limit,
            used_bytes=self._used_bytes,
            free_bytes=self._limit - DATA_OFFSET - self._used_bytes,
            largest_free_bytes=self.largest_free_bytes,
            used_extents=len(self._size) - len(self._bin_of),
            free_extents=len(self._bin_of),
        )

    def _find(self, wanted: int) -> int | None:
        first = _fitting_bin(wanted)
        if larger := self._bitmap >> first:
            number = first + (larger & -larger).bit_length() - 1
            return next(reversed(self._bins[number]))
        # The paper stops here. A last look into the bin that `wanted` itself
        # falls in costs less than an eviction that was not needed.
        near = self._bins[_bin(wanted)]
        return next((offset for offset in near if self._size[offset] >= wanted), None)

    def _taken(self, offset: int) -> int:
        if offset in self._bin_of or offset not in self._size:
            raise ValueError(f"no taken extent begins at {offset}")
        return self._size[offset]

    def _merge(self, offset: int, size: int) -> None:
        """Make an extent that is in no bin a free one, together with its free neighbours."""
        after = offset + size
        if after in self._bin_of:
            self._remove_free(after)
            size += self._size.pop(after)
            del self._before[after]
        before = self._before.get(offset)
        if before is not None and before in self._bin_of:
            self._remove_free(before)
            self._size.pop(offset, None)
            del self._before[offset]
            size += self._size[before]
            offset = before
        self._insert_free(offset, size)

    def _insert_free(self, offset: int, size: int) -> None:
        self._size[offset] = size
        self._before[offset + size] = offset
        self._bin_of[offset] = number = _bin(size)
        extents = self._bins[number]
        if not extents:
            self._bitmap |= 1 << number
        extents[offset] = None

    def _remove_free(self, offset: int) -> None:
        number = self._bin_of.pop(offset)
        extents = self._bins[number]
        del extents[offset]
        if not extents:
            self._bitmap ^= 1 << number
