"""The way of a worker's event from the host's runtime to bridges: plugin, topic, handler, engine, listeners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from distributed import Client, Worker

from tests.fakes.prefect import FakePrefect
from tests.unit.engine.scripted import settled
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import Report, WorkerReport
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine import host_plugin
from vortex_prefect.engine.engine import Engine
from vortex_prefect.engine.host_plugin import HostPlugin
from vortex_prefect.engine.lanes import LanePool
from vortex_prefect.engine.runs import Runs
from vortex_prefect.engine.worker_events import TOPIC

ADDRESS = "tcp://127.0.0.1:1"


def a_report(event_id: str = "") -> WorkerReport:
    return WorkerReport("crashed", "h/0", "h", 7, "cpu", reason="killed", at_ms=5, event_id=event_id or new_id())


class FakeRuntime:
    """Stands for `HostRuntime`: tells what a test says."""

    def __init__(self, config: Any, on_event: Callable[[WorkerReport], None]) -> None:
        self.tell = on_event

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.tell(a_report("said while closing"))


class Cluster:
    """Stands for Dask: one worker, its handlers, and the topics between it and a client."""

    def __init__(self) -> None:
        self.address = ADDRESS
        self.state = SimpleNamespace(nthreads=1)
        self.handlers: dict[str, Callable[..., Any]] = {}
        self.subscribed: dict[str, Callable[[Any], None]] = {}
        self.failing: set[str] = set()
        self.scheduler = self

    # the worker

    def log_event(self, topic: str, message: dict[str, Any]) -> None:
        if topic in self.subscribed:
            self.subscribed[topic]((0.0, message))

    # the client

    def subscribe_topic(self, topic: str, handler: Callable[[Any], None]) -> None:
        self.subscribed[topic] = handler

    def unsubscribe_topic(self, topic: str) -> None:
        del self.subscribed[topic]

    def register_plugin(self, plugin: HostPlugin) -> None:
        pass

    async def identity(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {ADDRESS: {"resources": {host_plugin.RESOURCE: 1}, "status": "running"}}}

    def rpc(self, address: str) -> Any:
        assert address == ADDRESS
        return SimpleNamespace(**{name: self._called(name) for name in self.handlers})

    def _called(self, name: str) -> Callable[..., Any]:
        async def call(**arguments: Any) -> Any:
            if name in self.failing:
                raise OSError("gone")
            return self.handlers[name](**arguments)

        return call


class Host:
    """A host in the cluster, which may be started again."""

    def __init__(self, cluster: Cluster, home: Path) -> None:
        self.cluster = cluster
        self.home = home
        self.plugin: HostPlugin | None = None

    def start(self) -> None:
        self.plugin = HostPlugin(Settings(self.home))
        self.plugin.setup(cast(Worker, self.cluster))

    def stop(self) -> None:
        if self.plugin is not None:
            self.plugin.teardown(cast(Worker, self.cluster))
            self.plugin = None

    def tell(self, report: WorkerReport) -> WorkerReport:
        assert self.plugin is not None
        cast(FakeRuntime, self.plugin._runtime).tell(report)
        return report


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def host(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    monkeypatch.setattr(host_plugin, "HostRuntime", FakeRuntime)
    host = Host(cluster, tmp_path)
    host.start()
    yield host
    host.stop()


@pytest.fixture
async def engine(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr("vortex_prefect.engine.engine.PrefectApi", FakePrefect)
    engine = Engine(Settings(tmp_path / "engine"), ADDRESS)
    runner = SimpleNamespace(client=cluster, lanes=None, __enter__=lambda: None, __exit__=lambda *_: None)
    monkeypatch.setattr(engine, "_runner", runner)
    monkeypatch.setattr(Runs, "lanes", LanePool(cast(Client, cluster)))
    monkeypatch.setattr(engine._runs, "on_dask", _directly)
    return engine


@pytest.fixture
def connected(engine: Engine) -> Iterator[Engine]:
    engine._connect()
    yield engine
    engine._disconnect()


async def _directly(work: Any) -> Any:
    return await work


async def heard(engine: Engine, count: int) -> list[Report]:
    stream = engine.reports()
    async with asyncio.timeout(10):
        return [await anext(stream) for _ in range(count)]


async def test_what_a_runtime_tells_reaches_every_bridge(connected: Engine, host: Host) -> None:
    first = host.tell(a_report())
    assert await heard(connected, 1) == [first]
    late = asyncio.create_task(heard(connected, 2))
    await settled()
    second = await asyncio.to_thread(host.tell, a_report())
    assert await late == [first, second]
    assert await heard(connected, 2) == [first, second]


async def test_an_engine_that_starts_hears_what_was_told_before(host: Host, engine: Engine) -> None:
    report = host.tell(a_report())
    watching = asyncio.create_task(engine._runs.workers.run())
    assert await heard(engine, 1) == [report]
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_lost_nudge_is_made_good_when_the_host_answers_a_beat(
    host: Host, engine: Engine, cluster: Cluster
) -> None:
    report = host.tell(a_report())
    beating = asyncio.create_task(engine._runs.beat())
    assert await heard(engine, 1) == [report]
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


async def test_a_host_started_again_still_tells_what_nobody_fetched(
    host: Host, connected: Engine, cluster: Cluster
) -> None:
    cluster.failing.add("vortex_events")
    lost = [host.tell(a_report()) for _ in range(2)]
    await settled()
    host.stop()
    cluster.failing.clear()
    host.start()
    new = host.tell(a_report())
    told = await heard(connected, 4)
    assert [*lost, new] == [report for report in told if report != a_report("said while closing")]


async def test_the_topic_is_left_with_the_cluster(engine: Engine, cluster: Cluster) -> None:
    engine._connect()
    assert TOPIC in cluster.subscribed
    engine._disconnect()
    assert TOPIC not in cluster.subscribed
    engine._disconnect()  # nor does it matter that the scheduler knows nothing of it


async def test_a_host_is_asked_by_its_address(cluster: Cluster, host: Host) -> None:
    pool = LanePool(cast(Client, cluster))
    assert await pool.hosts() == [ADDRESS]
    report = host.tell(a_report())
    answer = await pool.ask(ADDRESS, "vortex_events", log=None, after=0)
    assert answer["reports"] == [report.to_dict()]
    cluster.failing.add("vortex_events")
    with pytest.raises(OSError, match="gone"):
        await pool.ask(ADDRESS, "vortex_events", log=None, after=0)
