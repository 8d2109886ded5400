"""Tensors in blocks: who holds them, who may seal, find, read or keep them, and what gives way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.blocks import Changes, Machine, is_valid, ref_of, sealed
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.lifecycle import Block

MIB = 1 << 20


@pytest.fixture
def table(machine: Machine, evicted: Changes) -> BlockTable:
    return BlockTable("host", 4 * MIB, memory=machine, on_change=evicted.note, key_limit=3)


def test_a_tensors_life_from_grant_to_eviction(table: BlockTable, evicted: Changes) -> None:
    block = table.allocate(3 * MIB, "worker")
    ref = ref_of(block)
    assert not is_valid(table, ref)
    table.seal(ref, owner="worker", holder="run")
    table.check(ref)
    assert table.statistics().in_use_bytes == 3 * MIB
    assert table.release("run") == 1
    assert (table.statistics().in_use_bytes, table.statistics().cached_bytes) == (0, 3 * MIB)
    table.check(ref)
    table.allocate(2 * MIB, "worker")
    assert evicted == [ref]
    assert not is_valid(table, ref)
    assert table.statistics().evictions == 1


def test_generations_differ_are_never_zero_and_wrap(machine: Machine) -> None:
    table = BlockTable("host", MIB, memory=machine, first_generation=(1 << 32) - 1)
    first, second = table.allocate(64, "worker"), table.allocate(64, "worker")
    assert (first.generation, second.generation) == ((1 << 32) - 1, 1)


def test_a_stale_reference_to_a_reused_place_is_refused(table: BlockTable) -> None:
    old = sealed(table, 4 * MIB)
    table.release("run")
    new = sealed(table, 4 * MIB)
    assert new.offset == old.offset
    assert is_valid(table, new)
    with pytest.raises(WorkerError, match="WK-002"):
        table.check(old)
    with pytest.raises(WorkerError, match="WK-002"):
        table.hold(old, "run")


@pytest.mark.parametrize(
    "changes",
    [{"host": "other"}, {"offset": 0}, {"offset": 1 << 50}, {"nbytes": 1 << 50}, {"generation": 99}, {"shape": (2,)}],
)
def test_a_forged_reference_is_refused(table: BlockTable, changes: dict[str, object]) -> None:
    ref = sealed(table, 1024)
    forged = replace(ref, **changes)  # type: ignore[arg-type]
    assert not is_valid(table, forged)
    with pytest.raises(WorkerError, match="WK-002"):
        table.remember("key", {"out": Value("TENSOR", forged)})


def test_a_full_arena_says_what_was_asked_held_and_free(table: BlockTable) -> None:
    sealed(table, 3 * MIB)
    with pytest.raises(WorkerError, match=rf"WK-008 {2 * MIB} bytes asked, {3 * MIB} of {4 * MIB} in use, {MIB} free"):
        table.allocate(2 * MIB, "worker")


def test_a_hopeless_request_neither_reserves_nor_evicts(table: BlockTable, machine: Machine) -> None:
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(5 * MIB, "worker")
    assert machine.reserved == []
    cached = sealed(table, 2 * MIB)
    table.release("run")
    sealed(table, MIB, "other")
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(4 * MIB, "worker")
    table.check(cached)


def test_the_least_used_is_evicted_and_the_held_never(table: BlockTable, evicted: Changes) -> None:
    popular, held, rare = sealed(table, MIB, "a"), sealed(table, MIB, "b"), sealed(table, MIB, "a")
    table.hold(popular, "c")
    table.release("c")
    table.release("a")
    sealed(table, 2 * MIB, "d")
    assert evicted == [rare]
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(2 * MIB, "worker")
    assert is_valid(table, popular)
    table.allocate(MIB, "worker")
    assert evicted == [rare, popular]
    table.check(held)


def test_what_is_held_again_leaves_the_order_of_eviction(table: BlockTable, evicted: Changes) -> None:
    first, second = sealed(table, 2 * MIB, "a"), sealed(table, 2 * MIB, "a")
    table.release("a")
    table.hold(first, "b")
    sealed(table, 2 * MIB, "c")
    assert evicted == [second]
    table.check(first)


def test_a_block_is_cached_when_its_last_holder_releases(table: BlockTable) -> None:
    ref = sealed(table, MIB, "a")
    table.hold(ref, "b")
    table.hold(ref, "b")
    assert table.statistics().leases == 2
    table.release("a")
    assert table.statistics().cached_bytes == 0
    table.release("b")
    assert table.statistics().cached_bytes == MIB
    assert table.release("b") == 0
    table.hold(ref, "c")
    assert (table.statistics().cached_bytes, table.statistics().in_use_bytes) == (0, MIB)


def test_seal_gives_back_what_was_not_needed(table: BlockTable) -> None:
    block = table.allocate(4 * MIB, "worker")
    ref = ref_of(block, 1000)
    table.seal(ref, owner="worker", holder="run")
    assert table.statistics().in_use_bytes == 1024
    table.allocate(4 * MIB - 1024, "worker")


def test_only_the_grantee_seals_or_discards_and_only_once(table: BlockTable) -> None:
    block = table.allocate(1024, "worker")
    ref = ref_of(block)
    refused: list[Callable[[], None]] = [
        lambda: table.seal(ref, owner="thief", holder="run"),
        lambda: table.seal(replace(ref, generation=99), owner="worker", holder="run"),
        lambda: table.seal(replace(ref, nbytes=1025), owner="worker", holder="run"),
        lambda: table.seal(replace(ref, nbytes=0), owner="worker", holder="run"),
        lambda: table.seal(replace(ref, host="other"), owner="worker", holder="run"),
        lambda: table.discard(block.offset, block.generation, owner="thief"),
        lambda: table.hold(ref, "run"),
    ]
    for attempt in refused:
        with pytest.raises(WorkerError, match="WK-002"):
            attempt()
    table.seal(ref, owner="worker", holder="run")
    with pytest.raises(WorkerError, match=r"WK-002 .*is written"):
        table.seal(ref, owner="worker", holder="run")
    with pytest.raises(WorkerError, match=r"WK-002 .*is written"):
        table.discard(block.offset, block.generation, owner="worker")
    table.check(ref)


def test_a_dead_worker_keeps_nothing_unsealed(table: BlockTable) -> None:
    ref = sealed(table, MIB)
    table.allocate(MIB, "worker")
    discarded = table.allocate(MIB, "worker")
    table.discard(discarded.offset, discarded.generation, owner="worker")
    table.allocate(MIB, "other")
    assert table.statistics().leases == 3
    assert table.drop_owner("worker") == 1
    assert table.drop_owner("worker") == 0
    assert table.statistics().in_use_bytes == 2 * MIB
    table.check(ref)


def test_to_ask_what_is_known_holds_nothing_and_counts_for_nothing(table: BlockTable) -> None:
    table.remember("known", {"image": Value("IMAGE", sealed(table, MIB))})
    table.release("run")
    before = table.statistics()
    assert table.known(["unknown", "known"]) == ["known"]
    assert table.statistics() == before
    table.allocate(4 * MIB, "worker")
    assert table.known(["known"]) == []


def test_lookup_holds_what_it_finds_and_counts(table: BlockTable) -> None:
    ref = sealed(table, MIB)
    outputs = {"image": Value("IMAGE", ref), "width": Value("INT", data=7)}
    table.remember("known", outputs)
    table.release("run")
    assert table.lookup(["known", "unknown"], "next") == {"known": outputs}
    statistics = table.statistics()
    assert (statistics.hits, statistics.misses, statistics.cached_bytes) == (1, 1, 0)
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(4 * MIB, "worker")
    table.release("next")
    table.allocate(4 * MIB, "worker")
    assert table.lookup(["known"], "next") == {}
    assert table.statistics().keys == 0


def test_small_values_are_remembered_within_bounds(table: BlockTable) -> None:
    for number in range(5):
        table.remember(str(number), {"out": Value("INT", data=number)})
    assert list(table.lookup(map(str, range(5)), "run")) == ["2", "3", "4"]


def test_threads_never_get_the_same_bytes(machine: Machine) -> None:
    table = BlockTable("host", 64 * MIB, memory=machine)
    granted: list[Block] = []
    start = threading.Barrier(8)

    def worker(name: str) -> None:
        start.wait()
        for _ in range(200):
            block = table.allocate(4096, name)
            granted.append(block)
            if block.generation % 3 == 0:
                table.seal(ref_of(block), owner=name, holder=name)

    threads = [threading.Thread(target=worker, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({block.offset for block in granted}) == len({block.generation for block in granted}) == 1600
    assert table.statistics().in_use_bytes == 1600 * 4096


def state_of(table: BlockTable, ref: TensorRef) -> str:
    return next(block.state.value for *_, block in table.layout() if block is not None and block.ref == ref)


def test_a_worker_that_reads_keeps_a_block_whatever_becomes_of_the_execution(
    table: BlockTable, evicted: Changes
) -> None:
    ref = sealed(table, 3 * MIB)
    assert state_of(table, ref) == "written"
    table.map([ref, ref], "worker@1", "job")
    assert state_of(table, ref) == "mapped"
    table.use("worker@1", "job")
    assert state_of(table, ref) == "in_use"
    table.release("run")
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(2 * MIB, "worker")
    table.finish("worker@1", "job")
    assert state_of(table, ref) == "cached"
    table.map([ref], "worker@1", "next")
    assert state_of(table, ref) == "mapped"
    assert table.drop_owner("worker@1") == 0
    assert state_of(table, ref) == "cached"
    table.allocate(2 * MIB, "worker")
    assert evicted == [ref]


def test_the_last_of_several_readers_counts(table: BlockTable) -> None:
    ref = sealed(table, MIB)
    for lease in ("one@1", "two@2"):
        table.map([ref], lease, "job")
        table.use(lease, "job")
    table.finish("one@1", "job")
    assert state_of(table, ref) == "in_use"
    table.finish("two@2", "job")
    assert state_of(table, ref) == "done"
    assert table.statistics().leases == 1


def test_of_several_tensors_one_that_is_gone_hands_over_none(table: BlockTable) -> None:
    ref = sealed(table, MIB)
    with pytest.raises(WorkerError, match="WK-002"):
        table.map([ref, replace(ref, generation=99)], "worker@1", "job")
    assert state_of(table, ref) == "written"


def test_a_damaged_block_is_refused_and_goes_with_the_last_who_has_it(table: BlockTable, evicted: Changes) -> None:
    ref = sealed(table, 2 * MIB)
    table.remember("key", {"out": Value("TENSOR", ref)})
    assert table.pin("key")
    table.map([ref], "worker@1", "job")
    assert table.condemn(ref)
    assert not table.condemn(ref)
    assert table.known(["key"]) == []
    attempts: list[Callable[[], None]] = [
        lambda: table.check(ref),
        lambda: table.hold(ref, "b"),
        lambda: table.map([ref], "w", "j"),
    ]
    for refused in attempts:
        with pytest.raises(WorkerError, match="WK-007"):
            refused()
    table.release("run")
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(3 * MIB, "worker")
    table.drop_owner("worker@1")
    assert (evicted, evicted.told[-1]) == ([ref], ("evicted", "damaged"))
    assert (table.statistics().in_use_bytes, table.statistics().condemned) == (0, 1)


def test_what_is_pinned_stays_and_pins_take_half_of_the_arena_at_most(table: BlockTable) -> None:
    ref = sealed(table, 2 * MIB)
    table.remember("kept", {"out": Value("TENSOR", ref)})
    table.remember("more", {"out": Value("TENSOR", sealed(table, MIB))})
    table.release("run")
    assert not table.pin("unknown")
    assert table.pin("kept")
    assert table.pin("kept")
    with pytest.raises(WorkerError, match="WK-008"):
        table.pin("more")
    for number in range(5):
        table.remember(str(number), {"out": Value("INT", data=number)})
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(3 * MIB, "worker")
    assert table.known(["kept"]) == ["kept"]
    assert (table.statistics().pinned_bytes, table.statistics().hit_rate) == (2 * MIB, None)
    assert table.unpin("kept")
    assert not table.unpin("kept")
    table.allocate(3 * MIB, "worker")
    assert table.known(["kept"]) == []


def test_a_large_request_evicts_neighbours_not_whatever_is_worth_least(table: BlockTable, evicted: Changes) -> None:
    # Worth less than any other, and of no use: what lies beside them is held.
    refs = [sealed(table, MIB // 2, f"run-{number}") for number in range(8)]
    for number in (0, 2, 4, 6, 7):
        table.release(f"run-{number}")
    table.allocate(MIB, "worker")
    assert evicted == [refs[6], refs[7]]


def test_it_is_told_what_comes_and_goes(table: BlockTable, evicted: Changes) -> None:
    sealed(table, 4 * MIB)
    table.release("run")
    sealed(table, 4 * MIB, "next")
    table.drop("next")
    assert evicted.told == [("allocated", "run"), ("evicted", "room"), ("allocated", "next"), ("evicted", "dropped")]
