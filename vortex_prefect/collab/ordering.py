"""Order in maps that have none: entries stand by a number, those without one last, and ties by key."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from vortex_prefect.graph.changes import longest_increasing

#: Where an entry stands: its number, then its key.
Place = tuple[float, str]


def read_order(value: Any) -> float:
    """The number that an entry stands by; infinity for everything that is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return math.inf
    return float(value)


def renumber(places: Sequence[Place | None]) -> dict[int, float]:
    """The fewest new numbers that bring entries into the order of the sequence, by their index in it.

    Args:
        places: where the entries stand now; null for new ones, which all get a number.
    """
    known = [(index, place) for index, place in enumerate(places) if place is not None]
    ranks = {place: rank for rank, place in enumerate(sorted(place for _, place in known))}
    kept = {index for index, _ in longest_increasing([(index, ranks[place]) for index, place in known])}
    kept -= _misplaced(places, kept)
    found: dict[int, float] = {}
    orders = [place[0] if place is not None and index in kept else None for index, place in enumerate(places)]
    fixed = [-1, *sorted(kept), len(places)]
    for before, after in pairwise(fixed):
        run = range(before + 1, after)
        low = orders[before] if before >= 0 else None
        high = orders[after] if after < len(places) else None
        numbers = _between(low, high, len(run))
        if numbers is None:
            return _afresh(places)
        found |= dict(zip(run, numbers, strict=True))
    return found


def _misplaced(places: Sequence[Place | None], kept: Collection[int]) -> set[int]:
    """Entries without a number can only stay where nothing that gets one follows."""
    tail = len(places)
    while tail and tail - 1 in kept:
        tail -= 1
    return {index for index, place in enumerate(places[:tail]) if place is not None and place[0] == math.inf}


def _between(low: float | None, high: float | None, count: int) -> list[float] | None:
    """So many rising numbers between two, either of which may be missing; null where floats are too coarse for it."""
    if count == 0:
        return []
    if high is None or high == math.inf:
        start = 0.0 if low is None else low + 1
        numbers = [start + index for index in range(count)]
    elif low is None:
        numbers = [high - count + index for index in range(count)]
    else:
        numbers = [low + (high - low) * (index + 1) / (count + 1) for index in range(count)]
    row = [-math.inf if low is None else low, *numbers, math.inf if high is None else high]
    rises = all(first < second for first, second in pairwise(row))
    return numbers if rises and all(map(math.isfinite, numbers)) else None


def _afresh(places: Sequence[Place | None]) -> dict[int, float]:
    return {index: float(index) for index, place in enumerate(places) if place is None or place[0] != index}
