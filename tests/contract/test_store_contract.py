"""What every store promises, whatever it stands on."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.unit.store.records import a_graph, an_event, an_execution, keeping, putting
from vortex_prefect.core.contracts import (
    DocumentUpdate,
    ExecutionRecord,
    GraphHead,
    GraphRecord,
    PublishedNode,
    QueueEntry,
    StoredDocument,
    StorePort,
    UnitOfWork,
)
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.events import AggregateType, Event
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.store import SqlStore, open_store


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[SqlStore]:
    store = open_store(store_url)
    yield store
    await store.close()


def all_events(unit: UnitOfWork) -> list[Event]:
    return unit.events(limit=100_000)


def test_is_a_store_port(store: SqlStore) -> None:
    port: StorePort = store
    assert port is store


async def test_returns_what_the_work_returns(store: SqlStore) -> None:
    assert await store.write(lambda unit: "written") == "written"
    assert await store.read(lambda unit: "read") == "read"


class TestEvents:
    async def test_are_numbered_from_one(self, store: SqlStore) -> None:
        first = await store.write(lambda unit: unit.append(an_event()))
        second = await store.write(lambda unit: unit.append(an_event()))
        assert (first.sequence_number, second.sequence_number) == (1, 2)

    async def test_come_back_whole(self, store: SqlStore) -> None:
        event = an_event(
            event_type="NodeParamUpdated",
            payload={"name": "σ", "value": [1, 2.5, None, {"deep": True}]},
            metadata={"user": "ada", "address": "::1"},
            trace_id="0123456789abcdef0123456789abcdef",
            span_id="0123456789abcdef",
            created_ms=1_700_000_000_123,
        )
        appended = await store.write(lambda unit: unit.append(event))
        assert appended == replace(event, sequence_number=1)
        assert await store.read(all_events) == [appended]

    async def test_appended_again_is_the_stored_one(self, store: SqlStore) -> None:
        event = an_event(payload={"x": 1})
        stored = await store.write(lambda unit: unit.append(event))
        again = await store.write(lambda unit: unit.append(replace(event, payload={"x": 2})))
        assert again == stored
        assert await store.read(all_events) == [stored]

    async def test_appended_twice_in_one_unit_is_one(self, store: SqlStore) -> None:
        event = an_event()
        first, second = await store.write(lambda unit: (unit.append(event), unit.append(event)))
        assert first == second

    async def test_page_on_after_a_number(self, store: SqlStore) -> None:
        await store.write(lambda unit: [unit.append(an_event()) for _ in range(5)])
        page = await store.read(lambda unit: unit.events(after=2, limit=2))
        assert [event.sequence_number for event in page] == [3, 4]

    async def test_of_one_aggregate(self, store: SqlStore) -> None:
        mine = new_id()
        await store.write(lambda unit: [unit.append(an_event(mine if n % 2 else None)) for n in range(6)])
        found = await store.read(lambda unit: unit.events(aggregate_id=mine, after=2))
        assert [(event.aggregate_id, event.sequence_number) for event in found] == [(mine, 4), (mine, 6)]

    async def test_of_one_kind_of_aggregate(self, store: SqlStore) -> None:
        kinds: list[AggregateType] = ["Graph", "Worker", "Execution", "Worker", "Graph", "Worker"]
        await store.write(lambda unit: [unit.append(an_event(aggregate_type=kind)) for kind in kinds])
        found = await store.read(lambda unit: unit.events(aggregate_type="Worker", after=2, limit=1))
        assert [(event.aggregate_type, event.sequence_number) for event in found] == [("Worker", 4)]

    async def test_heads_come_last_first_without_payloads(self, store: SqlStore) -> None:
        mine = new_id()
        await store.write(
            lambda unit: [unit.append(an_event(mine if n % 2 else None, payload={"x": n})) for n in range(8)]
        )
        whole = await store.read(lambda unit: unit.events(aggregate_id=mine))
        heads = [replace(event, payload={}) for event in reversed(whole)]
        assert await store.read(lambda unit: unit.event_heads(mine)) == heads
        page = await store.read(lambda unit: unit.event_heads(mine, limit=2))
        rest = await store.read(lambda unit: unit.event_heads(mine, before=page[-1].sequence_number))
        assert page + rest == heads
        assert await store.read(lambda unit: unit.event_heads("draft")) == []

    async def test_are_found_by_their_id(self, store: SqlStore) -> None:
        stored = await store.write(lambda unit: unit.append(an_event()))
        assert await store.read(lambda unit: unit.event(stored.event_id)) == stored
        for nobody in (new_id(), "no id"):
            assert await store.read(partial(_event, event_id=nobody)) is None

    async def test_leave_no_gap_after_failed_work(self, store: SqlStore) -> None:
        await store.write(lambda unit: unit.append(an_event()))
        with pytest.raises(ZeroDivisionError):
            await store.write(lambda unit: (unit.append(an_event()), 1 // 0))
        assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number == 2

    @pytest.mark.parametrize(
        "fields",
        [
            {"aggregate_id": "worker-1"},
            {"event_id": "6F9619FF-8B86-D011-B42D-00CF4FC964FF"},
            {"trace_id": "0123"},
            {"span_id": "0123456789ABCDEF"},
        ],
    )
    async def test_with_an_id_of_another_form_are_refused(self, store: SqlStore, fields: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=next(iter(fields))):
            await store.write(lambda unit: unit.append(replace(an_event(), **fields)))

    async def test_that_no_json_can_hold_are_refused_as_they_were(self, store: SqlStore) -> None:
        with pytest.raises(TypeError, match="JSON serializable"):
            await store.write(lambda unit: unit.append(an_event(payload={"at": object()})))

    async def test_are_refused_to_who_has_not_seen_the_last_of_their_aggregate(self, store: SqlStore) -> None:
        mine = new_id()
        first = await store.write(lambda unit: unit.append(an_event(mine), after=0))
        await store.write(lambda unit: unit.append(an_event()))
        again = an_event(mine)
        with pytest.raises(RequestError, match=f"RQ-003 Graph {mine} is at event 1, not 0"):
            await store.write(lambda unit: unit.append(again, after=0))
        second = await store.write(lambda unit: unit.append(again, after=first.sequence_number))
        assert second.sequence_number == 3

    async def test_of_one_who_waits_are_seen_by_the_next_of_the_same_commit(self, store: SqlStore) -> None:
        mine = new_id()
        tries = [store.write(lambda unit: unit.append(an_event(mine), after=0)) for _ in range(8)]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert len([end for end in ended if isinstance(end, Event)]) == 1
        assert len([end for end in ended if isinstance(end, RequestError)]) == 7


class TestSubscriptions:
    async def test_tell_what_was_and_what_comes_from_a_position_on(self, store: SqlStore) -> None:
        before = [await store.write(lambda unit: unit.append(an_event())) for _ in range(3)]
        heard: list[Event] = []
        enough = asyncio.Event()

        async def listen() -> None:
            async for event in store.subscribe(after=1):
                heard.append(event)
                if len(heard) == 202:
                    enough.set()

        listening = asyncio.create_task(listen())
        while len(heard) < 2:
            await asyncio.sleep(0)
        new = await asyncio.gather(*(store.write(lambda unit: unit.append(an_event())) for _ in range(200)))
        await asyncio.wait_for(enough.wait(), 30)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert heard == before[1:] + sorted(new, key=lambda event: event.sequence_number)

    async def test_end_with_the_store(self, store: SqlStore) -> None:
        async def listen() -> None:
            async for _ in store.subscribe(after=0):
                pass

        listening = asyncio.create_task(listen())
        while not store.statistics().reads:
            await asyncio.sleep(0)
        await store.close()
        with pytest.raises(SystemFault, match=r"SY-006.*closed"):
            await asyncio.wait_for(listening, 30)


class TestWhoSharesACommit:
    """A first one holds the writer up until all others wait."""

    async def together(self, store: SqlStore, *works: Callable[[UnitOfWork], Any]) -> list[Any]:
        entered, go_on = threading.Event(), threading.Event()

        def block(unit: UnitOfWork) -> None:
            entered.set()
            assert go_on.wait(30)

        first = asyncio.create_task(store.write(block))
        await asyncio.to_thread(entered.wait, 30)
        waiting = [asyncio.create_task(store.write(work)) for work in works]
        while store.statistics().queued <= len(works):
            await asyncio.sleep(0)
        go_on.set()
        await first
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    async def test_fails_alone(self, store: SqlStore) -> None:
        kept, undone, later = a_graph(), a_graph(), a_graph()

        def fail(unit: UnitOfWork) -> None:
            unit.append(an_event(undone.id))
            unit.put_graph(undone)
            unit.append(an_event(undone.id))
            raise ZeroDivisionError

        def append_only(unit: UnitOfWork) -> None:
            unit.append(an_event(undone.id))
            raise ZeroDivisionError

        def work(graph: GraphRecord) -> Callable[[UnitOfWork], int]:
            def put(unit: UnitOfWork) -> int:
                unit.append(an_event(graph.id))
                unit.put_graph(graph)
                return unit.append(an_event(graph.id)).sequence_number

            return put

        ended = await self.together(store, work(kept), fail, append_only, work(later))
        assert [type(end) for end in ended] == [int, ZeroDivisionError, ZeroDivisionError, int]
        events = await store.read(all_events)
        assert [(event.aggregate_id, event.sequence_number) for event in events] == [
            (kept.id, 1), (kept.id, 2), (later.id, 3), (later.id, 4),
        ]  # fmt: skip
        assert await store.read(lambda unit: unit.graph(undone.id)) is None
        assert await store.read(lambda unit: unit.graph(later.id)) == later

    async def test_sees_what_those_before_did(self, store: SqlStore) -> None:
        graph, event = a_graph(), an_event()

        def put_and_append(unit: UnitOfWork) -> None:
            unit.append(event)
            unit.put_graph(graph)

        ended = await self.together(
            store,
            put_and_append,
            lambda unit: (unit.append(event).sequence_number, unit.graph(graph.id), len(unit.events())),
            lambda unit: unit.events(aggregate_id=event.aggregate_id)[0].event_id,
        )
        assert ended[1:] == [(1, graph, 1), event.event_id]

    async def test_is_told_of_nothing_that_a_failing_one_did(self, store: SqlStore) -> None:
        event = an_event()

        def fail(unit: UnitOfWork) -> None:
            unit.append(event)
            assert unit.events() != []
            raise ZeroDivisionError

        ended = await self.together(store, fail, lambda unit: (unit.event(event.event_id), unit.append(event)))
        assert ended[1] == (None, replace(event, sequence_number=1))

    async def test_whose_statement_fails_fails_alone(self, store: SqlStore) -> None:
        """Half of them ask for a place that no column holds; on PostgreSQL that ends their transaction's use."""
        graphs = [a_graph(version=1 << 70 if number % 2 else 1) for number in range(6)]

        def work(graph: GraphRecord) -> Callable[[UnitOfWork], int]:
            def put(unit: UnitOfWork) -> int:
                number = unit.append(an_event(graph.id)).sequence_number
                unit.put_graph(graph)
                return number

            return put

        ended = await self.together(store, *map(work, graphs))
        assert [isinstance(end, Exception) for end in ended] == [False, True] * 3
        assert [end for end in ended if isinstance(end, int)] == [1, 2, 3]
        assert {event.aggregate_id for event in await store.read(all_events)} == {graph.id for graph in graphs[::2]}
        assert {graph.id for graph in await store.read(lambda unit: unit.graphs(9))} == {g.id for g in graphs[::2]}


