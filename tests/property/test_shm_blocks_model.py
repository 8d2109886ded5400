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
from vortex_prefect.shm.books import Change
from vortex_prefect.shm.layout import ALIGNMENT, DATA_OFFSET, align_up
from vortex_prefect.shm.ranges import Ranges

MIB = 1 << 20
BUDGET = 200 * MIB
NAMES = st.sampled_from(["a", "b", "c"])
INDEX = st.integers(0, 1_000)


class BlockTableModel(RuleBasedStateMachine):
    """`granted`, `sealed` and `keys` say what the table must know."""

    def __init__(self) -> None:
        super().__init__()
        self.backed = Ranges()
        self.granted: dict[TensorRef, str] = {}
        #: Who holds it by name, and who reads it as (lease, job).
        self.sealed: dict[TensorRef, set[str | tuple[str, str]]] = {}
        #: The same of those that are refused.
        self.damaged: dict[TensorRef, set[str | tuple[str, str]]] = {}
        self.pinned: set[str] = set()
        self.gone: list[TensorRef] = []
        self.keys: dict[str, dict[str, Value]] = {}
        self.last_generation = 0
        self.table = BlockTable("host", BUDGET, memory=self, on_change=self.on_change)

    def reserve(self, offset: int, nbytes: int) -> None:
        assert offset + nbytes <= DATA_OFFSET + BUDGET
        self.backed.add(offset, offset + nbytes)

    def punch(self, offset: int, nbytes: int) -> None:
        for ref in (*self.granted, *self.sealed, *self.damaged):
            assert ref.offset + align_up(ref.nbytes) <= offset or offset + nbytes <= ref.offset, (
                "a block lost its bytes"
            )
        self.backed.remove(offset, offset + nbytes)

    def on_change(self, change: Change) -> None:
        ref = change.ref
        if change.what == "allocated":
            return
        needed = self.damaged.pop(ref) if ref in self.damaged else self.sealed.pop(ref)
        assert needed == set(), "evicted although somebody needs it"
        self.gone.append(ref)
        self.keys = {key: outputs for key, outputs in self.keys.items() if outputs["out"].ref != ref}

    def largest_gap_without_cache(self) -> int:
        pinned = [*self.granted, *self.damaged, *(ref for ref, needed in self.sealed.items() if needed)]
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
        assert self.backed.within(block.offset, block.offset + block.nbytes) == [
            (block.offset, block.offset + block.nbytes)
        ]
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
        self.forget(
            {
                need
                for ref in self.all_sealed()
                for need in self.needed(ref)
                if isinstance(need, tuple) and need[0] == owner
            }
        )
        assert self.table.drop_owner(owner) == len(dropped)
        for ref in dropped:
            del self.granted[ref]
        self.gone.extend(dropped)

    def all_sealed(self) -> list[TensorRef]:
        return [*self.sealed, *self.damaged]

    def needed(self, ref: TensorRef) -> set[str | tuple[str, str]]:
        return self.sealed[ref] if ref in self.sealed else self.damaged[ref]

    def forget(self, needs: set[str | tuple[str, str]]) -> list[TensorRef]:
        """End what these need; whom they needed."""
        found = [ref for ref in self.all_sealed() if self.needed(ref) & needs]
        for ref in found:
            self.needed(ref).difference_update(needs)
        return found

    @precondition(lambda self: self.sealed)
    @rule(index=INDEX, holder=NAMES)
    def hold(self, index: int, holder: str) -> None:
        ref = list(self.sealed)[index % len(self.sealed)]
        self.table.hold(ref, holder)
        self.sealed[ref].add(holder)

    @precondition(lambda self: self.sealed)
    @rule(indices=st.lists(INDEX, max_size=3), lease=NAMES, job=NAMES)
    def map(self, indices: list[int], lease: str, job: str) -> None:
        refs = [list(self.sealed)[index % len(self.sealed)] for index in indices]
        self.table.map(refs, lease, job)
        for ref in refs:
            self.sealed[ref].add((lease, job))

    @rule(lease=NAMES, job=NAMES)
    def use(self, lease: str, job: str) -> None:
        self.table.use(lease, job)

    @rule(lease=NAMES, job=NAMES)
    def finish(self, lease: str, job: str) -> None:
        self.forget({(lease, job)})
        self.table.finish(lease, job)

    @precondition(lambda self: self.sealed)
    @rule(index=INDEX)
    def condemn(self, index: int) -> None:
        ref = list(self.sealed)[index % len(self.sealed)]
        self.damaged[ref] = self.sealed.pop(ref)
        lost = {key for key, outputs in self.keys.items() if outputs["out"].ref == ref}
        self.damaged[ref] -= {f"pin:{key}" for key in lost}
        self.pinned -= lost
        self.keys = {key: outputs for key, outputs in self.keys.items() if key not in lost}
        assert self.table.condemn(ref)
        assert not self.table.condemn(ref)
        with pytest.raises(WorkerError, match=r"WK-00[27]"):
            self.table.map([ref], "a", "a")

    @rule(holder=NAMES)
    def release(self, holder: str) -> None:
        held = self.forget({holder})
        assert self.table.release(holder) == len(held)

    @rule(holder=NAMES)
    def drop(self, holder: str) -> None:
        held = self.forget({holder})
        evictions = self.table.statistics().evictions
        assert self.table.drop(holder) == len(held)
        assert not [ref for ref in held if self.sealed.get(ref) == set()], "kept although nobody needs it"
        assert self.table.statistics().evictions == evictions

    @rule(key=NAMES, keep=st.booleans())
    def pin(self, key: str, keep: bool) -> None:
        if not keep:
            assert self.table.unpin(key) == (key in self.pinned)
            self.pinned.discard(key)
            self.forget({f"pin:{key}"})
            return
        ref = self.keys[key]["out"].ref if key in self.keys else None
        kept = {ref for ref in self.all_sealed() if any(str(need).startswith("pin:") for need in self.needed(ref))}
        if (
            ref is not None
            and sum(align_up(each.nbytes) for each in {*kept, ref}) > BUDGET // 2
            and key not in self.pinned
        ):
            with pytest.raises(WorkerError, match="WK-008"):
                self.table.pin(key)
            return
        assert self.table.pin(key) == (ref is not None)
        if ref is not None:
            self.pinned.add(key)
            self.sealed[ref].add(f"pin:{key}")

    @rule(nbytes=st.integers(1, 100 * MIB))
    def press(self, nbytes: int) -> None:
        before = self.backed.nbytes
        assert self.table.give_back(nbytes) == before - self.backed.nbytes

    @rule(ahead=st.integers(1, 80 * MIB))
    def warm(self, ahead: int) -> None:
        while (step := self.table.next_step(ahead)) is not None:
            self.reserve(step.offset, step.nbytes)
            self.table.warmed(step)
        statistics = self.table.statistics()
        assert statistics.warm_bytes + statistics.cold_bytes == statistics.reserved_bytes

    @precondition(lambda self: self.sealed)
    @rule(index=INDEX, key=NAMES)
    def remember(self, index: int, key: str) -> None:
        outputs = {"out": Value("TENSOR", list(self.sealed)[index % len(self.sealed)])}
        self.pinned.discard(key)
        self.forget({f"pin:{key}"})
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
        refs = sorted((*self.granted, *self.sealed, *self.damaged), key=lambda ref: ref.offset)
        for first, second in pairwise(refs):
            assert first.offset + align_up(first.nbytes) <= second.offset
        cached = sum(align_up(ref.nbytes) for ref, needed in self.sealed.items() if not needed)
        statistics = self.table.statistics()
        assert statistics.cached_bytes == cached
        assert statistics.in_use_bytes + cached == sum(align_up(ref.nbytes) for ref in refs)
        assert statistics.blocks == len(refs)
        assert statistics.leases == len(self.granted) + sum(len(self.needed(ref)) for ref in self.all_sealed())
        assert statistics.keys == len(self.keys)
        assert statistics.reserved_bytes == self.backed.nbytes


TestBlockTableModel = BlockTableModel.TestCase
TestBlockTableModel.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
