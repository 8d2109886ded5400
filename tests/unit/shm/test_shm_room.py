"""Ranges, worth and windows, each against what a slower way finds."""

from __future__ import annotations

import itertools
from bisect import bisect
from collections import OrderedDict
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.gdsf import EvictionOrder
from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.shm.ranges import Ranges
from vortex_prefect.shm.window import cheapest_window

MIB = 1 << 20
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 20)), max_size=40)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, start=st.integers(0, 60), length=st.integers(0, 30))
def test_ranges_are_a_set_of_bytes(steps: list[tuple[bool, int, int]], start: int, length: int) -> None:
    ranges, expected = Ranges(), set[int]()
    for add, at, count in steps:
        (ranges.add if add else ranges.remove)(at, at + count)
        expected = expected | {*range(at, at + count)} if add else expected - {*range(at, at + count)}
    pairs = list(ranges)
    assert [byte for pair in pairs for byte in range(*pair)] == sorted(expected)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(pairs)), "two of them touch"
    assert ranges.nbytes == len(expected)
    assert bool(ranges) == bool(expected)
    within = [byte for pair in ranges.within(start, start + length) for byte in range(*pair)]
    assert within == sorted(expected & {*range(start, start + length)})


def test_what_is_cheap_to_make_or_large_goes_before_what_is_dear_or_small() -> None:
    order = EvictionOrder()
    order.add(0, 100, uses=1, cost_ms=10)
    order.add(1, 100, uses=1, cost_ms=5)
    order.add(2, 1000, uses=1, cost_ms=10)
    order.add(3, 100, uses=4, cost_ms=5)
    assert list(order.coldest()) == [2, 1, 0, 3]
    order.discard(0)
    order.discard(7)
    assert len(order) == 3
    assert 0 not in order


def test_what_was_dear_long_ago_gives_way_in_the_end() -> None:
    order = EvictionOrder()
    order.add(0, 100, uses=50, cost_ms=1)
    for offset in range(1, 1000):
        order.add(offset, 100, uses=1, cost_ms=1)
        first = next(order.coldest())
        if first == 0:
            return
        order.evict([first])
    pytest.fail("it never aged")


class Shelf:
    """Blocks in a row, of which some may be evicted."""

    def __init__(self, blocks: list[tuple[int, float | None]]) -> None:
        self.allocator, self.order = Allocator(DATA_OFFSET + 64 * sum(size for size, _ in blocks)), EvictionOrder()
        self.offsets = [self.allocator.allocate(64 * size) for size, _ in blocks]
        for offset, (size, worth) in zip(self.offsets, blocks, strict=True):
            if offset is not None and worth is not None:
                self.order.add(offset, 64 * size, 1, worth)

    def window(self, size: int) -> list[int] | None:
        """Indices of the blocks that would go."""
        found = cheapest_window(self.allocator, self.order, 64 * size)
        return None if found is None else sorted(map(self.offsets.index, found))


def test_neighbours_go_together_and_held_ones_stay() -> None:
    #                 cheap, held, dear, cheap, cheap
    shelf = Shelf([(4, 1), (4, None), (4, 90), (4, 2), (4, 3)])
    assert shelf.window(4) == [0]
    assert shelf.window(8) == [3, 4]
    assert shelf.window(12) == [2, 3, 4]
    assert shelf.window(13) is None
    assert shelf.offsets[2] is not None
    shelf.order.discard(shelf.offsets[2])
    shelf.allocator.free(shelf.offsets[2])
    assert shelf.window(8) == [3], "what is free costs nothing"


def test_where_the_cheapest_lie_between_held_ones_all_are_looked_at() -> None:
    alone: list[tuple[int, float | None]] = [(2, 1), (1, None)]
    shelf = Shelf([*alone * 60, (2, 500), (2, 500), (1, None), *alone * 60])
    assert shelf.window(4) == [120, 121]
    assert shelf.window(5) is None


@settings(max_examples=300, deadline=None)
@given(
    blocks=st.lists(st.tuples(st.integers(1, 8), st.one_of(st.none(), st.floats(0, 100))), min_size=1, max_size=12),
    size=st.integers(1, 30),
)
def test_a_window_is_found_wherever_there_is_one(blocks: list[tuple[int, float | None]], size: int) -> None:
    shelf = Shelf(blocks)
    runs = [list(run) for held, run in itertools.groupby(blocks, key=lambda block: block[1] is None) if not held]
    possible = max((sum(each for each, _ in run) for run in runs), default=0) >= size
    found = shelf.window(size)
    assert (found is not None) == possible
    if found is not None:
        assert found == list(range(found[0], found[-1] + 1))
        assert sum(blocks[index][0] for index in found) >= size


def trace(length: int) -> Iterator[tuple[int, int, float]]:
    """Name, bytes and cost of what is asked for: Zipf over 2,000, and a third that nobody asks for again."""
    dice, things = Random(1), 2000
    sizes = [int(1024 * 2 ** (dice.random() * 14)) for _ in range(things)]
    weights = list(itertools.accumulate(1 / (rank + 1) ** 0.9 for rank in range(things)))
    for once in range(things, things + length):
        if dice.random() < 1 / 3:
            yield once, int(1024 * 2 ** (dice.random() * 14)), 1 + dice.paretovariate(1.2)
        else:
            name = bisect(weights, dice.random() * weights[-1])
            yield name, sizes[name], 1 + sizes[name] % 17


def test_more_is_found_again_than_with_the_least_recently_used() -> None:
    budget, length = 256 * MIB, 8000
    allocator, order = Allocator(DATA_OFFSET + budget), EvictionOrder()
    at: dict[int, int] = {}
    names: dict[int, int] = {}
    uses: dict[int, int] = {}
    recent: OrderedDict[int, int] = OrderedDict()
    hits = recent_hits = recent_bytes = 0
    for name, nbytes, cost_ms in trace(length):
        if name in recent:
            recent_hits += 1
            recent.move_to_end(name)
        else:
            recent[name] = nbytes
            recent_bytes += nbytes
            while recent_bytes > budget:  # as if memory had no addresses
                recent_bytes -= recent.popitem(last=False)[1]
        if name in at:
            hits += 1
            uses[name] += 1
            order.discard(at[name])
        else:
            offset = allocator.allocate(nbytes)
            if offset is None:
                window = cheapest_window(allocator, order, nbytes)
                assert window is not None
                order.evict(window)
                for gone in window:
                    allocator.free(gone)
                    del at[names.pop(gone)]
                offset = allocator.allocate(nbytes)
            assert offset is not None
            at[name], names[offset], uses[name] = offset, name, 1
        order.add(at[name], nbytes, uses[name], cost_ms)
    assert hits > 1.15 * recent_hits