class TestAtomicity:
    async def test_events_and_state_commit_together(self, store: SqlStore) -> None:
        graph = a_graph()

        def create(unit: UnitOfWork) -> None:
            unit.append(an_event(graph.id))
            unit.put_graph(graph)

        await store.write(create)
        seen = await store.read(lambda unit: (len(all_events(unit)), unit.graph(graph.id)))
        assert seen == (1, graph)

    async def test_failed_work_leaves_neither_and_raises_its_own(self, store: SqlStore) -> None:
        graph = a_graph()
        failure = RequestError("RQ-003", "stale")

        def create(unit: UnitOfWork) -> None:
            unit.append(an_event(graph.id))
            unit.put_graph(graph)
            raise failure

        with pytest.raises(RequestError) as caught:
            await store.write(create)
        assert caught.value is failure
        assert await store.read(lambda unit: (all_events(unit), unit.graph(graph.id))) == ([], None)

    async def test_work_reads_what_it_wrote(self, store: SqlStore) -> None:
        graph = a_graph()

        def put_and_get(unit: UnitOfWork) -> GraphRecord | None:
            unit.put_graph(graph)
            return unit.graph(graph.id)

        assert await store.write(put_and_get) == graph

    async def test_a_read_cannot_write(self, store: SqlStore) -> None:
        with pytest.raises(SystemFault, match="SY-007 a read tried to write"):
            await store.read(lambda unit: unit.append(an_event()))
        assert await store.read(all_events) == []

    async def test_a_unit_is_of_no_use_after_its_end(self, store: SqlStore) -> None:
        unit = await store.write(lambda unit: unit)
        with pytest.raises(SystemFault, match="after its end"):
            unit.append(an_event())

    async def test_stop_iteration_reaches_the_caller(self, store: SqlStore) -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(store.write(lambda unit: next(iter(()))), 30)


