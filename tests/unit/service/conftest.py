"""The services over fakes, each reachable by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.memory_store import MemoryStore
from tests.fakes.sink import MessageSink
from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.service.executions import Options

ACTOR = Actor("ada", "127.0.0.1", "pytest")


@dataclass
class Bench:
    """A control plane that has not been entered: tests drive its parts, or enter it themselves."""

    control: ControlPlane
    store: MemoryStore
    engine: FakeEngine
    sink: MessageSink
    settings: Settings

    async def queued(self, options: Options | None = None, graph_id: str | None = None) -> ExecutionRecord:
        """An execution of the picture graph that waits."""
        if graph_id is None:
            graph_id = (await self.control.graphs.create(picture_graph(), ACTOR)).id
        return await self.control.executions.execute(graph_id, options or Options(), ACTOR)

    def restarted(self) -> Bench:
        """Another control plane over the same store and engine."""
        sink = MessageSink()
        return Bench(
            ControlPlane(self.store, self.engine, self.settings, sink), self.store, self.engine, sink, self.settings
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store, engine, sink = MemoryStore(), FakeEngine(catalogue()), MessageSink()
    settings = Settings(home=tmp_path, concurrency=2)
    bench = Bench(ControlPlane(store, engine, settings, sink), store, engine, sink, settings)
    await bench.control.catalogue.refresh()
    yield bench
    await bench.control.reports.settle()


@pytest.fixture
async def running(bench: Bench) -> AsyncIterator[Bench]:
    async with bench.control:
        yield bench
