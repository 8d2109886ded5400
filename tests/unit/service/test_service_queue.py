"""The outbox: order, concurrency, the engine's absence, and both kinds of restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.engine import unreachable
from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.errors import GraphError, Problem, RequestError
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.executions import Options
from vortex_prefect.service.queue import Queue


async def _graph(bench: Bench) -> str:
    return (await bench.control.graphs.create(picture_graph(), ACTOR)).id


async def test_priority_first_then_age(bench: Bench) -> None:
    graph_id = await _graph(bench)
    records = {p: await bench.queued(Options(priority=p), graph_id) for p in (0, 5, -1)}
    second_of_five = await bench.queued(Options(priority=5), graph_id)
    waiting = [entry["execution_id"] for entry in bench.control.queue.snapshot()["waiting"]]
    assert waiting == [records[5].id, second_of_five.id, records[0].id, records[-1].id]


async def test_at_most_concurrency_at_once(running: Bench) -> None:
    graph_id = await _graph(running)
    for _ in range(5):
        await running.queued(graph_id=graph_id)
    first, second = await running.engine.submitted.get(), await running.engine.submitted.get()
    snapshot = running.control.queue.snapshot()
    assert {entry["execution_id"] for entry in snapshot["running"]} == {first.execution_id, second.execution_id}
    assert len(snapshot["waiting"]) == 3
    assert running.engine.submitted.empty()
    running.engine.ended(first.execution_id, ExecutionStatus.COMPLETED)
    third = await running.engine.submitted.get()
    assert third.execution_id not in (first.execution_id, second.execution_id)
    assert running.engine.submitted.empty()


async def test_the_request_carries_everything(running: Bench) -> None:
    record = await running.queued(Options(targets=("file",), force=True, priority=2))
    request = await running.engine.submitted.get()
    assert request.graph == record.document
    assert (request.graph_hash, request.targets, request.force, request.priority) == (
        record.graph_hash, ("file",), True, 2,
    )  # fmt: skip


async def test_an_unreachable_engine_is_tried_again_with_longer_pauses(bench: Bench) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            bench.engine.fault = None
        await asyncio.sleep(0)

    queue = Queue(bench.store, bench.engine, bench.control.reports, concurrency=1, sleep=sleep)
    record = await bench.queued()
    bench.engine.fault = unreachable()
    bench.control.reports.listening.set()
    queue.add(record)
    task = asyncio.create_task(queue.run())
    assert (await bench.engine.submitted.get()).execution_id == record.id
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[5] == pauses[7]
    assert (await bench.control.executions.get(record.id)).status is ExecutionStatus.QUEUED


async def test_a_request_that_the_engine_refuses_fails(running: Bench) -> None:
    running.engine.refusal = GraphError.of([Problem("VE-011", "the hash differs")])
    record = await running.queued()
    message = await running.sink.next("execution.failed")
    assert message.payload["errors"][0]["error"]["code"] == "VE-011"
    ended = await running.control.executions.get(record.id)
    assert ended.status is ExecutionStatus.FAILED
    running.engine.refusal = None
    other = await running.queued()
    assert (await running.engine.submitted.get()).execution_id == other.id


async def test_a_full_queue_refuses(bench: Bench) -> None:
    graph_id = await _graph(bench)
    bench.control.queue._limit = 2
    await bench.queued(graph_id=graph_id)
    await bench.queued(graph_id=graph_id)
    with pytest.raises(RequestError) as caught:
        await bench.queued(graph_id=graph_id)
    assert caught.value.code == "RQ-004"


async def test_paused_over_a_restart(bench: Bench) -> None:
    await bench.control.queue.pause(True, ACTOR)
    record = await bench.queued()
    other = bench.restarted()
    async with other.control:
        await asyncio.wait_for(other.control.reports.listening.wait(), 10)
        assert other.control.queue.snapshot()["paused"] is True
        assert len(other.control.queue) == 1
        assert other.engine.submitted.empty()
        await other.control.queue.pause(False, ACTOR)
        assert (await other.engine.submitted.get()).execution_id == record.id


async def test_another_priority_moves_and_is_stored(bench: Bench) -> None:
    graph_id = await _graph(bench)
    first = await bench.queued(graph_id=graph_id)
    second = await bench.queued(graph_id=graph_id)
    moved = await bench.control.executions.reprioritise(second.id, 9, ACTOR)
    assert moved.options["priority"] == 9
    waiting = [entry["execution_id"] for entry in bench.control.queue.snapshot()["waiting"]]
    assert waiting == [second.id, first.id]
    stored = await bench.store.read(lambda uow: uow.execution(second.id))
    assert stored is not None
    assert stored.options["priority"] == 9


async def test_what_runs_cannot_be_moved(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    with pytest.raises(RequestError) as caught:
        await running.control.executions.reprioritise(record.id, 1, ACTOR)
    assert caught.value.code == "RQ-007"


async def test_what_waited_is_sent_after_a_restart(bench: Bench) -> None:
    record = await bench.queued()
    other = bench.restarted()
    async with other.control:
        request = await other.engine.submitted.get()
    assert request.execution_id == record.id
    assert request.graph == record.document


async def test_what_ran_is_followed_after_a_restart(bench: Bench) -> None:
    async with bench.control:
        record = await bench.queued()
        await bench.engine.submitted.get()
        bench.engine.started(record.id)
        await bench.sink.next("execution.status")
    other = bench.restarted()
    async with other.control:
        while bench.engine.attempts < 2:
            await asyncio.sleep(0)
        bench.engine.ended(record.id, ExecutionStatus.COMPLETED)
        await other.sink.next("execution.complete")
    assert bench.store.event_types(record.id) == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]


async def test_what_the_engine_forgot_has_crashed(bench: Bench) -> None:
    async with bench.control:
        record = await bench.queued()
        await bench.engine.submitted.get()
        bench.engine.started(record.id)
        await bench.sink.next("execution.status")
    bench.engine.running.clear()
    other = bench.restarted()
    async with other.control:
        message = await other.sink.next("execution.failed")
        waiting = await other.queued()
        assert (await bench.engine.submitted.get()).execution_id == waiting.id
    assert message.payload["status"] == "crashed"
    stored = await bench.control.executions.get(record.id)
    assert stored.error is not None or message.payload["errors"][0]["error"]["code"] == "SY-004"


async def test_a_suspended_execution_outlives_both_processes_and_holds_no_place(bench: Bench) -> None:
    async with bench.control:
        record = await bench.queued()
        await bench.engine.submitted.get()
        bench.engine.started(record.id)
        await bench.sink.next("execution.status")
        bench.engine.tell(ExecutionReport(record.id, ExecutionStatus.PAUSED, at_ms=1))
        await bench.sink.next("execution.status")
    bench.engine.running.clear()
    bench.engine.suspended.add(record.id)
    other = bench.restarted()
    async with other.control:
        waiting = await other.queued()
        assert (await bench.engine.submitted.get()).execution_id == waiting.id
        await other.control.queue.check()
        await other.control.queue.check()
        assert (await other.control.executions.get(record.id)).status is ExecutionStatus.PAUSED
        document, options = record.document, {"targets": None, "force": False, "priority": 0}
        adopted = AdoptionReport(record.id, record.graph_id, record.graph_hash, document, options, 2)
        bench.engine.tell(adopted)
        bench.engine.started(record.id)
        while (await other.sink.next("execution.status")).payload["execution_id"] != record.id:
            pass
        assert (await other.control.executions.get(record.id)).status is ExecutionStatus.RUNNING
        assert "execution.failed" not in [message.type for message in other.sink.messages]


async def test_one_miss_is_patience_two_are_a_loss(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.started(record.id)
    await running.sink.next("execution.status")
    running.engine.running.clear()
    await running.control.queue.check()
    assert (await running.control.executions.get(record.id)).status is ExecutionStatus.RUNNING
    await running.control.queue.check()
    assert (await running.control.executions.get(record.id)).status is ExecutionStatus.CRASHED
    assert running.control.queue.snapshot()["running"] == []


async def test_a_report_between_two_misses_clears_them(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.running.clear()
    await running.control.queue.check()
    running.engine.started(record.id)
    await running.sink.next("execution.status")
    await running.control.queue.check()
    assert (await running.control.executions.get(record.id)).status is ExecutionStatus.RUNNING


async def test_lost_before_it_began_is_sent_once_more(running: Bench) -> None:
    record = await running.queued()
    first = await running.engine.submitted.get()
    drawn: dict[str, Any] = {"nodes": {"drawn": {}}}
    running.control.queue._sent[record.id].request = replace(first, drawn=drawn)
    running.engine.requests.clear()
    running.engine.running.clear()
    await running.control.queue.check()
    await running.control.queue.check()
    assert await running.engine.submitted.get() == replace(first, drawn=drawn)
    running.engine.running.clear()
    await running.control.queue.check()
    await running.control.queue.check()
    assert (await running.control.executions.get(record.id)).status is ExecutionStatus.CRASHED


async def test_the_check_passes_on_that_the_engine_is_away(running: Bench) -> None:
    await running.control.queue.check()
    await running.queued()
    await running.engine.submitted.get()
    running.engine.fault = unreachable()
    with pytest.raises(Exception, match="SY-004"):
        await running.control.queue.check()


async def test_an_hour_without_an_engine_costs_nothing_and_each_runs_once(bench: Bench) -> None:
    """Time is what the queue sleeps: an hour of pauses, and each of twenty waits for it."""
    slept_s = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal slept_s
        slept_s += seconds
        if slept_s >= 3600:
            bench.engine.fault = None
        await asyncio.sleep(0)

    graph_id = await _graph(bench)
    records = [await bench.queued(graph_id=graph_id) for _ in range(20)]
    bench.engine.fault = unreachable()
    reports = bench.control.reports
    reports.listening.set()
    queue = Queue(bench.store, bench.engine, reports, concurrency=2, sleep=sleep)
    await queue.load()
    running = asyncio.create_task(queue.run())
    for _ in records:
        request = await bench.engine.submitted.get()
        for status in (ExecutionStatus.RUNNING, ExecutionStatus.COMPLETED):
            await reports.handle(ExecutionReport(request.execution_id, status, at_ms=1))
        await reports.settle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert slept_s >= 3600
    assert [request.execution_id for request in bench.engine.requests] == [record.id for record in records]
    for record in records:
        assert bench.store.event_types(record.id) == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]


async def test_what_has_a_time_waits_for_it(bench: Bench) -> None:
    now = 1_000
    graph_id = await _graph(bench)
    later = await bench.queued(Options(not_before_ms=2_000, priority=9), graph_id)
    first = await bench.queued(graph_id=graph_id)
    ticks: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(_: float) -> None:
        await ticks.get()

    bench.control.reports.listening.set()
    queue = Queue(bench.store, bench.engine, bench.control.reports, concurrency=4, sleep=sleep, clock=lambda: now)
    await queue.load()
    tasks = [asyncio.create_task(work()) for work in (queue.run, queue.watch_the_clock)]
    assert (await bench.engine.submitted.get()).execution_id == first.id
    assert queue.snapshot()["waiting"][0]["not_before"] == "1970-01-01T00:00:02.000Z"
    for _ in range(3):
        ticks.put_nowait(None)
        await asyncio.sleep(0)
    assert bench.engine.submitted.empty()
    now = 2_000
    ticks.put_nowait(None)
    assert (await bench.engine.submitted.get()).execution_id == later.id
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_places_and_people_outlive_a_restart(bench: Bench) -> None:
    graph_id = await _graph(bench)
    await bench.control.queue.pause(True, ACTOR)
    mine = [await bench.queued(graph_id=graph_id) for _ in range(3)]
    others = await bench.control.executions.execute(graph_id, Options(), Actor("bob"))
    await bench.control.executions.move(mine[2].id, mine[0].id, ACTOR)
    expected = [mine[2].id, others.id, mine[0].id, mine[1].id]
    for each in (bench, bench.restarted()):
        if each is not bench:
            await each.control.queue.load()
        waiting = each.control.queue.snapshot()["waiting"]
        assert [entry["execution_id"] for entry in waiting] == expected
        assert [entry["user"] for entry in waiting] == ["ada", "bob", "ada", "ada"]


async def test_what_does_not_wait_is_neither_moved_nor_removed(running: Bench) -> None:
    record = await running.queued()
    await running.engine.submitted.get()
    running.engine.started(record.id)
    await running.sink.next("execution.status")
    executions = running.control.executions
    for refused in (executions.move(record.id, record.id, ACTOR), executions.remove(record.id, ACTOR)):
        with pytest.raises(RequestError) as caught:
            await refused
        assert caught.value.code in ("RQ-001", "RQ-007")
