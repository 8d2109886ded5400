"""The allocator against a list of extents."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up

SIZES = st.one_of(st.integers(0, 5_000), st.sampled_from([64 * 31, 64 * 32, 64 * 33, 1 << 16, (1 << 16) + 64]))


class AllocatorModel(RuleBasedStateMachine):
    """Taken extents are a dict here, free ones are what lies between."""

    extents = Bundle("extents")

    def __init__(self) -> None:
        super().__init__()
        self.allocator = Allocator()
        self.limit = DATA_OFFSET
        self.taken: dict[int, int] = {}

    def gaps(self) -> list[int]:
        """Sizes of the maximal free extents, in order, with zeros."""
        ends = [DATA_OFFSET, *(offset + size for offset, size in sorted(self.taken.items()))]
        starts = [*sorted(self.taken), self.limit]
        return [start - end for end, start in zip(ends, starts, strict=True)]

    @rule(nbytes=st.integers(0, 100_000))
    def grow(self, nbytes: int) -> None:
        self.limit = max(self.limit, (self.limit + nbytes) // ALIGNMENT * ALIGNMENT)
        self.allocator.grow(self.limit + nbytes % ALIGNMENT)

    @rule(target=extents, nbytes=SIZES)
    def allocate(self, nbytes: int) -> object:
        size = max(align_up(nbytes), ALIGNMENT)
        offset = self.allocator.allocate(nbytes)
        assert (offset is not None) == (max(self.gaps()) >= size)
        if offset is None:
            return multiple()
        assert offset % ALIGNMENT == 0
        assert offset not in self.taken
        self.taken[offset] = size
        return offset

    @rule(offset=consumes(extents))
    def free(self, offset: int) -> None:
        self.allocator.free(offset)
        del self.taken[offset]

    @rule(offset=extents, share=st.floats(0, 1))
    def shrink(self, offset: int, share: float) -> None:
        nbytes = int(self.taken[offset] * share)
        self.taken[offset] = max(align_up(nbytes), ALIGNMENT)
        assert self.allocator.shrink(offset, nbytes) == self.taken[offset]

    @invariant()
    def nothing_overlaps_or_leaks(self) -> None:
        gaps = self.gaps()
        assert min(gaps) >= 0
        statistics = self.allocator.statistics()
        assert statistics.limit == self.limit
        assert statistics.used_bytes == sum(self.taken.values())
        assert statistics.free_bytes == sum(gaps)
        assert statistics.largest_free_bytes == max(gaps)
        assert statistics.used_extents == len(self.taken)
        assert statistics.free_extents == sum(gap > 0 for gap in gaps)
        assert self.allocator.tail_free_bytes == gaps[-1]


TestAllocatorModel = AllocatorModel.TestCase
TestAllocatorModel.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
