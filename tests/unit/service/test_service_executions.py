"""Use cases of executions: what is frozen, refused, repeated and cancelled."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.engine import unreachable
from tests.fakes.graphs import edge, picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.errors import GraphError, RequestError, VortexError
from vortex_prefect.core.reports import AdoptionReport, ExecutionStatus
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.service.executions import Options


async def test_queueing_freezes_the_graph_with_its_inputs(bench: Bench) -> None:
    record = await bench.queued(Options(inputs={"radius": 7.5}, targets=("picture",), priority=3))
    assert record.status is ExecutionStatus.QUEUED
    assert record.document["nodes"]["blur"]["params"]["radius"] == 7.5
    assert record.graph_hash == graph_hash(parse_graph(record.document, Limits()))
    assert record.options == {"targets": ["picture"], "force": False, "priority": 3, "idempotency_key": None}
    assert {node["state"] for node in record.nodes.values()} == {"pending"}
    original = await bench.control.graphs.get(record.graph_id)
    assert original.document["nodes"]["blur"]["params"]["radius"] == 2.0


async def test_queueing_is_one_event_with_its_trace(bench: Bench) -> None:
    record = await bench.queued()
    assert bench.store.event_types(record.id) == ["ExecutionQueued"]
    (event,) = await bench.store.read(lambda uow: uow.events(aggregate_id=record.id))
    assert event.payload["graph_hash"] == record.graph_hash
    assert event.payload["graph_id"] == record.graph_id
    assert event.trace_id == record.id.replace("-", "")
    assert event.metadata["user"] == "ada"
    assert bench.sink.types()[-1] == "execution.queued"


async def test_all_problems_are_reported_at_once(bench: Bench) -> None:
    nodes = {"a": {"type": "no.such"}, "b": {"type": "test.blur", "params": {"radius": 99}}}
    document = picture_graph(nodes=nodes, edges=[edge("gone", "b")], inputs=[], outputs=[])
    graph = await bench.control.graphs.create(document, ACTOR)
    with pytest.raises(GraphError) as caught:
        await bench.queued(graph_id=graph.id)
    assert {problem.code for problem in caught.value.problems} >= {"VE-003", "VE-005", "VE-010"}
    assert bench.store.event_types() == ["GraphCreated"]


async def test_unknown_inputs_and_targets_are_refused(bench: Bench) -> None:
    with pytest.raises(GraphError) as unknown_input:
        await bench.queued(Options(inputs={"nobody": 1}))
    assert unknown_input.value.code == "VE-004"
    for targets in (("picture", "nobody"), ()):
        with pytest.raises(RequestError) as unknown_target:
            await bench.queued(Options(targets=targets))
        assert unknown_target.value.code == "RQ-001"
        assert unknown_target.value.problems[0].path in ("/options/targets/1", "/options/targets")


async def test_unknown_graph_and_execution(bench: Bench) -> None:
    for call in (
        bench.queued(graph_id="nobody"),
        bench.control.executions.get("nobody"),
        bench.control.executions.cancel("nobody", ACTOR),
        bench.control.executions.output("nobody", "a", "b", None),
        bench.control.executions.reprioritise("nobody", 1, ACTOR),
    ):
        with pytest.raises(RequestError) as caught:
            await call
        assert caught.value.code == "RQ-002"


async def test_an_idempotency_key_queues_once(bench: Bench) -> None:
    graph = await bench.control.graphs.create(picture_graph(), ACTOR)
    options = Options(idempotency_key="k")
    records = await asyncio.gather(*(bench.queued(options, graph.id) for _ in range(6)))
    assert len({record.id for record in records}) == 1
    assert bench.store.event_types().count("ExecutionQueued") == 1
    assert len(bench.control.queue) == 1


async def test_an_idempotency_key_holds_after_the_graph_changed(bench: Bench) -> None:
    options = Options(idempotency_key="k")
    first = await bench.queued(options)
    broken = picture_graph(nodes={}, edges=[edge("a", "b")], inputs=[], outputs=[])
    await bench.control.graphs.put(first.graph_id, broken, None, ACTOR)
    assert (await bench.queued(options, first.graph_id)).id == first.id


async def test_an_idempotency_key_belongs_to_one_graph(bench: Bench) -> None:
    await bench.queued(Options(idempotency_key="k"))
    with pytest.raises(RequestError) as caught:
        await bench.queued(Options(idempotency_key="k"))
    assert caught.value.code == "RQ-007"


async def test_cancelling_what_waits_is_immediate(bench: Bench) -> None:
    record = await bench.queued()
    cancelled = await bench.control.executions.cancel(record.id, ACTOR)
    assert cancelled.status is ExecutionStatus.CANCELLED
    assert {node["state"] for node in cancelled.nodes.values()} == {"cancelled"}
    assert bench.store.event_types(record.id) == ["ExecutionQueued", "ExecutionCancelled"]
    (*_, event) = await bench.store.read(lambda uow: uow.events(aggregate_id=record.id))
    assert event.metadata["user"] == "ada"
    assert bench.sink.types()[-1] == "execution.cancelled"
    assert len(bench.control.queue) == 0
    assert bench.engine.requests == []


async def test_cancelling_twice_is_once(bench: Bench) -> None:
    record = await bench.queued()
    await bench.control.executions.cancel(record.id, ACTOR)
    again = await bench.control.executions.cancel(record.id, ACTOR)
    assert again.status is ExecutionStatus.CANCELLED
    assert bench.store.event_types(record.id).count("ExecutionCancelled") == 1


async def test_cancelling_what_runs_goes_through_the_engine(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.started(record.id)
    await running.sink.next("execution.status")
    await running.control.executions.cancel(record.id, ACTOR)
    await running.sink.next("execution.cancelled")
    assert running.engine.cancelled == [record.id]
    assert (await running.control.executions.get(record.id)).status is ExecutionStatus.CANCELLED


async def test_cancelling_what_ended_is_refused(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.ended(record.id, ExecutionStatus.COMPLETED)
    await running.sink.next("execution.complete")
    with pytest.raises(RequestError) as caught:
        await running.control.executions.cancel(record.id, ACTOR)
    assert caught.value.code == "RQ-007"
    assert "completed" in caught.value.message


async def test_cancelling_on_the_way_to_the_engine(running: Bench) -> None:
    """The engine is down, so the dispatcher holds the execution: it must never start."""
    running.engine.fault = unreachable()
    record = await running.queued()
    while running.engine.attempts == 0:
        await asyncio.sleep(0)
    assert (await running.control.executions.cancel(record.id, ACTOR)).status is ExecutionStatus.CANCELLED
    running.engine.fault = None
    other = await running.queued()
    assert (await running.engine.submitted.get()).execution_id == other.id
    assert [request.execution_id for request in running.engine.requests] == [other.id]


async def test_cancelling_while_the_engine_takes_it(running: Bench) -> None:
    """The engine has it, but has not answered: it is told to stop as soon as it has."""
    running.engine.gate.clear()
    record = await running.queued()
    await running.engine.submitted.get()
    assert (await running.control.executions.cancel(record.id, ACTOR)).status is ExecutionStatus.CANCELLED
    assert running.engine.cancelled == []
    running.engine.gate.set()
    other = await running.queued()
    assert (await running.engine.submitted.get()).execution_id == other.id
    assert running.engine.cancelled == [record.id]
    assert running.store.event_types(record.id).count("ExecutionCancelled") == 1


async def test_lists_show_live_state(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.started(record.id, "flow-1")
    await running.sink.next("execution.status")
    ((listed,), _) = await running.control.executions.page(10, graph_id=record.graph_id)
    assert listed.status is ExecutionStatus.RUNNING
    assert listed.flow_run_id == "flow-1"
    assert (await running.control.executions.page(10, statuses=(ExecutionStatus.FAILED,)))[0] == []


async def test_without_any_catalogue_nothing_is_executed(bench: Bench) -> None:
    other = bench.restarted()
    other.control.catalogue._timeout_s = 0.0
    graph = await other.control.graphs.create(picture_graph(), ACTOR)
    with pytest.raises(VortexError) as caught:
        await other.queued(graph_id=graph.id)
    assert caught.value.code == "SY-004"


async def test_an_execution_that_the_engine_knows_is_waited_for(running: Bench) -> None:
    record = await running.queued()
    adopted = AdoptionReport("begun-in-prefect", record.graph_id, record.graph_hash, record.document, {}, 1)
    running.engine.on_its_way.add(adopted.execution_id)
    asked = asyncio.create_task(running.control.executions.get(adopted.execution_id))
    await asyncio.sleep(0.01)
    assert not asked.done()
    running.engine.tell(adopted)
    assert (await asked).status is ExecutionStatus.QUEUED


async def test_an_execution_that_nobody_knows_is_not_waited_for(running: Bench) -> None:
    with pytest.raises(RequestError, match="RQ-002"):
        await running.control.executions.get("nobody's")