class TestConcurrency:
    async def test_writers_are_ordered_and_their_units_stay_whole(self, store: SqlStore) -> None:
        aggregates = [new_id() for _ in range(50)]

        def three(aggregate: str) -> Callable[[UnitOfWork], list[Event]]:
            return lambda unit: [unit.append(an_event(aggregate)) for _ in range(3)]

        written = await asyncio.gather(*(store.write(three(aggregate)) for aggregate in aggregates))
        events = await store.read(all_events)
        assert [event.sequence_number for event in events] == list(range(1, 151))
        assert events == [event for unit in written for event in unit]

    async def test_no_update_is_lost(self, store: SqlStore) -> None:
        graph = a_graph(version=0)
        await store.write(putting(graph))

        def bump(unit: UnitOfWork) -> None:
            current = unit.graph(graph.id)
            assert current is not None
            unit.put_graph(replace(current, version=current.version + 1))

        await asyncio.gather(*(store.write(bump) for _ in range(40)))
        after = await store.read(lambda unit: unit.graph(graph.id))
        assert after is not None
        assert after.version == 40

    async def test_work_withdrawn_before_its_turn_leaves_nothing(self, store: SqlStore) -> None:
        entered, go_on = threading.Event(), threading.Event()

        def block(unit: UnitOfWork) -> None:
            entered.set()
            go_on.wait(30)

        running = asyncio.create_task(store.write(block))
        await asyncio.to_thread(entered.wait, 30)
        waiting = asyncio.create_task(store.write(lambda unit: unit.append(an_event())))
        while store.statistics().queued < 2:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        await running
        assert await store.read(all_events) == []
        assert store.statistics().queued == 0


