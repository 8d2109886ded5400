"""An arena of its own for each test; its folder must be empty again when the test ends."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import DEFAULT_DIRECTORY, arena_path


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    parent = DEFAULT_DIRECTORY if DEFAULT_DIRECTORY.is_dir() else tmp_path
    directory = Path(tempfile.mkdtemp(prefix="vortex-test-", dir=parent))
    with Arena.create(arena_path("test", directory), host="host", size_bytes=1 << 30, budget_bytes=16 << 20) as made:
        yield made
    left = list(directory.iterdir())
    shutil.rmtree(directory)
    assert left == []
