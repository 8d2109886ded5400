"""Which cached blocks lie so that together they make room for one large one, at the least loss.

Evicting in order of worth alone leaves holes everywhere and room nowhere: a
block goes that nobody misses, between two that are held. So what is chosen is
a window, neighbouring extents that are free or cached, of enough bytes.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import NamedTuple

from vortex_prefect.shm.allocator import Allocator, Extent
from vortex_prefect.shm.gdsf import EvictionOrder

#: Blocks around which windows are tried first: those worth least.
_TRIES = 32
#: Extents that are looked at for all but the first window. Of tiny blocks one window has thousands,
#: and everybody who wants room waits.
_MOST_STEPS = 4096


def cheapest_window(allocator: Allocator, order: EvictionOrder, nbytes: int) -> list[int] | None:
    """Offsets of the cached blocks whose eviction lets `nbytes` be allocated; null if no eviction does.

    The cheapest of the windows that grow around the blocks worth least; where
    held blocks are in the way of all of these, the cheapest of all.
    """
    best: tuple[float, list[int]] | None = None
    steps = 0
    for offset in islice(order.coldest(), _TRIES):
        most = best[0] if best is not None else math.inf
        left = _MOST_STEPS - steps if best is not None else math.inf
        if left <= 0:
            break
        grown, taken = _grown(allocator, order, offset, nbytes, most, left)
        steps += taken
        best = grown or best
    return best[1] if best is not None else _cheapest_of_all(allocator, order, nbytes)


def _grown(
    allocator: Allocator, order: EvictionOrder, offset: int, nbytes: int, most: float, steps: float
) -> tuple[tuple[float, list[int]] | None, int]:
    """Loss and blocks of a window around a block, and how many extents were looked at; it grows to where a byte is
    cheaper. Null instead of the window if its loss is not below `most`, or it takes more than so many steps."""
    taken, loss, size = [offset], order.loss(offset), allocator.extent(offset).nbytes
    left, right = _side(order, allocator.before(offset)), _side(order, allocator.after(offset))
    count = 0
    while size < nbytes and loss < most and count < steps:
        leftwards = left.density <= right.density
        extent = (left if leftwards else right).extent
        if extent is None:
            return None, count
        count += 1
        size += extent.nbytes
        if not extent.free:
            taken.append(extent.offset)
            loss += order.loss(extent.offset)
        if leftwards:
            left = _side(order, allocator.before(extent.offset))
        else:
            right = _side(order, allocator.after(extent.offset))
    return ((loss, taken) if size >= nbytes and loss < most else None), count


class _Side(NamedTuple):
    """What a window may grow into, and what a byte of that costs; without an extent, nothing."""

    density: float
    extent: Extent | None


_NOTHING = _Side(math.inf, None)


def _side(order: EvictionOrder, extent: Extent | None) -> _Side:
    if extent is None:
        return _NOTHING
    if extent.free:
        return _Side(0.0, extent)
    return _Side(order.loss(extent.offset) / extent.nbytes, extent) if extent.offset in order else _NOTHING


def _cheapest_of_all(allocator: Allocator, order: EvictionOrder, nbytes: int) -> list[int] | None:
    """Two ends that move over all extents in order of their addresses."""
    best: tuple[float, list[int]] | None = None
    window: list[tuple[Extent, float]] = []
    start, size, loss = 0, 0, 0.0
    for extent in allocator.extents():
        if not extent.free and extent.offset not in order:
            window, start, size, loss = [], 0, 0, 0.0
            continue
        cost = 0.0 if extent.free else order.loss(extent.offset)
        window.append((extent, cost))
        size, loss = size + extent.nbytes, loss + cost
        while size - window[start][0].nbytes >= nbytes:
            size, loss, start = size - window[start][0].nbytes, loss - window[start][1], start + 1
        if size >= nbytes and (best is None or loss < best[0]):
            best = loss, [each.offset for each, _ in window[start:] if not each.free]
    return best[1] if best is not None else None
