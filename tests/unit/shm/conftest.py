"""A folder in shared memory for each test, which must be empty again when the test ends; and stand-ins for an arena."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.blocks import Changes, Machine
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, arena_path
from vortex_prefect.shm.segment import Segment


@pytest.fixture
def shm_dir(tmp_path: Path) -> Iterator[Path]:
    parent = DEFAULT_DIRECTORY if DEFAULT_DIRECTORY.is_dir() else tmp_path
    directory = Path(tempfile.mkdtemp(prefix="vortex-test-", dir=parent))
    yield directory
    left = list(directory.iterdir())
    shutil.rmtree(directory)
    assert left == []


@pytest.fixture
def segment(shm_dir: Path) -> Iterator[Segment]:
    with Segment.create(shm_dir / "segment", 64 << 20) as made:
        yield made
        made.unlink()


@pytest.fixture
def arena(shm_dir: Path) -> Iterator[Arena]:
    with Arena.create(arena_path("test", shm_dir), host="host", size_bytes=1 << 30, budget_bytes=16 << 20) as made:
        yield made


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def evicted() -> Changes:
    return Changes()