class TestGraphs:
    async def test_are_replaced_whole(self, store: SqlStore) -> None:
        graph = a_graph(name="Naïve ∂", document={"nodes": {"a": {"x": 0.1}}})
        changed = replace(graph, name="b", version=2, document={}, updated_ms=2)
        for record in (graph, changed):
            await store.write(putting(record))
            assert await store.read(lambda unit: unit.graph(graph.id)) == record

    async def test_that_are_deleted_keep_their_events(self, store: SqlStore) -> None:
        kept, graph = a_graph(), a_graph()
        await store.write(putting(kept, graph))
        await store.write(lambda unit: unit.append(an_event(graph.id)))
        await store.write(lambda unit: unit.delete_graph(graph.id))
        assert await store.read(lambda unit: unit.graphs(10)) == [kept]
        assert len(await store.read(lambda unit: unit.events(aggregate_id=graph.id))) == 1

    async def test_unknown_ids_are_null(self, store: SqlStore) -> None:
        graph = a_graph()
        await store.write(putting(graph))
        unknown = [new_id(), "", "draft", graph.id.replace("-", "")]
        assert await store.read(lambda unit: [unit.graph(name) for name in unknown]) == [None] * 4
        assert await store.read(lambda unit: [unit.execution(name) for name in unknown]) == [None] * 4
        assert await store.read(lambda unit: [unit.events(aggregate_id=name) for name in unknown]) == [[]] * 4

        def delete_all(unit: UnitOfWork) -> None:
            for name in unknown:
                unit.delete_graph(name)

        await store.write(delete_all)
        assert await store.read(lambda unit: unit.graph(graph.id)) == graph

    async def test_are_listed_last_changed_first(self, store: SqlStore) -> None:
        graphs = [a_graph(updated_ms=at) for at in (20, 40, 10, 30)]
        await store.write(putting(*graphs))
        page = await store.read(lambda unit: unit.graphs(2))
        rest = await store.read(lambda unit: unit.graphs(9, page[-1].updated_ms))
        assert [graph.updated_ms for graph in page + rest] == [40, 30, 20, 10]

    async def test_of_one_millisecond_are_paged_without_loss(self, store: SqlStore) -> None:
        graphs = [a_graph(updated_ms=7) for _ in range(7)]
        await store.write(putting(*graphs))
        first = await store.read(lambda unit: unit.graphs(3))
        second = await store.read(lambda unit: unit.graphs(3, 7, before_id=first[-1].id))
        third = await store.read(lambda unit: unit.graphs(3, 7, before_id=second[-1].id))
        assert [len(page) for page in (first, second, third)] == [3, 3, 1]
        assert sorted(graph.id for graph in first + second + third) == sorted(graph.id for graph in graphs)

    async def test_heads_are_listed_as_graphs_are_with_the_number_of_nodes(self, store: SqlStore) -> None:
        documents: list[dict[str, Any]] = [{"nodes": {"a": {"nodes": {"b": {}}}, "b": {}}}, {"nodes": {}}, {}]
        graphs = [a_graph(updated_ms=at, document=document) for at, document in enumerate(documents, 5)]
        await store.write(putting(*graphs))
        heads = await store.read(lambda unit: unit.graph_heads(2))
        heads += await store.read(lambda unit: unit.graph_heads(9, heads[-1].updated_ms, before_id=heads[-1].id))
        assert heads == [
            GraphHead(graph.id, graph.name, graph.version, nodes, graph.created_ms, graph.updated_ms)
            for graph, nodes in zip(graphs[::-1], (0, 0, 2), strict=True)
        ]

    async def test_stand_where_it_was_noted_until_another_version_comes(self, store: SqlStore) -> None:
        graph = a_graph(version=1)

        async def state() -> GraphState:
            return await store.read(lambda unit: unit.graph_state(graph.id))

        assert await state() is GraphState.DELETED
        await store.write(putting(graph))
        assert await state() is GraphState.CREATED
        await store.write(lambda unit: unit.put_graph_state(graph.id, GraphState.SAVED))
        await store.write(putting(graph))
        assert await state() is GraphState.SAVED
        assert [head.state for head in await store.read(lambda unit: unit.graph_heads(9))] == [GraphState.SAVED]
        await store.write(putting(replace(graph, version=2)))
        assert await state() is GraphState.MODIFIED
        await store.write(lambda unit: unit.delete_graph(graph.id))
        assert await state() is GraphState.DELETED

    async def test_names_that_no_text_column_takes_are_listed_readably(self, store: SqlStore) -> None:
        for at, (name, shown) in enumerate((("a\0b", "a\ufffdb"), ("c\ud800", "c?")), 1):
            graph = a_graph(name=name, document={"name": name}, updated_ms=at)
            await store.write(putting(graph))
            assert await store.read(lambda unit: unit.graphs(1)) == [graph]
            assert [head.name for head in await store.read(lambda unit: unit.graph_heads(1))] == [shown]

    async def test_keys_may_hold_what_no_text_column_takes(self, store: SqlStore) -> None:
        execution = an_execution(options={"idempotency_key": "a\0\ud800"})
        await store.write(putting(execution))
        assert await store.read(lambda unit: unit.execution_by_key("a\0\ud800")) == execution


