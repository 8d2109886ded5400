"""The block table against dictionaries: nothing that somebody needs ever goes, nothing else ever stays."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up

MIB = 1 << 20
BUDGET = 200 * MIB
NAMES = st.sampled_from(["a", "b", "c"])
INDEX = st.integers(0, 1_000)


class BlockTableModel(RuleBasedStateMachine):
    """`granted`, `sealed` and `keys` say what the table must know."""

    def __init__(self) -> None:
        super().__init__()
        self.reserved = DATA_OFFSET
        self.granted: dict[TensorRef, str] = {}
        self.sealed: dict[TensorRef, set[str]] = {}
        self.gone: list[TensorRef] = []
        self.keys: dict[str, dict[str, Value]] = {}
        self.last_generation = 0
        self.table = BlockTable("host", BUDGET, reserve=self.reserve, on_evict=self.on_evict)

    def reserve(self, upto: int) -> None:
        assert self.reserved < upto <= DATA_OFFSET + BUDGET
        self.reserved = upto

    def on_evict(self, ref: TensorRef) -> None:
        assert self.sealed.pop(ref) == set(), "evicted although somebody holds it"
        self.gone.append(ref)
        self.keys = {key: outputs for key, outputs in self.keys.items() if outputs["out"].ref != ref}

    def largest_gap_without_cache(self) -> int:
        pinned = [*self.granted, *(ref for ref, holders in self.sealed.items() if holders)]
        end, largest = DATA_OFFSET, 0
        for ref in sorted(pinned, key=lambda ref: ref.offset):
            largest = max(largest, ref.offset - end)
            end = ref.offset + align_up(ref.nbytes)
        return max(largest, DATA_OFFSET + BUDGET - end)

    @rule(nbytes=st.one_of(st.integers(0, 1_000), st.integers(MIB, 80 * MIB)), owner=NAMES)
    def allocate(self, nbytes: int, owner: str) -> None:
        self.grant(nbytes, owner)

    @rule(nbytes=st.integers(MIB, 80 * MIB))
    def cache(self, nbytes: int) -> None:
        ref = self.grant(nbytes, "a")
        if ref is not None:
            self.table.seal(ref, owner=self.granted.pop(ref), holder="short-lived")
            self.table.release("short-lived")
            self.sealed[ref] = set()

    def grant(self, nbytes: int, owner: str) -> TensorRef | None:
        size = max(align_up(nbytes), ALIGNMENT)
        if self.largest_gap_without_cache() < size:
            with pytest.raises(WorkerError, match="WK-008"):
                self.table.allocate(nbytes, owner)
            return None
        block = self.table.allocate(nbytes, owner)
        assert block.offset % ALIGNMENT == 0
        assert block.offset + block.nbytes <= self.reserved
        assert block.nbytes == size
        assert block.generation > self.last_generation
        self.last_generation = block.generation
        ref = TensorRef("host", block.generation, block.offset, block.nbytes, (size,), "uint8", 0)
        self.granted[ref] = owner
        return ref

    @precondition(lambda self: self.granted)
    @rule(index=INDEX, holder=NAMES, share=st.floats(0.01, 1))
    def seal(self, index: int, holder: str, share: float) -> None:
        grant = list(self.granted)[index % len(self.granted)]
        nbytes = max(1, int(grant.nbytes * share))
        ref = TensorRef("host", grant.generation, grant.offset, nbytes, (nbytes,), "uint8", 0)
        self.table.seal(ref, owner=self.granted.pop(grant), holder=holder)
        self.sealed[ref] = {holder}

    @precondition(lambda self: self.granted)
    @rule(index=INDEX)
    def discard(self, index: int) -> None:
        ref = list(self.granted)[index % len(self.granted)]
        self.table.discard(ref.offset, ref.generation, owner=self.granted.pop(ref))
        self.gone.append(ref)

    @rule(owner=NAMES)
    def drop_owner(self, owner: str) -> None:
        dropped = [ref for ref, name in self.granted.items() if name == owner]
        assert self.table.drop_owner(owner) == len(dropped)
        for ref in dropped:
            del self.granted[ref]
        self.gone.extend(dropped)

    @precondition(lambda self: self.sealed)
    @rule(index=INDEX, holder=NAMES)
    def hold(self, index: int, holder: str) -> None:
        ref = list(self.sealed)[index % len(self.sealed)]
        self.table.hold(ref, holder)
        self.sealed[ref].add(holder)

    @rule(holder=NAMES)
    def release(self, holder: str) -> None:
        held = [holders for holders in self.sealed.values() if holder in holders]
        assert self.table.release(holder) == len(held)
        for holders in held:
            holders.remove(holder)

    @rule(holder=NAMES)
    def drop(self, holder: str) -> None:
        held = [ref for ref, holders in self.sealed.items() if holder in holders]
        for ref in held:
            self.sealed[ref].remove(holder)
        evictions = self.table.statistics().evictions
        assert self.table.drop(holder) == len(held)
        assert not [ref for ref in held if self.sealed.get(ref) == set()], "kept although nobody holds it"
        assert self.table.statistics().evictions == evictions

    @precondition(lambda self: self.sealed)
    @rule(index=INDEX, key=NAMES)
    def remember(self, index: int, key: str) -> None:
        outputs = {"out": Value("TENSOR", list(self.sealed)[index % len(self.sealed)])}
        self.table.remember(key, outputs)
        self.keys[key] = outputs

    @rule(holder=NAMES)
    def lookup(self, holder: str) -> None:
        assert self.table.lookup(["a", "b", "c"], holder) == self.keys
        for outputs in self.keys.values():
            ref = outputs["out"].ref
            assert ref is not None
            self.sealed[ref].add(holder)

    @precondition(lambda self: self.gone)
    @rule(index=INDEX)
    def stale_references_are_refused(self, index: int) -> None:
        with pytest.raises(WorkerError, match="WK-002"):
            self.table.hold(self.gone[index % len(self.gone)], "a")

    @invariant()
    def books_balance(self) -> None:
        for ref in self.sealed:
            self.table.check(ref)
        refs = sorted((*self.granted, *self.sealed), key=lambda ref: ref.offset)
        for first, second in pairwise(refs):
            assert first.offset + align_up(first.nbytes) <= second.offset
        cached = sum(align_up(ref.nbytes) for ref, holders in self.sealed.items() if not holders)
        statistics = self.table.statistics()
        assert statistics.cached_bytes == cached
        assert statistics.in_use_bytes + cached == sum(align_up(ref.nbytes) for ref in refs)
        assert statistics.blocks == len(refs)
        assert statistics.leases == len(self.granted) + sum(map(len, self.sealed.values()))
        assert statistics.keys == len(self.keys)
        assert statistics.reserved_bytes == self.reserved - DATA_OFFSET


TestBlockTableModel = BlockTableModel.TestCase
TestBlockTableModel.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
