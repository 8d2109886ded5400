"""The control plane as a whole: its tasks, the engine's restarts, readiness, and the catalogue's memory."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.engine import FakeEngine, unreachable
from tests.fakes.graphs import catalogue, picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.service.catalogue import CatalogueCache


async def test_a_run_from_queue_to_complete(running: Bench) -> None:
    record = await running.queued()
    request = await running.engine.submitted.get()
    running.engine.started(request.execution_id, "flow")
    running.engine.node(request.execution_id, "image", NodeState.COMPLETED)
    running.engine.ended(request.execution_id, ExecutionStatus.COMPLETED)
    await running.sink.next("execution.complete")
    assert running.store.event_types(record.id) == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]
    assert [told for told in running.sink.types() if told != "graph.sync"] == [
        "execution.queued", "execution.status", "execution.progress", "execution.complete",
    ]  # fmt: skip


async def test_the_link_to_the_engine_is_taken_up_again(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.started(record.id)
    await running.sink.next("execution.status")
    running.engine.break_off()
    running.engine.running.add(record.id)
    while running.control.reports.listening.is_set():
        await asyncio.sleep(0)
    await asyncio.wait_for(running.control.reports.listening.wait(), 10)
    running.engine.ended(record.id, ExecutionStatus.COMPLETED)
    await running.sink.next("execution.complete")


async def test_progress_survives_the_end_of_the_control_plane(bench: Bench) -> None:
    async with bench.control:
        record = await bench.queued()
        await bench.engine.submitted.get()
        bench.engine.started(record.id)
        bench.engine.node(record.id, "image", NodeState.RUNNING, progress=40.0)
        await bench.sink.next("execution.progress")
    stored = await bench.store.read(lambda uow: uow.execution(record.id))
    assert stored is not None
    assert stored.nodes["image"]["progress"] == 40.0
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_health_is_that_of_the_tasks(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.control.healthy is False
    async with bench.control:
        assert bench.control.healthy is True
        bench.control._tasks[0].cancel()
        await asyncio.gather(bench.control._tasks[0], return_exceptions=True)
        assert bench.control.healthy is False


async def test_readiness_names_what_is_missing(bench: Bench) -> None:
    assert await bench.control.unready() is None
    bench.engine.workers = []
    assert await bench.control.unready() == "no worker runs"
    bench.engine.fault = unreachable()
    assert "SY-004" in str(await bench.control.unready())


async def test_the_last_catalogue_is_remembered(bench: Bench) -> None:
    other = bench.restarted()
    other.engine.fault = unreachable()
    async with other.control:
        assert (await other.control.catalogue.current()).digest == catalogue().digest
        assert other.control.catalogue.live is False
        graph = await other.control.graphs.create(picture_graph(), ACTOR)
        assert await other.control.graphs.validate(graph.id) == []


async def test_a_new_catalogue_replaces_the_remembered_one(bench: Bench) -> None:
    cache = CatalogueCache(bench.store, FakeEngine(Catalogue()))
    await cache.load()
    assert len(await cache.current()) == len(catalogue())
    await cache.refresh()
    assert len(await cache.current()) == 0
    again = CatalogueCache(bench.store, FakeEngine())
    await again.load()
    assert len(await again.current()) == 0


async def test_an_unreadable_remembered_catalogue_is_passed_over(bench: Bench) -> None:
    await bench.store.write(lambda uow: uow.put_setting("catalogue", [{"no": "spec"}]))
    cache = CatalogueCache(bench.store, bench.engine, timeout_s=0.0)
    await cache.load()
    with pytest.raises(Exception, match="SY-004"):
        await cache.current()