class TestTheQueue:
    def an_entry(self, **fields: Any) -> QueueEntry:
        return QueueEntry(**{
            "execution_id": new_id(), "graph_id": new_id(), "user": "ada", "priority": 0, "place": 1 << 61,
            "queued_ms": 1, **fields,
        })  # fmt: skip

    async def test_keeps_entries_whole_and_replaces_them(self, store: SqlStore) -> None:
        entry = self.an_entry(not_before_ms=5)
        later = replace(entry, priority=-3, place=7)
        for each in (entry, later):
            await store.write(partial(_put_entry, entry=each))
            assert await store.read(lambda unit: unit.queue_entry(entry.execution_id)) == each
        assert await store.read(lambda unit: unit.queue_entries()) == [later]
        for nobody in (new_id(), "draft"):
            assert await store.read(partial(_entry, execution_id=nobody)) is None

    async def test_forgets_who_left_and_never_who_waits(self, store: SqlStore) -> None:
        entries = [self.an_entry(left_ms=left_ms) for left_ms in (None, 10, 20, 30)]

        def put(unit: UnitOfWork) -> None:
            for entry in entries:
                unit.put_queue_entry(entry)

        await store.write(put)
        assert await store.write(lambda unit: unit.forget_queue_entries(30)) == 2
        left = await store.read(lambda unit: unit.queue_entries())
        assert {entry.execution_id for entry in left} == {entries[0].execution_id, entries[3].execution_id}
        assert await store.read(lambda unit: unit.waiting()) == [entries[0]]


