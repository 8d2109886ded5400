"""Rooms from their opening to their end, and what is left for the next process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.graphs import picture_graph
from tests.fakes.rooms import ADA, FakeMember, Place, edit, make_place, place, snapshots, until
from vortex_prefect.collab.pending import SETTLE_S
from vortex_prefect.core.contracts import StorePort
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.ids import new_id
from vortex_prefect.graph.changes import Change, replay
from vortex_prefect.graph.model import Graph, parse_graph

FULL = SystemFault("SY-006", "the disk is full")


# -- a process that dies ------------------------------------------------------------------------------


@pytest.fixture
async def later(store: StorePort) -> AsyncIterator[Place]:
    """The next process over the same store."""
    async with place(store) as made:
        yield made


async def test_edits_that_no_event_told_are_in_the_log_after_a_crash(store: StorePort, later: Place) -> None:
    before = make_place(store)
    graph_id = await before.graph()
    room, ann = await before.enter(graph_id, "ann")
    _, bob = await before.enter(graph_id, "bob")
    edit(room, ann, ann.moved("blur", 5))
    edit(room, bob, bob.moved("save", 6))
    edit(room, ann, ann.moved("image", 7))
    await before.quiet(room)
    before.crash()
    assert await later.log(graph_id) == []
    await later.rooms.recover()
    wanted = [("NodeMoved", "ann"), ("NodeMoved", "bob"), ("NodeMoved", "ann")]
    assert await later.log(graph_id) == wanted
    assert [(await later.position(graph_id, node))["x"] for node in ("blur", "save", "image")] == [5, 6, 7]
    later.crash()
    assert await store.read(lambda uow: uow.unsettled_documents()) == []
    async with place(store) as third:
        await third.rooms.recover()
        await third.enter(graph_id, "cyd")
        assert await third.log(graph_id) == wanted
    events = await store.read(lambda uow: uow.events(aggregate_id=graph_id))
    record = await store.read(lambda uow: uow.graph(graph_id))
    assert record is not None
    replayed = replay([Change(event.event_type, event.payload) for event in events])
    assert replayed == parse_graph(record.document, later.limits)


async def test_a_crash_between_two_drags_tells_each_once(store: StorePort, later: Place) -> None:
    before = make_place(store)
    graph_id = await before.graph()
    room, ann = await before.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await before.quiet(room)
    before.timers.advance(SETTLE_S)
    await before.quiet(room)
    edit(room, ann, ann.moved("blur", 6))
    await before.quiet(room)
    before.crash()
    await later.rooms.recover()
    assert await later.log(graph_id) == [("NodeMoved", "ann")] * 2
    assert (await later.position(graph_id))["x"] == 6
    assert (await later.graphs.get(graph_id)).version == 3


async def test_who_opens_a_document_that_was_not_recovered_sees_the_rest_too(store: StorePort, later: Place) -> None:
    before = make_place(store)
    graph_id = await before.graph()
    room, ann = await before.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await before.quiet(room)
    before.crash()
    later.store.fault = FULL
    await later.rooms.recover()
    later.store.fault = None
    await until(lambda: not later.rooms.statistics())
    opened, bob = await later.enter(graph_id, "bob")
    await later.quiet(opened)
    assert bob.map("nodes", "blur")["x"] == 5
    assert await later.log(graph_id) == [("NodeMoved", "ann")]


# -- snapshots ----------------------------------------------------------------------------------------


async def test_a_snapshot_takes_the_place_of_its_edits(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    due = snapshots(monkeypatch)
    due.clear()
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    for number in range(9):
        edit(room, ann, ann.renamed(str(number)))
        await at.quiet(room)
    assert (len(await at.updates(graph_id)), (await at.stored(graph_id)).number) == (9, 0)
    due.set()
    edit(room, ann, ann.renamed("last"))
    await until(lambda: room.statistics().edits == 0)
    due.clear()
    stored = await at.stored(graph_id)
    assert (stored.number, stored.settled, await at.updates(graph_id)) == (10, 10, [])
    assert (await at.on_disk(graph_id)).name == "last"
    edit(room, ann, ann.renamed("more"))
    await at.quiet(room)
    assert [update.number for update in await at.updates(graph_id)] == [11]
    assert (await at.on_disk(graph_id)).name == "more"


async def test_a_snapshot_that_fails_costs_nothing(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots(monkeypatch)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    inner = at.store.inner
    monkeypatch.setattr(at.store, "inner", _NoSnapshots(inner))
    edit(room, ann, ann.renamed("New"))
    await at.quiet(room)
    await until(lambda: not at.store.held)
    assert ann.closed is None
    assert len(await at.updates(graph_id)) == 1
    monkeypatch.setattr(at.store, "inner", inner)
    edit(room, ann, ann.renamed("Newer"))
    await until(lambda: room.statistics().edits == 0)
    assert (await at.on_disk(graph_id)).name == "Newer"


class _NoSnapshots:
    """A store that has room for edits, and not for documents."""

    def __init__(self, store: StorePort) -> None:
        self.write = self._write
        self.read, self.synced = store.read, store.synced
        self._store = store

    async def _write(self, work: Any, *, early: bool = False) -> Any:
        def guarded(uow: Any) -> Any:
            put, uow.put_document = uow.put_document, _fail
            try:
                return work(uow)
            finally:
                uow.put_document = put

        return await self._store.write(guarded, early=early)


def _fail(_document: object) -> None:
    raise FULL


# -- rooms that nobody is in --------------------------------------------------------------------------


async def evicting(at: Place) -> asyncio.Task[None]:
    task = asyncio.create_task(at.rooms.run())
    await asyncio.sleep(0)
    return task


async def pass_time(at: Place, seconds: float) -> None:
    """Let time go by in steps of a second, with all that then happens."""
    for _ in range(int(seconds)):
        at.timers.advance(1)
        for _ in range(10):
            await asyncio.sleep(0)


async def test_an_empty_room_is_closed_after_a_while_and_opened_again(at: Place) -> None:
    task = await evicting(at)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.renamed("New"))
    await at.quiet(room)
    await pass_time(at, 200)
    assert len(at.rooms) == 1
    at.rooms.leave(room, ann)
    await pass_time(at, 45)
    assert len(at.rooms) == 1
    at.timers.advance(30)
    await until(lambda: len(at.rooms) == 0)
    assert (await at.updates(graph_id), (await at.stored(graph_id)).number) == ([], 1)
    again, bob = await at.enter(graph_id, "bob")
    assert again is not room
    assert bob.name == "New"
    edit(again, bob, bob.renamed("Newer"))
    await at.quiet(again)
    assert await at.log(graph_id) == [("GraphRenamed", "ann"), ("GraphRenamed", "bob")]
    assert [update.number for update in await at.updates(graph_id)] == [2]
    task.cancel()


async def test_moves_are_settled_when_the_room_is_closed(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await at.quiet(room)
    await at.rooms.close()
    assert await at.log(graph_id) == [("NodeMoved", "ann")]
    assert ann.closed == (1001, "the server stops")
    assert (await at.updates(graph_id), (await at.stored(graph_id)).settled) == ([], 1)


async def test_an_edit_that_just_came_is_stored_when_the_server_stops(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.renamed("Last"))
    await at.rooms.close()
    assert (await at.on_disk(graph_id)).name == "Last"
    assert await at.log(graph_id) == [("GraphRenamed", "ann")]


async def test_a_server_that_stops_finishes_what_somebody_waits_for(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.hold()
    putting = asyncio.create_task(at.graphs.put(graph_id, picture_graph(name="Put", id=graph_id), None, ADA))
    await until(lambda: at.store.held)
    closing = asyncio.create_task(at.rooms.close())
    for _ in range(100):
        await asyncio.sleep(0)
    assert ann.closed is None
    at.store.release()
    await closing
    assert (await putting).name == (await at.on_disk(graph_id)).name == "Put"
    with pytest.raises(SystemFault, match="SY-006"):
        await room.settle()
    with pytest.raises(SystemFault, match="SY-006"):
        await at.rooms.join(graph_id, FakeMember("late"))


async def test_nobody_waits_for_a_room_that_is_closed(at: Place) -> None:
    graph_id = await at.graph()
    room, _ = await at.enter(graph_id, "ann")
    at.store.hold()
    first = asyncio.create_task(at.graphs.mutate(graph_id, [{"op": "graph.rename", "name": "New"}], None, ADA))
    await until(lambda: at.store.held)
    second = asyncio.create_task(room.edit(lambda _, graph: graph, {}))
    await asyncio.sleep(0)
    room.close(1001, "gone")
    at.store.release()
    assert (await first).name == "New"
    with pytest.raises(SystemFault, match="SY-006"):
        await second


async def test_a_room_is_not_idle_while_the_server_edits(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.rooms.leave(room, ann)
    idle: list[bool] = [room.idle]

    def change(_record: object, graph: Graph) -> Graph:
        idle.append(room.idle)
        return graph

    await room.edit(change, {})
    assert [*idle, room.idle] == [True, False, True]


async def test_a_room_in_which_the_server_edits_is_not_closed(at: Place) -> None:
    task = await evicting(at)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.rooms.leave(room, ann)
    at.store.hold()
    putting = asyncio.create_task(at.graphs.put(graph_id, picture_graph(name="Put", id=graph_id), None, ADA))
    await until(lambda: at.store.held)
    await pass_time(at, 100)
    assert len(at.rooms) == 1
    at.store.release()
    assert (await putting).name == "Put"
    await at.quiet(room)
    at.timers.advance(20)
    await until(lambda: not len(at.rooms))
    task.cancel()


async def test_who_waits_for_a_room_to_close_does_not_open_two(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.renamed("New"))
    await at.quiet(room)
    at.rooms.leave(room, ann)
    at.store.hold()
    closing = asyncio.create_task(at.rooms._close(graph_id, 1013, "closed"))
    await until(lambda: at.store.held)
    members = [FakeMember(name) for name in ("bob", "cyd", "dan")]
    # The first one comes while it closes, the others when it has.
    joining = [asyncio.create_task(at.rooms.room(graph_id))]
    at.store.release()
    await closing
    joining += [asyncio.create_task(at.rooms.join(graph_id, member)) for member in members]
    assert len(set(await asyncio.gather(*joining))) == 1


async def test_ids_of_no_graph_leave_nothing_behind(at: Place) -> None:
    for graph_id in (new_id(), "nobody", "../etc", "", "x" * 10_000, "a\x00b", "ä"):
        with pytest.raises(RequestError, match="RQ-002"):
            await at.rooms.join(graph_id, FakeMember("eve"))
    assert at.rooms._turns == {}
    assert len(at.rooms) == 0


async def test_a_room_that_dies_of_a_defect_is_left_by_everybody(at: Place, caplog: pytest.LogCaptureFixture) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")

    async def broken() -> None:
        raise ZeroDivisionError

    room._commit = broken  # type: ignore[method-assign]
    edit(room, ann, ann.renamed("New"))
    await until(lambda: ann.closed)
    assert ann.closed is not None
    assert ann.closed[0] == 1013
    assert ann.closed[1].startswith("SY-007")
    assert "died" in caplog.text
    _, bob = await at.enter(graph_id, "bob")
    assert bob.name == "Picture"


# -- graphs that go -----------------------------------------------------------------------------------


async def test_a_deleted_graph_is_left_by_everybody_and_starts_afresh(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.renamed("Old"))
    await at.quiet(room)
    await at.graphs.delete(graph_id, ADA)
    assert ann.closed == (4404, "RQ-002 the graph was deleted")
    with pytest.raises(RequestError, match="RQ-002"):
        edit(room, ann, ann.renamed("Ghost"))
    with pytest.raises(RequestError, match="RQ-002"):
        await at.rooms.join(graph_id, FakeMember("bob"))
    assert await at.updates(graph_id) == []
    await at.graphs.create(picture_graph(id=graph_id), ADA)
    _, cyd = await at.enter(graph_id, "cyd")
    assert cyd.name == "Picture"
    assert (await at.graphs.get(graph_id)).version > 2


@pytest.mark.parametrize("what", ["moved", "renamed"])
async def test_an_edit_behind_a_deletion_is_not_stored(at: Place, what: str) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.hold()
    deleting = asyncio.create_task(at.graphs.delete(graph_id, ADA))
    await until(lambda: at.store.held)
    edit(room, ann, ann.moved("blur", 5) if what == "moved" else ann.renamed("Ghost"))
    await until(lambda: at.store.held == 2)
    # Whoever asked for the deletion has gone, so that nobody forgets the room.
    deleting.cancel()
    at.store.release()
    await until(lambda: ann.closed)
    assert ann.closed is not None
    assert ann.closed[0] == 4404
    await until(lambda: not at.store.held)
    assert await at.updates(graph_id) == []
    await at.graphs.create(picture_graph(id=graph_id), ADA)
    await until(lambda: not len(at.rooms))
    _, bob = await at.enter(graph_id, "bob")
    assert bob.name == "Picture"
    at.crash()
    _, cyd = await at.enter(graph_id, "cyd")
    assert cyd.map("nodes", "blur")["x"] == 200


# -- graphs that get a document -----------------------------------------------------------------------


async def test_a_put_before_a_room_has_its_document_is_in_it(at: Place) -> None:
    graph_id = await at.graph()
    at.store.hold()
    ann = FakeMember("ann")
    joining = asyncio.create_task(at.rooms.join(graph_id, ann))
    await until(lambda: at.store.held)
    # The room has read the graph, and this goes before its document.
    await make_place(at.store.inner).graphs.put(graph_id, picture_graph(id=graph_id, name="Put"), 1, ADA)
    at.store.release()
    room = await joining
    assert (room.graph.name, room.record.version) == ("Put", 2)


async def test_a_put_behind_a_rooms_document_goes_into_it(at: Place) -> None:
    graph_id = await at.graph()
    at.store.hold()
    ann = FakeMember("ann")
    joining = asyncio.create_task(at.rooms.join(graph_id, ann))
    await until(lambda: at.store.held)
    # It has found no document, and stands behind the one that is made now.
    putting = asyncio.create_task(at.graphs.put(graph_id, picture_graph(id=graph_id, name="Put"), 1, ADA))
    await until(lambda: at.store.held == 2)
    at.store.release()
    room = await joining
    record = await putting
    assert (record.version, record.name) == (2, "Put")
    assert room.graph.name == room.record.name == "Put"
    assert (await at.on_disk(graph_id)).name == "Put"
    assert await at.log(graph_id) == [("GraphRenamed", "ada")]


async def test_a_graph_without_a_document_is_changed_without_one(at: Place) -> None:
    graph_id = await at.graph()
    assert await at.rooms.edit(graph_id, lambda _, graph: graph, {}) is None
    await at.graphs.put(graph_id, picture_graph(id=graph_id, name="Put"), 1, ADA)
    assert await at.store.read(lambda uow: uow.document(graph_id)) is None
    assert len(at.rooms) == 0


async def test_one_with_a_document_is_changed_in_it_though_nobody_has_it_open(store: StorePort, later: Place) -> None:
    before = make_place(store)
    graph_id = await before.graph()
    room, ann = await before.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await before.quiet(room)
    before.crash()
    with pytest.raises(RequestError, match="RQ-003"):
        await later.graphs.put(graph_id, picture_graph(id=graph_id, name="Put"), 1, ADA)
    record = await later.graphs.mutate(graph_id, [{"op": "graph.rename", "name": "New"}], 2, ADA)
    assert record.document["nodes"]["blur"]["position"]["x"] == 5
    assert await later.log(graph_id) == [("NodeMoved", "ann"), ("GraphRenamed", "ada")]
    assert (await later.on_disk(graph_id)).name == "New"
