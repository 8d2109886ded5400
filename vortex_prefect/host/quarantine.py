"""Nodes that kill their workers again and again are not run for a while: a circuit breaker a node."""

from __future__ import annotations

from dataclasses import dataclass

from vortex_prefect.core.errors import WorkerError


@dataclass(slots=True)
class _Record:
    crashes: int
    last: float


class Quarantine:
    """Counts crashes in a row, a node each. Not thread-safe.

    Args:
        limit: crashes in a row that a node may cause; 0: any number.
        rest_s: how long it is not run then. After that it has one try.
        most: nodes that are remembered; those that crashed least lately are forgotten.
    """

    def __init__(self, limit: int, rest_s: float = 600.0, most: int = 1000) -> None:
        self._limit = limit
        self._rest_s = rest_s
        self._most = most
        self._records: dict[str, _Record] = {}

    def check(self, node: str, now: float) -> None:
        """See that a node may run.

        Raises:
            WorkerError: WK-011, it is in quarantine.
        """
        record = self._records.get(node)
        if record is not None and self.holds(node, now):
            left_s = record.last + self._rest_s - now
            raise WorkerError(
                "WK-011",
                f"{node} killed its worker {record.crashes} times in a row; it is not run for another {left_s:.0f} s",
            )

    def holds(self, node: str, now: float) -> bool:
        """Whether a node is in quarantine."""
        record = self._records.get(node)
        return record is not None and 0 < self._limit <= record.crashes and record.last + self._rest_s > now

    def crashed(self, node: str, now: float) -> None:
        """Its worker died while it ran."""
        record = self._records.pop(node, None) or _Record(0, now)
        record.crashes, record.last = record.crashes + 1, now
        self._records[node] = record  # the latest stands last
        if len(self._records) > self._most:
            del self._records[next(iter(self._records))]

    def finished(self, node: str) -> None:
        """It ended, well or not, and its worker lived."""
        if self._records:
            self._records.pop(node, None)