class TestExecutions:
    async def test_that_ended_long_ago_are_forgotten_oldest_first(self, store: SqlStore) -> None:
        records = [an_execution(finished_ms=at) for at in (40, 10, None, 30)]
        await store.write(putting(*records))
        assert await store.write(lambda unit: unit.forget_executions(40, 1)) == [records[1].id]
        assert await store.write(lambda unit: unit.forget_executions(40, 9)) == [records[3].id]
        left = await store.read(lambda unit: unit.executions(9))
        assert {record.id for record in left} == {records[0].id, records[2].id}

    async def test_come_back_whole(self, store: SqlStore) -> None:
        execution = an_execution(options={"priority": 3, "idempotency_key": "k"}, nodes={"a": {"state": "pending"}})
        ended = replace(
            execution,
            status=ExecutionStatus.FAILED,
            started_ms=2,
            finished_ms=3,
            flow_run_id=new_id(),
            prefect_url="http://127.0.0.1/run",
            nodes={"a": {"state": "failed", "error": None}},
            values={"a": {"out": {"type": "INT", "data": 1 << 60}}},
            error={"code": "WK-003"},
        )
        for record in (execution, ended, execution):
            await store.write(putting(record))
            assert await store.read(lambda unit: unit.execution(execution.id)) == record

    async def test_are_found_by_their_key(self, store: SqlStore) -> None:
        execution = an_execution(options={"idempotency_key": "once"})
        await store.write(putting(execution, an_execution()))
        assert await store.read(lambda unit: unit.execution_by_key("once")) == execution
        assert await store.read(lambda unit: unit.execution_by_key("other")) is None

    async def test_two_cannot_have_one_key(self, store: SqlStore) -> None:
        first, second = (an_execution(options={"idempotency_key": "once"}) for _ in range(2))
        await store.write(putting(first))
        with pytest.raises(RequestError, match=f"RQ-003.*{first.id}"):
            await store.write(putting(second))
        assert await store.read(lambda unit: unit.executions(9)) == [first]

    async def test_are_chosen_by_graph_and_status(self, store: SqlStore) -> None:
        graph_id = new_id()
        mine = [
            an_execution(graph_id=graph_id, status=status, created_ms=at)
            for at, status in enumerate((ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.FAILED))
        ]
        await store.write(putting(*mine, an_execution()))

        async def chosen(*statuses: ExecutionStatus, **rest: Any) -> list[ExecutionRecord]:
            return await store.read(lambda unit: unit.executions(9, graph_id=graph_id, statuses=statuses, **rest))

        assert await chosen() == mine[::-1]
        assert await chosen(ExecutionStatus.QUEUED, ExecutionStatus.FAILED) == [mine[2], mine[0]]
        assert await chosen(before_ms=2) == [mine[1], mine[0]]
        assert await store.read(lambda unit: unit.executions(9, graph_id="draft")) == []

    async def test_of_one_millisecond_are_paged_without_loss(self, store: SqlStore) -> None:
        records = sorted((an_execution(created_ms=5) for _ in range(4)), key=lambda record: record.id, reverse=True)
        await store.write(putting(*records))
        page = await store.read(lambda unit: unit.executions(2))
        rest = await store.read(lambda unit: unit.executions(9, before_ms=5, before_id=page[-1].id))
        assert page + rest == records

    async def test_values_that_json_does_not_know_come_back(self, store: SqlStore) -> None:
        values = {"a": {"out": {"value": [math.inf, "\ud800", 2**64 - 1, -(2**63), 0.1]}}}
        record = an_execution(values=values)
        await store.write(putting(record))
        assert await store.read(lambda unit: unit.execution(record.id)) == record


