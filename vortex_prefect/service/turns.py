"""Whose turn it is in the queue. No I/O.

Higher priority goes first. Those who ask at one priority take turns: whose executions hold the fewest places of the
engine goes first, of these who was served least lately. Of one person's, the lowest place goes first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from vortex_prefect.core.contracts import QueueEntry

_Order = tuple[int, int, int, int, str]

#: Between two places that are given anew.
_APART = 1 << 20


class Turns:
    """Remembers who was served when, for as long as the process lives."""

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._count = 0

    def next(self, waiting: Iterable[QueueEntry], held: Iterable[str], now_ms: int) -> QueueEntry | None:
        """Whose turn it is, or null if nobody may begin yet.

        Args:
            held: whose executions are with the engine, once for each.
        """
        holding = Counter(held)
        due = (entry for entry in waiting if is_due(entry, now_ms))
        return min(due, key=lambda entry: self._order(entry, holding), default=None)

    def serve(self, entry: QueueEntry) -> None:
        """It is with the engine now."""
        self._count += 1
        self._served[entry.user] = self._count

    def in_order(self, waiting: Iterable[QueueEntry], held: Iterable[str], now_ms: int) -> list[QueueEntry]:
        """All who wait in the order of their turn, if nothing ended meanwhile; who may not begin yet comes last."""
        entries = list(waiting)
        later = [entry for entry in entries if not is_due(entry, now_ms)]
        rest = Turns()
        rest._served, rest._count = dict(self._served), self._count
        ordered = list(rest._taken([entry for entry in entries if is_due(entry, now_ms)], Counter(held)))
        return ordered + sorted(later, key=lambda entry: (entry.not_before_ms or 0, -entry.priority, entry.place))

    def _taken(self, due: list[QueueEntry], holding: Counter[str]) -> Iterator[QueueEntry]:
        # The first of each person at each priority: the others cannot be before it.
        lines: dict[tuple[int, str], list[QueueEntry]] = defaultdict(list)
        for entry in sorted(due, key=lambda entry: (entry.place, entry.execution_id), reverse=True):
            lines[entry.priority, entry.user].append(entry)
        while lines:
            key = min(lines, key=lambda key: self._order(lines[key][-1], holding))
            entry = lines[key].pop()
            if not lines[key]:
                del lines[key]
            holding[entry.user] += 1
            self.serve(entry)
            yield entry

    def _order(self, entry: QueueEntry, holding: Counter[str]) -> _Order:
        served = self._served.get(entry.user, 0)
        return (-entry.priority, holding[entry.user], served, entry.place, entry.execution_id)


def is_due(entry: QueueEntry, now_ms: int) -> bool:
    """Whether it may begin."""
    return entry.not_before_ms is None or entry.not_before_ms <= now_ms


def places_before(waiting: Iterable[QueueEntry], target: QueueEntry, moved: QueueEntry) -> dict[str, int]:
    """New places, by id, that bring `moved` just before `target`: its own, or everybody's where there is no room."""
    others = sorted(
        (entry for entry in waiting if entry.execution_id != moved.execution_id),
        key=lambda entry: (entry.place, entry.execution_id),
    )
    index = others.index(target)
    last = others[index - 1].place if index else target.place - 2 * _APART
    place = (last + target.place) // 2
    if last < place < target.place:
        return {moved.execution_id: place}
    ordered = [*others[:index], moved, *others[index:]]
    return {entry.execution_id: ordered[0].place + step * _APART for step, entry in enumerate(ordered)}
