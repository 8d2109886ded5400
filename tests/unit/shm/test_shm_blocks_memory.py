"""Memory below the blocks: reserved in steps, kept ready, given back, and taken by others meanwhile."""

from __future__ import annotations

import pytest

from tests.fakes.blocks import Changes, Machine, is_valid, ref_of, sealed
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.layout import DATA_OFFSET
from vortex_prefect.shm.room import GROWTH_BYTES

MIB = 1 << 20


def test_memory_is_reserved_in_steps_up_to_the_budget(machine: Machine) -> None:
    table = BlockTable("host", 2 * GROWTH_BYTES + MIB, memory=machine)
    table.allocate(64, "worker")
    table.allocate(MIB, "worker")
    assert machine.reserved == [DATA_OFFSET + GROWTH_BYTES]
    table.allocate(GROWTH_BYTES, "worker")
    table.allocate(GROWTH_BYTES - 64, "worker")
    assert machine.reserved[1:] == [DATA_OFFSET + 2 * GROWTH_BYTES, DATA_OFFSET + 2 * GROWTH_BYTES + MIB]
    assert table.statistics().reserved_bytes == table.statistics().budget_bytes


def test_the_free_end_counts_when_memory_is_reserved(machine: Machine) -> None:
    table = BlockTable("host", 4 * GROWTH_BYTES, memory=machine)
    table.allocate(GROWTH_BYTES - MIB, "worker")
    table.allocate(GROWTH_BYTES + MIB, "worker")
    assert machine.reserved == [DATA_OFFSET + GROWTH_BYTES, DATA_OFFSET + 2 * GROWTH_BYTES]


def warm(table: BlockTable, machine: Machine, ahead: int) -> list[tuple[int, int]]:
    """Take all steps; which they were."""
    steps = []
    while (step := table.next_step(ahead)) is not None:
        machine.reserve(step.offset, step.nbytes)
        table.warmed(step)
        steps.append((step.offset, step.nbytes))
    return steps


def test_room_is_kept_ready_ahead_up_to_the_budget(machine: Machine) -> None:
    table = BlockTable("host", 3 * GROWTH_BYTES, memory=machine)
    first, second, third = [(DATA_OFFSET + step * GROWTH_BYTES, GROWTH_BYTES) for step in range(3)]
    assert warm(table, machine, MIB) == [first]
    assert warm(table, machine, GROWTH_BYTES) == []
    table.allocate(MIB, "worker")
    assert warm(table, machine, GROWTH_BYTES) == [second]
    assert warm(table, machine, 1 << 40) == [third]
    assert table.statistics().warm_bytes == 3 * GROWTH_BYTES
    table.allocate(3 * GROWTH_BYTES - MIB, "worker")
    assert len(machine.reserved) == 3


def test_what_was_reserved_in_a_hurry_is_cold_until_it_is_written_or_touched(machine: Machine) -> None:
    table = BlockTable("host", 3 * GROWTH_BYTES, memory=machine)
    block = table.allocate(MIB, "worker")
    assert (table.statistics().warm_bytes, table.statistics().cold_bytes) == (0, GROWTH_BYTES)
    table.seal(ref_of(block), owner="worker", holder="run")
    assert table.statistics().warm_bytes == MIB
    assert warm(table, machine, MIB) == [(DATA_OFFSET + MIB, GROWTH_BYTES - MIB)]
    assert table.statistics().cold_bytes == 0


def test_under_pressure_free_room_goes_first_and_then_what_is_worth_least(machine: Machine, evicted: Changes) -> None:
    table = BlockTable("host", 3 * GROWTH_BYTES, memory=machine, on_change=evicted.note)
    rare, held = sealed(table, 8 * MIB, "a"), sealed(table, 8 * MIB, "b")
    table.release("a")
    assert table.give_back(4 * MIB) >= 4 * MIB
    assert evicted == []
    assert table.give_back(1 << 40) == 8 * MIB
    assert evicted == [rare]
    assert evicted.told[-1] == ("evicted", "pressure")
    assert machine.backed.nbytes == 8 * MIB
    table.check(held)
    # What was given back is reserved again before it is handed out.
    again = table.allocate(2 * GROWTH_BYTES, "worker")
    assert machine.backed.within(again.offset, again.offset + again.nbytes) == [
        (again.offset, again.offset + again.nbytes)
    ]


def test_a_hole_that_cannot_be_filled_takes_memory_from_the_cache() -> None:
    machine = Machine(limit=GROWTH_BYTES)
    table = BlockTable("host", GROWTH_BYTES, memory=machine)
    sealed(table, 16 * MIB, "low")
    cached = sealed(table, 16 * MIB, "cached")
    sealed(table, 16 * MIB, "high")
    table.drop("low")
    assert table.give_back(16 * MIB) == 16 * MIB  # the 16 MiB after the last block, or before the first
    assert table.give_back(16 * MIB) == 16 * MIB
    machine.limit = 32 * MIB  # others have taken what was given back
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(8 * MIB, "worker")
    table.release("cached")
    block = table.allocate(8 * MIB, "worker")
    assert machine.backed.within(block.offset, block.offset + block.nbytes) == [
        (block.offset, block.offset + block.nbytes)
    ]
    assert not is_valid(table, cached)


def test_a_step_that_memory_was_taken_from_meanwhile_leaves_a_hole(machine: Machine) -> None:
    table = BlockTable("host", GROWTH_BYTES, memory=machine)
    warm(table, machine, 1)
    table.give_back(1 << 40)
    step = table.next_step(1)
    assert step is not None
    table.allocate(MIB, "worker")
    table.drop_owner("worker")
    table.give_back(1 << 40)
    table.warmed(step)
    assert table.statistics().reserved_bytes == 0


def test_when_the_machine_is_full_the_cache_gives_way(evicted: Changes) -> None:
    machine = Machine(limit=GROWTH_BYTES)
    table = BlockTable("host", 4 * GROWTH_BYTES, memory=machine, on_change=evicted.note)
    first = sealed(table, GROWTH_BYTES)
    with pytest.raises(WorkerError, match="WK-008"):
        table.allocate(MIB, "worker")
    table.release("run")
    table.allocate(MIB, "worker")
    assert evicted == [first]
