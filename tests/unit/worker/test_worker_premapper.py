"""A worker maps what its host has touched, and nothing that has no memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.polling import eventually
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, arena_path
from vortex_prefect.shm.layout import DATA_OFFSET, HEADER_BYTES
from vortex_prefect.shm.segment import Segment
from vortex_worker import premapper as module
from vortex_worker.premapper import Premapper

MIB = 1 << 20


@pytest.fixture
def arena() -> Iterator[Arena]:
    path = arena_path(f"premap-{os.getpid()}", DEFAULT_DIRECTORY)
    with Arena.create(path, host="h", size_bytes=1 << 30, budget_bytes=160 * MIB) as made:
        yield made


@pytest.fixture
def segment(arena: Arena) -> Iterator[Segment]:
    with Segment.open(arena.segment.path) as opened:
        yield opened


def used_bytes(segment: Segment) -> int:
    return os.stat(segment.path).st_blocks * 512


def resident_bytes(segment: Segment) -> int:
    """Of all writable mappings of the arena in this process."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [at for at, line in enumerate(lines) if line.endswith(str(segment.path)) and " rw-s " in line]
    return sum(1024 * int(next(line for line in lines[at:] if line.startswith("Rss:")).split()[1]) for at in starts)


def test_what_was_touched_is_mapped_once_and_what_was_only_reserved_is_not(arena: Arena, segment: Segment) -> None:
    premapper = Premapper(segment)
    assert premapper.look() == 0
    arena.warm(MIB)
    before = resident_bytes(segment)
    assert before <= HEADER_BYTES
    assert premapper.look() == 64 * MIB
    assert resident_bytes(segment) >= before + 64 * MIB
    assert premapper.look() == 0
    arena.segment.reserve(DATA_OFFSET + 64 * MIB, 8 * MIB)
    before = used_bytes(segment)
    assert premapper.look() == 0
    assert used_bytes(segment) == before
    arena.warm(100 * MIB)
    assert premapper.look() == 64 * MIB
    assert premapper.mapped_bytes == 128 * MIB


def test_what_was_given_back_and_taken_again_is_found_after_a_while(
    arena: Arena, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ALL_AFTER", 3)
    premapper = Premapper(segment)
    arena.warm(MIB)
    assert premapper.look() == 64 * MIB
    assert arena.blocks.give_back(1 << 40) == 64 * MIB
    arena.warm(MIB)
    assert premapper.look() == 0
    assert premapper.look() == 64 * MIB


def test_its_thread_ends_with_it_or_with_the_segment(arena: Arena, segment: Segment) -> None:
    premapper = Premapper(segment)
    premapper.start()
    arena.warm(MIB)
    assert eventually(lambda: premapper.mapped_bytes == 64 * MIB)
    premapper.close()
    premapper.close()
    other = Segment.open(arena.segment.path)
    orphan = Premapper(other)
    orphan.start()
    other.close()
    assert eventually(lambda: not orphan._thread.is_alive())
    with pytest.raises(WorkerError, match="WK-002"):
        orphan.look()
