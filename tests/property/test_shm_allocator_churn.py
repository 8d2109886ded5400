"""Millions of operations on the allocator, against a byte for every 64 bytes of the arena.

`VORTEX_MODEL_OPERATIONS` says how many; 10,000,000 take some minutes.
"""

from __future__ import annotations

import os
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from vortex_prefect.shm.allocator import Allocator
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up

OPERATIONS = int(os.environ.get("VORTEX_MODEL_OPERATIONS", "200000"))
UNITS = 1 << 16
STEPS, BURST = 20, 500
#: In units: like tensors, most are small and some take a good part of all.
SIZES = st.sampled_from([4, 64, 1024, 8192])


class Churn(RuleBasedStateMachine):
    """A unit of `model` is 1 where a block lies."""

    def __init__(self) -> None:
        super().__init__()
        self.allocator = Allocator()
        self.limit = 0
        self.model = bytearray()
        #: offset → units
        self.taken: dict[int, int] = {}
        self.offsets: list[int] = []
        self.grow(UNITS // 2)

    def grow(self, units: int) -> None:
        self.limit += units
        self.model.extend(bytes(units))
        self.allocator.grow(DATA_OFFSET + self.limit * ALIGNMENT)

    @rule(seed=st.integers(0, 1 << 32), largest=SIZES, full=st.floats(0.2, 0.8))
    def churn(self, seed: int, largest: int, full: float) -> None:
        dice = Random(seed)
        for _ in range(BURST):
            if dice.random() < full:
                self.take(dice.randrange(1, largest * ALIGNMENT))
            elif self.offsets and dice.random() < 0.9:
                self.give(dice.randrange(len(self.offsets)))
            elif self.offsets:
                self.trim(self.offsets[dice.randrange(len(self.offsets))], dice.random())

    def take(self, nbytes: int) -> None:
        units = align_up(nbytes) // ALIGNMENT
        offset = self.allocator.allocate(nbytes)
        if offset is None:
            assert self.model.find(bytes(units)) < 0, "refused although there is room"
            return
        start = (offset - DATA_OFFSET) // ALIGNMENT
        assert offset % ALIGNMENT == 0
        assert start + units <= self.limit
        assert not any(self.model[start : start + units]), "two blocks overlap"
        self.model[start : start + units] = b"\1" * units
        self.taken[offset] = units
        self.offsets.append(offset)

    def give(self, index: int) -> None:
        self.offsets[index], self.offsets[-1] = self.offsets[-1], self.offsets[index]
        offset = self.offsets.pop()
        units = self.taken.pop(offset)
        self.allocator.free(offset)
        start = (offset - DATA_OFFSET) // ALIGNMENT
        self.model[start : start + units] = bytes(units)

    def trim(self, offset: int, share: float) -> None:
        units = self.taken[offset]
        kept = max(int(units * share), 1)
        assert self.allocator.shrink(offset, kept * ALIGNMENT) == kept * ALIGNMENT
        start = (offset - DATA_OFFSET) // ALIGNMENT
        self.model[start + kept : start + units] = bytes(units - kept)
        self.taken[offset] = kept

    @rule(units=st.integers(1, UNITS // 8))
    def enlarge(self, units: int) -> None:
        if self.limit + units <= UNITS:
            self.grow(units)

    @rule()
    def empty(self) -> None:
        while self.offsets:
            self.give(len(self.offsets) - 1)
        assert self.allocator.largest_free_bytes == self.limit * ALIGNMENT, "the free extents did not join"

    @invariant()
    def no_byte_is_lost(self) -> None:
        used = self.model.count(1) * ALIGNMENT
        statistics = self.allocator.statistics()
        assert statistics.used_bytes == used
        assert statistics.free_bytes == self.limit * ALIGNMENT - used
        assert sum(extent.nbytes for extent in self.allocator.extents()) == self.limit * ALIGNMENT
        runs = max(map(len, self.model.split(b"\1")), default=0)
        assert statistics.largest_free_bytes == runs * ALIGNMENT


TestChurn = Churn.TestCase
TestChurn.settings = settings(
    # Two rules of three do next to nothing.
    max_examples=max(7 * OPERATIONS // (2 * STEPS * BURST), 1),
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
