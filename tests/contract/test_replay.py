"""The tables say what the log says, on every database, whatever was done; and what does not is found and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.sink import MessageSink
from tests.unit.store.records import an_event
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.service.executions import Options
from vortex_prefect.service.publishing import PublishRequest
from vortex_prefect.service.replay import Difference, compare, project, rebuild
from vortex_prefect.service.retention import Retention, Rules
from vortex_prefect.store import SqlStore, open_store

ADA, BOB = Actor("ada", "127.0.0.1", "pytest"), Actor("bob")


@dataclass
class Stack:
    control: ControlPlane
    store: SqlStore
    engine: FakeEngine


@pytest.fixture
async def stack(store_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    store, engine = open_store(store_url), FakeEngine(catalogue())
    control = ControlPlane(store, engine, Settings(home=tmp_path, concurrency=1), MessageSink())
    await control.catalogue.refresh()
    yield Stack(control, store, engine)
    await control.reports.settle()
    await store.close()


async def a_life(stack: Stack) -> dict[str, str]:
    """Everything that may happen to graphs and executions; ids by what became of them."""
    graphs, executions, queue = stack.control.graphs, stack.control.executions, stack.control.queue
    first = (await graphs.create(picture_graph(), ADA)).id
    copy = (await graphs.clone(first, BOB, "Copy")).id
    gone = (await graphs.create(picture_graph(name="Gone"), ADA)).id
    moved = [
        {"op": "node.move", "id": "blur", "x": 1, "y": 2.5},
        {"op": "node.param", "id": "blur", "name": "radius", "value": 3},
    ]
    await graphs.mutate(first, moved, None, ADA)
    await graphs.put(copy, {**picture_graph(name="σ"), "edges": []}, None, BOB)
    await graphs.restore(copy, 1, None, BOB)
    await graphs.save(first, ADA)
    await stack.control.queue.pause(True, ADA)
    waits = [
        (await executions.execute(first, Options(inputs={"radius": n}), who)).id
        for n, who in enumerate((ADA, BOB, ADA))
    ]
    await executions.reprioritise(waits[0], 4, BOB)
    await executions.move(waits[2], waits[0], BOB)
    removed = (await executions.execute(gone, Options(not_before_ms=1 << 42), ADA)).id
    await executions.remove(removed, ADA)
    # Up to a node: its outputs stand in no graph.
    reached = (await executions.execute(first, Options(nodes=("image",), inputs={"radius": 1}), ADA)).id
    await executions.remove(reached, ADA)
    await graphs.delete(gone, ADA)
    await graphs.mutate(first, [{"op": "node.title", "id": "blur", "title": "later"}], None, ADA)
    stack.control.reports.listening.set()
    running = asyncio.create_task(queue.run())
    await queue.pause(False, ADA)
    done = await stack.engine.submitted.get()
    for report in (
        ExecutionReport(done.execution_id, ExecutionStatus.RUNNING, at_ms=5),
        ExecutionReport(done.execution_id, ExecutionStatus.PAUSED, "run-1", "http://prefect/1", at_ms=6),
        ExecutionReport(done.execution_id, ExecutionStatus.RUNNING, at_ms=7),
        ExecutionReport(done.execution_id, ExecutionStatus.COMPLETED, at_ms=9),
    ):
        await stack.control.reports.handle(report)
    await stack.control.reports.settle()
    await stack.control.reports.handle(ExecutionReport(done.execution_id, ExecutionStatus.COMPLETED, "run-2", "u"))
    runs = await stack.engine.submitted.get()
    await stack.control.reports.handle(ExecutionReport(runs.execution_id, ExecutionStatus.RUNNING, "run-3", at_ms=11))
    document = (await graphs.get(copy)).document
    await stack.control.reports.handle(
        AdoptionReport("0" * 8 + "-0000-4000-8000-" + "0" * 12, copy, "h" * 64, document, {"priority": 0}, 1, 3)
    )
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await stack.control.reports.flush()
    [waiting] = {*waits} - {done.execution_id, runs.execution_id}
    return {"first": first, "copy": copy, "done": done.execution_id, "runs": runs.execution_id, "waiting": waiting}


async def test_the_tables_are_what_the_log_adds_up_to(stack: Stack) -> None:
    ids = await a_life(stack)
    found = await stack.store.read(compare)
    assert found.differences == ()
    assert (found.graphs, found.executions, found.queue, found.partly) == (2, 6, 5, 0)
    told = await stack.store.read(project)
    assert told.executions[ids["done"]].flow_run_id == "run-2"
    assert told.executions[ids["done"]].status is ExecutionStatus.COMPLETED
    assert told.executions[ids["runs"]].status is ExecutionStatus.RUNNING
    assert told.queue[ids["waiting"]].left_ms is None
    # Edited after it was queued: how the older version ended is not its matter.
    assert told.graphs()[ids["first"]][1] is GraphState.MODIFIED
    assert told.paused is False


async def test_published_graphs_and_runs_of_what_uses_them_are_told_by_the_log(stack: Stack) -> None:
    control = stack.control
    picture = (await control.graphs.create(picture_graph(), ADA)).id
    for title in ("One", "Two"):
        await control.publishing.publish(picture, PublishRequest("pic", title), ADA)
    await control.publishing.withdraw("graph.pic@2", BOB)
    user = {"schema": "vortex.graph/1", "name": "User", "nodes": {"x": {"type": "graph.pic@1"}}}
    graph_id = (await control.graphs.create(user, ADA)).id
    record = await control.executions.execute(graph_id, Options(), ADA)
    assert record.document["nodes"].keys() == {"x:image", "x:blur", "x:save"}
    assert (await stack.store.read(compare)).differences == ()
    told = await stack.store.read(project)
    assert told.executions[record.id].document == record.document
    drawn = await control.executions.document(record.id)
    assert told.drawn == {record.options["drawn"]: drawn}
    assert drawn["nodes"].keys() == {"x"}
    published = await stack.store.read(lambda uow: uow.published())
    assert [(node.type, node.withdrawn) for node in published] == [("graph.pic@1", False), ("graph.pic@2", True)]

    def spoil(uow: UnitOfWork) -> None:
        uow.put_published(replace(published[1], withdrawn=False, spec={}))
        uow.put_drawn(record.options["drawn"], {**drawn, "name": "spoilt"})

    await stack.store.write(spoil)
    found = await stack.store.write(rebuild)
    assert found.differences == (
        Difference("published", "graph.pic@2", ("spec", "withdrawn")),
        Difference("drawn", record.options["drawn"], ("document",)),
    )
    assert await stack.store.read(lambda uow: uow.published()) == published
    assert await control.executions.document(record.id) == drawn
    # It goes with the last execution that names it, in the log as well.
    await control.executions.cancel(record.id, ADA)
    rules = Rules(executions_ms=1)
    await Retention(stack.store, Path("nowhere"), rules, clock=lambda: now_ms() + 1000).run(ADA)
    told, found = await stack.store.read(lambda uow: (project(uow), compare(uow)))
    assert (told.executions, told.drawn, found.differences) == ({}, {}, ())


async def test_a_graph_is_saved_before_it_is_executed_and_that_is_told_apart(stack: Stack) -> None:
    graph_id = (await stack.control.graphs.create(picture_graph(), ADA)).id
    record = await stack.control.executions.execute(graph_id, Options(inputs={"radius": 5}), BOB)
    saves = [event for event in await stack.control.graphs.events(graph_id, 0, 99) if event.event_type == "GraphSaved"]
    assert [(save.payload["by"], save.metadata["user"]) for save in saves] == [("execution", "bob")]
    assert saves[0].payload["graph_hash"] != record.graph_hash  # that of the graph, without the inputs
    assert await stack.store.read(lambda uow: uow.graph_state(graph_id)) is GraphState.EXECUTED
    await stack.control.executions.execute(graph_id, Options(), ADA)
    assert len(await stack.control.graphs.events(graph_id, 0, 99)) == 2
    versions, _ = await stack.control.graphs.versions(graph_id, 9)
    assert versions[0].saves == []  # nobody meant to


def spoil(ids: dict[str, str]) -> Any:
    def work(uow: UnitOfWork) -> None:
        graph, execution, entry = uow.graph(ids["first"]), uow.execution(ids["done"]), uow.queue_entry(ids["waiting"])
        assert graph is not None
        assert execution is not None
        assert entry is not None
        uow.put_graph(replace(graph, document={**graph.document, "name": "other"}))
        uow.put_graph_state(ids["copy"], GraphState.FAILED)
        uow.put_execution(replace(execution, finished_ms=1, nodes={}))
        uow.put_queue_entry(replace(entry, priority=77))

    return work


async def test_what_differs_is_found_and_mended(stack: Stack) -> None:
    ids = await a_life(stack)
    await stack.store.write(spoil(ids))
    differences = {(each.kind, each.id): each.parts for each in (await stack.store.read(compare)).differences}
    assert differences == {
        ("graph", ids["first"]): ("name", "document"),
        ("graph", ids["copy"]): ("state",),
        ("execution", ids["done"]): ("finished_ms", "nodes"),
        ("queue", ids["waiting"]): ("priority",),
    }
    assert len((await stack.store.write(rebuild)).differences) == 4
    assert (await stack.store.read(compare)).differences == ()


async def test_a_graph_that_only_one_of_them_has_is_found(stack: Stack) -> None:
    ids = await a_life(stack)
    graph = await stack.control.graphs.get(ids["copy"])

    def exchange(uow: UnitOfWork) -> None:
        uow.delete_graph(ids["copy"])
        uow.put_graph(replace(graph, id=ids["done"]))

    await stack.store.write(exchange)
    found = (await stack.store.read(compare)).differences
    assert set(found) == {
        Difference("graph", ids["copy"], ("missing",)),
        Difference("graph", ids["done"], ("surplus",)),
    }
    await stack.store.write(rebuild)
    assert (await stack.store.read(compare)).differences == ()


async def test_events_of_before_are_compared_as_far_as_they_tell(stack: Stack) -> None:
    graph_id = (await stack.control.graphs.create(picture_graph(), ADA)).id
    record = await stack.control.executions.execute(graph_id, Options(), ADA)
    old = replace(record, id="0" * 8 + "-0000-4000-8000-" + "1" * 12)

    def write_as_before(uow: UnitOfWork) -> None:
        payload = {"graph_id": graph_id, "graph_hash": old.graph_hash, "graph_version": 1, "options": old.options}
        version = {"payload_version": 1, "user": "ada"}
        for event_type, told in (
            ("ExecutionQueued", payload),
            ("ExecutionStarted", {"graph_id": graph_id, "flow_run_id": None}),
            ("ExecutionCompleted", {"graph_id": graph_id, "status": "completed", "duration_ms": 4}),
        ):
            uow.append(
                an_event(old.id, event_type=event_type, aggregate_type="Execution", payload=told, metadata=version)
            )
        uow.put_execution(replace(old, status=ExecutionStatus.COMPLETED, finished_ms=9))

    await stack.store.write(write_as_before)
    found = await stack.store.read(compare)
    assert (found.partly, [each for each in found.differences if each.id == old.id]) == (1, [])


async def test_an_event_that_does_not_fit_is_named(stack: Stack) -> None:
    graph_id = (await stack.control.graphs.create(picture_graph(), ADA)).id
    stray = an_event(
        graph_id, event_type="NodeMoved", payload={"node_id": "nobody", "x": 1, "y": 1}, metadata={"version": 2}
    )
    await stack.store.write(lambda uow: uow.append(stray))
    with pytest.raises(SystemFault, match=f"SY-007 event 2, NodeMoved of {graph_id}, does not fit"):
        await stack.store.read(compare)
