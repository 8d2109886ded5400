"""What an arena promises, over shared memory and over its twin in a process's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from tests.fakes.memory_segment import MemorySegment
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.checksum import verify_crc32
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, arena_path
from vortex_prefect.shm.layout import HEADER_BYTES
from vortex_prefect.shm.segment import Segment

MIB = 1 << 20
BUDGET = 16 * MIB


@pytest.fixture(params=["shared", "memory"])
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    if request.param == "shared":
        path = arena_path(f"contract-{os.getpid()}", DEFAULT_DIRECTORY)
        with Arena.create(path, host="h", size_bytes=BUDGET + HEADER_BYTES, budget_bytes=BUDGET) as made:
            yield made
        assert not path.exists()
        return
    segment = MemorySegment(BUDGET + HEADER_BYTES)
    with Arena(cast(Segment, segment), BlockTable("h", BUDGET, memory=segment)) as made:
        yield made


def zeros(mib: float) -> np.ndarray[Any, Any]:
    return np.zeros(int(mib * MIB), np.uint8)


def test_what_is_put_comes_back_sealed_and_sound(arena: Arena) -> None:
    array = np.arange(1000, dtype=np.complex64).reshape(10, 100)
    ref = arena.put_array(array, holder="run")
    verify_crc32(arena.message(ref), ref.crc)
    read = arena.get_array(ref)
    assert (read == array).all()
    assert not read.flags.writeable


def test_a_full_arena_evicts_what_nobody_needs_and_then_refuses(arena: Arena) -> None:
    refs = [arena.put_array(zeros(3), holder=f"run-{number}") for number in range(5)]
    with pytest.raises(WorkerError, match="WK-008"):
        arena.put_array(zeros(3), holder="more")
    arena.blocks.map([refs[0]], "worker@1", "job")
    for number in range(2):
        arena.blocks.release(f"run-{number}")
    arena.put_array(zeros(3), holder="more")
    arena.message(refs[0])
    with pytest.raises(WorkerError, match="WK-002"):
        arena.message(refs[1])
    with pytest.raises(WorkerError, match="WK-008"):
        arena.put_array(zeros(3), holder="most")
    arena.blocks.drop_owner("worker@1")
    arena.put_array(zeros(3), holder="most")


def test_what_was_given_back_is_backed_again_before_it_is_written(arena: Arena) -> None:
    ref = arena.put_array(zeros(4), holder="run")
    kept = arena.put_array(np.arange(1000), holder="kept")
    arena.warm(1 << 40)
    assert arena.blocks.statistics().cold_bytes == 0
    arena.blocks.release("run")
    assert arena.blocks.give_back(1 << 40) > 4 * MIB
    assert arena.get_array(kept).tolist() == list(range(1000))
    with pytest.raises(WorkerError, match="WK-002"):
        arena.message(ref)
    again = arena.put_array(np.full(11 * MIB, 7, np.uint8), holder="again")
    assert (arena.get_array(again) == 7).all()


def test_results_are_found_by_their_key_until_they_are_evicted_or_damaged(arena: Arena) -> None:
    ref = arena.put_array(zeros(4), holder="run")
    arena.blocks.remember("key", {"out": Value("TENSOR", ref)})
    arena.blocks.release("run")
    assert arena.blocks.lookup(["key"], "next")["key"]["out"].ref == ref
    assert arena.blocks.condemn(ref)
    with pytest.raises(WorkerError, match="WK-007"):
        arena.message(ref)
    assert arena.blocks.lookup(["key"], "next") == {}
    arena.blocks.release("next")
    statistics = arena.statistics().blocks
    assert (statistics.in_use_bytes, statistics.leases, statistics.blocks) == (0, 0, 0)
    assert (statistics.hits, statistics.misses) == (1, 1)


def test_a_closed_arena_says_so_and_is_marked(arena: Arena) -> None:
    arena.close()
    arena.close()
    assert arena.segment.closed
    with pytest.raises(WorkerError):
        arena.put_array(zeros(1), holder="late")
    with pytest.raises(WorkerError):
        arena.warm(1)
    assert arena.blocks.statistics().blocks == 0