class TestWhatWasReadBefore:
    async def test_is_the_version_that_stands(self, store: SqlStore) -> None:
        first = a_graph(version=1, document={"nodes": {"a": {}}})
        second = replace(first, version=2, document={"nodes": {"b": {}}})
        for record in (first, second):
            await store.write(partial(_put_graph, record=record))
            for _ in range(2):
                assert await store.read(lambda unit: unit.graph(first.id)) == record
        await store.write(lambda unit: unit.delete_graph(first.id))
        assert await store.read(lambda unit: unit.graph(first.id)) is None

    async def test_is_never_what_was_rolled_back(self, store: SqlStore) -> None:
        graph, execution = a_graph(version=1), an_execution()
        await store.write(lambda unit: unit.put_graph(graph))
        await store.write(putting(execution))
        assert await store.read(lambda unit: unit.execution(execution.id)) == execution

        def fail(unit: UnitOfWork) -> None:
            unit.put_graph(replace(graph, version=2, name="never"))
            unit.put_execution(replace(execution, graph_hash="0" * 64))
            assert unit.graph(graph.id) is not None
            assert unit.execution(execution.id) is not None
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.write(fail)
        now = replace(graph, version=2, name="now")
        later = replace(execution, graph_hash="1" * 64)
        await store.write(lambda unit: unit.put_graph(now))
        await store.write(putting(later))
        assert await store.read(lambda unit: unit.graph(graph.id)) == now
        assert await store.read(lambda unit: unit.execution(execution.id)) == later
        assert await store.read(lambda unit: unit.executions(1)) == [later]

    async def test_of_executions_is_the_last_change(self, store: SqlStore) -> None:
        records = [an_execution(created_ms=at) for at in range(3)]
        await store.write(putting(*records))
        assert await store.read(lambda unit: unit.executions(9)) == records[::-1]
        changed = replace(records[1], status=ExecutionStatus.FAILED)
        await store.write(putting(changed))
        assert await store.read(lambda unit: unit.executions(9)) == [records[2], changed, records[0]]


class TestDocuments:
    async def test_keep_their_edits_until_a_snapshot_holds_them(self, store: SqlStore) -> None:
        graph_id = new_id()
        updates = [DocumentUpdate(number, bytes([number]) * 3, {"user": f"u{number}"}) for number in (1, 2, 3)]
        assert await store.read(lambda unit: unit.document(graph_id)) is None
        await store.write(lambda unit: unit.put_document(StoredDocument(graph_id, b"\x00\xff", 0, 0)))
        await store.write(lambda unit: unit.append_updates(graph_id, updates[:2]))
        await store.write(lambda unit: unit.append_updates(graph_id, updates[2:]))
        assert await store.read(lambda unit: unit.document_updates(graph_id, 0)) == updates
        assert await store.read(lambda unit: unit.document_updates(graph_id, 2)) == updates[2:]
        await store.write(lambda unit: unit.put_document(StoredDocument(graph_id, b"all", 2, 2)))
        assert await store.read(lambda unit: unit.document_updates(graph_id, 0)) == updates[2:]
        assert await store.read(lambda unit: unit.document(graph_id)) == StoredDocument(graph_id, b"all", 2, 2)

    async def test_are_unsettled_while_an_edit_is_in_no_event(self, store: SqlStore) -> None:
        graph_id, other = new_id(), new_id()
        await store.write(lambda unit: unit.put_document(StoredDocument(other, b"", 4, 4)))
        await store.write(lambda unit: unit.put_document(StoredDocument(graph_id, b"", 4, 4)))
        assert await store.read(lambda unit: unit.unsettled_documents()) == []
        await store.write(lambda unit: unit.append_updates(graph_id, [DocumentUpdate(5, b"x", {})]))
        assert await store.read(lambda unit: unit.unsettled_documents()) == [graph_id]
        await store.write(lambda unit: unit.settle_document(graph_id, 5))
        assert await store.read(lambda unit: unit.unsettled_documents()) == []

    async def test_go_with_their_edits(self, store: SqlStore) -> None:
        graph_id = new_id()
        await store.write(lambda unit: unit.put_document(StoredDocument(graph_id, b"", 0, 0)))
        await store.write(lambda unit: unit.append_updates(graph_id, [DocumentUpdate(1, b"x", {})]))
        await store.write(lambda unit: unit.delete_document(graph_id))
        assert await store.read(lambda unit: unit.document(graph_id)) is None
        assert await store.read(lambda unit: unit.document_updates(graph_id, 0)) == []

    async def test_of_no_proper_id_are_none(self, store: SqlStore) -> None:
        assert await store.read(lambda unit: unit.document("draft")) is None
        with pytest.raises(ValueError, match="canonical"):
            await store.write(lambda unit: unit.put_document(StoredDocument("draft", b"", 0, 0)))


def _put_published(node: PublishedNode, unit: UnitOfWork) -> None:
    unit.put_published(node)


