"""An arena of its own for each test, whose folder must be empty again when the test ends; and a played engine."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.unit.engine.stage import Stage
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


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, monkeypatch)
    yield stage
    for run in stage.runs:
        await stage.engine.cancel(run.id)
    tasks = list(stage.engine._tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
