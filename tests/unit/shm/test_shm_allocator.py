from __future__ import annotations

import pytest

from vortex_prefect.shm.allocator import Allocator, AllocatorStatistics
from vortex_prefect.shm.layout import DATA_OFFSET


def test_extents_are_aligned_and_counted() -> None:
    allocator = Allocator(DATA_OFFSET + 1024)
    assert allocator.allocate(1) == DATA_OFFSET
    assert allocator.allocate(65) == DATA_OFFSET + 64
    assert allocator.statistics() == AllocatorStatistics(
        limit=DATA_OFFSET + 1024,
        used_bytes=192,
        free_bytes=832,
        largest_free_bytes=832,
        used_extents=2,
        free_extents=1,
    )


def test_all_of_it_can_be_taken_at_once() -> None:
    nbytes = (1 << 30) + 64 * 33  # not at the start of its bin: the rounded-up search misses it
    allocator = Allocator(DATA_OFFSET + nbytes)
    assert allocator.allocate(nbytes + 1) is None
    assert allocator.allocate(nbytes) == DATA_OFFSET
    assert allocator.allocate(1) is None
    allocator.free(DATA_OFFSET)
    assert allocator.largest_free_bytes == nbytes


def test_neighbours_coalesce_from_both_sides() -> None:
    allocator = Allocator(DATA_OFFSET + 64 * 5)
    extents = [allocator.allocate(64) for _ in range(5)]
    for index in (0, 2, 4, 1, 3):
        offset = extents[index]
        assert offset is not None
        allocator.free(offset)
    assert allocator.statistics().free_extents == 1
    assert allocator.largest_free_bytes == 64 * 5


def test_growth_extends_the_free_tail() -> None:
    allocator = Allocator()
    assert allocator.allocate(1) is None
    assert allocator.tail_free_bytes == 0
    allocator.grow(DATA_OFFSET + 128)
    assert allocator.allocate(64) == DATA_OFFSET
    assert allocator.tail_free_bytes == 64
    allocator.grow(DATA_OFFSET + 256)
    assert allocator.tail_free_bytes == 192
    allocator.grow(DATA_OFFSET)
    assert allocator.limit == DATA_OFFSET + 256
    assert allocator.allocate(192) == DATA_OFFSET + 64


def test_shrink_frees_the_tail_of_an_extent() -> None:
    allocator = Allocator(DATA_OFFSET + 1024)
    assert allocator.allocate(1024) == DATA_OFFSET
    assert allocator.shrink(DATA_OFFSET, 100) == 128
    assert allocator.size_of(DATA_OFFSET) == 128
    assert allocator.allocate(896) == DATA_OFFSET + 128
    with pytest.raises(ValueError, match="smaller"):
        allocator.shrink(DATA_OFFSET, 129)


@pytest.mark.parametrize("offset", [0, DATA_OFFSET + 64, DATA_OFFSET + 128, DATA_OFFSET + 1024])
def test_only_a_taken_extent_can_be_freed(offset: int) -> None:
    allocator = Allocator(DATA_OFFSET + 1024)
    assert allocator.allocate(128) == DATA_OFFSET
    for refuse in (allocator.free, allocator.size_of):
        with pytest.raises(ValueError, match="no taken extent"):
            refuse(offset)