class TestPublishedNodes:
    async def test_come_back_by_name_and_version_and_are_replaced(self, store: SqlStore) -> None:
        def node(name: str, version: int, **fields: Any) -> PublishedNode:
            kind, spec = f"graph.{name}@{version}", {"title": "Σ", "default": 1.5}
            made = PublishedNode(kind, name, version, new_id(), 7, spec, {"nodes": {}}, 1 << 41)
            return replace(made, **fields)

        nodes = [node("b", 2), node("b", 10), node("a", 1)]
        for each in nodes:
            await store.write(partial(_put_published, each))
        assert await store.read(lambda unit: unit.published()) == [nodes[2], nodes[0], nodes[1]]
        withdrawn = replace(nodes[0], withdrawn=True)
        await store.write(lambda unit: unit.put_published(withdrawn))
        assert await store.read(lambda unit: unit.published()) == [nodes[2], withdrawn, nodes[1]]


class TestDrawnGraphs:
    async def test_stay_as_long_as_an_execution_names_them(self, store: SqlStore) -> None:
        first, second, nobodys = ("a" * 64, "b" * 64, "c" * 64)
        records = [
            an_execution(options={"drawn": key}, finished_ms=at) for at, key in ((1, first), (2, first), (1, second))
        ]
        documents = {key: {"nodes": {"σ": {"type": key, "x": 1.5}}} for key in (first, second, nobodys)}

        def put(unit: UnitOfWork) -> None:
            for key, document in documents.items():
                unit.put_drawn(key, {"nodes": {}})
                unit.put_drawn(key, document)

        await store.write(putting(*records, an_execution()))
        await store.write(put)
        assert await store.read(lambda unit: unit.drawn_graphs()) == documents
        assert await store.read(lambda unit: unit.execution(records[0].id)) == records[0]
        assert await store.write(lambda unit: unit.forget_drawn()) == [nobodys]
        await store.write(lambda unit: unit.forget_executions(2, 9))
        assert await store.write(lambda unit: unit.forget_drawn()) == [second]
        assert await store.read(lambda unit: (unit.drawn(first), unit.has_drawn(first))) == (documents[first], True)
        assert await store.read(lambda unit: (unit.drawn(second), unit.has_drawn(second))) == (None, False)


class TestSettings:
    async def test_are_kept_and_replaced(self, store: SqlStore) -> None:
        assert await store.read(lambda unit: unit.get_setting("paused")) is None
        values: tuple[Any, ...] = (True, {"types": [1, "two"]}, None, [])
        for value in values:
            await store.write(keeping("paused", value))
            assert await store.read(lambda unit: unit.get_setting("paused")) == value


class TestStatistics:
    async def test_count_what_was_done(self, store: SqlStore) -> None:
        await store.write(all_events)
        await store.read(all_events)
        with pytest.raises(ZeroDivisionError):
            await store.write(lambda unit: 1 // 0)
        statistics = store.statistics()
        assert (statistics.writes, statistics.rollbacks, statistics.reads, statistics.queued) == (1, 1, 1, 0)
        assert statistics.last_error is None

    async def test_hold_the_last_fault_of_the_store(self, store: SqlStore) -> None:
        with pytest.raises(SystemFault):
            await store.read(keeping("a", 1))
        assert store.statistics().last_error == "SY-007 a read tried to write"


class TestClosing:
    async def test_finishes_what_was_asked_for(self, store: SqlStore) -> None:
        writes = [asyncio.create_task(store.write(lambda unit: unit.append(an_event()))) for _ in range(20)]
        while store.statistics().queued + store.statistics().writes < 20:
            await asyncio.sleep(0)
        await store.close()
        assert sorted([event.sequence_number for event in await asyncio.gather(*writes)]) == list(range(1, 21))

    async def test_may_be_repeated_and_refuses_what_comes_after(self, store: SqlStore) -> None:
        await asyncio.gather(store.close(), store.close())
        await store.close()
        for call in (store.write, store.read):
            with pytest.raises(SystemFault, match=r"SY-006.*closed"):
                await call(all_events)


def _event(unit: UnitOfWork, event_id: str) -> Event | None:
    return unit.event(event_id)


def _put_entry(unit: UnitOfWork, entry: QueueEntry) -> None:
    unit.put_queue_entry(entry)


def _entry(unit: UnitOfWork, execution_id: str) -> QueueEntry | None:
    return unit.queue_entry(execution_id)


def _put_graph(unit: UnitOfWork, record: GraphRecord) -> None:
    unit.put_graph(record)
