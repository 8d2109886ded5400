"""Rooms over every store, used and driven without sockets or time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fakes.rooms import Place, place
from vortex_prefect.core.contracts import StorePort
from vortex_prefect.store import open_store


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePort]:
    """A store of either kind."""
    async with AsyncExitStack() as resources:
        if request.param == "memory":
            yield MemoryStore()
            return
        found = open_store(f"sqlite:///{tmp_path}/vortex.db")
        resources.push_async_callback(found.close)
        yield found


@pytest.fixture
async def at(store: StorePort) -> AsyncIterator[Place]:
    """Rooms over it."""
    async with place(store) as made:
        yield made
