"""A set of bytes, as few ranges as can be."""

from __future__ import annotations

from collections.abc import Iterator

from sortedcontainers import SortedDict


class Ranges:
    """Ranges [start, end) that neither overlap nor touch."""

    def __init__(self) -> None:
        self._ends: SortedDict = SortedDict()
        self._nbytes = 0

    def __bool__(self) -> bool:
        return bool(self._ends)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Start and end of each, the first one first."""
        return iter(self._ends.items())

    @property
    def nbytes(self) -> int:
        """Bytes of all ranges."""
        return self._nbytes

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of [start, end) that are in the set."""
        return [(max(at, start), min(till, end)) for at, till in self._around(start, end)]

    def add(self, start: int, end: int) -> None:
        """Put [start, end) into the set."""
        if start >= end:
            return
        # What only touches it joins it.
        for at, till in self._around(start - 1, end + 1):
            self._drop(at, till)
            start, end = min(start, at), max(end, till)
        self._put(start, end)

    def remove(self, start: int, end: int) -> None:
        """Take [start, end) out of the set, as far as it is there."""
        for at, till in self._around(start, end):
            self._drop(at, till)
            self._put(at, start)
            self._put(end, till)

    def _around(self, start: int, end: int) -> list[tuple[int, int]]:
        """The whole ranges that have a part in [start, end)."""
        if not self._ends or start >= end:
            return []
        first = self._ends.keys()[max(self._ends.bisect_right(start) - 1, 0)]
        starts = list(self._ends.irange(first, end, inclusive=(True, False)))
        return [(at, self._ends[at]) for at in starts if self._ends[at] > start]

    def _drop(self, start: int, end: int) -> None:
        del self._ends[start]
        self._nbytes -= end - start

    def _put(self, start: int, end: int) -> None:
        if start < end:
            self._ends[start] = end
            self._nbytes += end - start
