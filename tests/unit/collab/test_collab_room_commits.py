"""What a room tells, and when: nothing before it is committed, everything after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from tests.fakes.rooms import ADA, Place, edit, until
from vortex_prefect.collab import protocol
from vortex_prefect.collab.pending import SETTLE_S
from vortex_prefect.collab.projection import Projector
from vortex_prefect.core.contracts import GraphRecord, StorePort
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.graph.changes import Change, replay
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.service.history import at_version
from vortex_prefect.store import SqlStore

FULL = SystemFault("SY-006", "the disk is full")


# -- edits and their commit ---------------------------------------------------------------------------


async def test_an_edit_is_told_when_it_is_committed(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.hold()
    edit(room, ann, ann.renamed("New"))
    await until(lambda: at.store.held)
    assert bob.told == []
    assert (await at.updates(graph_id), at.sink.of("graph.sync")[-1].payload["version"]) == ([], 1)
    at.store.release()
    await until(lambda: bob.told)
    assert (await at.on_disk(graph_id)).name == bob.name == "New"
    assert ann.told == []
    assert await at.log(graph_id) == [("GraphRenamed", "ann")]
    await until(lambda: at.sink.of("graph.sync")[-1].payload["version"] == 2)


async def test_edits_during_a_commit_share_the_next_one(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.hold()
    edit(room, ann, ann.renamed("0"))
    await until(lambda: at.store.held)
    for number in range(1, 20):
        edit(room, ann, ann.renamed(str(number)))
    edit(room, bob, bob.moved("blur", 7))
    writes = at.store.asked
    at.store.release()
    await at.quiet(room)
    assert at.store.asked == writes + 1
    assert [len(member.edits()) for member in (ann, bob)] == [1, 2]
    assert [update.number for update in await at.updates(graph_id)] == list(range(1, 22))
    assert ann.map("nodes", "blur")["x"] == 7
    assert bob.name == "19"
    assert room.record.version == 3


async def test_two_authors_in_one_commit_keep_their_own_events(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.hold()
    edit(room, ann, ann.renamed("Hers"))
    edit(room, bob, bob.change(lambda: bob.map("nodes", "blur").update({"title": "His"})))
    edit(room, ann, ann.change(lambda: ann.map("nodes", "save").update({"title": "Hers"})))
    at.store.release()
    await at.quiet(room)
    assert [who for _, who in await at.log(graph_id)] == ["ann", "bob", "ann"]
    assert [update.author["user"] for update in await at.updates(graph_id)] == ["ann", "bob", "ann"]
    versions = {event.metadata["version"] for event in await at.events(graph_id)}
    assert versions == {2}


async def test_an_answer_waits_for_the_commit_of_what_it_tells(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.hold()
    edit(room, ann, ann.renamed("New"))
    await until(lambda: at.store.held)
    room.receive(bob, protocol.asks(bob.doc.get_state()))
    edit(room, ann, ann.renamed("Newer"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert bob.told == []
    at.store.release()
    await until(lambda: [each for each in bob.edits() if each.answer])
    assert (await at.on_disk(graph_id)).name == "Newer"


async def test_who_asks_again_and_again_is_answered_once_a_commit(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    for _ in range(1_000):
        room.receive(ann, protocol.asks(ann.doc.get_state()))
    await at.quiet(room)
    assert [each.answer for each in ann.edits()] == [True]


async def test_who_opens_a_room_does_not_wait_for_its_document_to_be_read(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph_id, looks = await at.graph(), list[None]()
    monkeypatch.setattr(Projector, "graph", property(lambda _: looks.append(None)))
    room, _ = await at.enter(graph_id, "ann")
    await at.quiet(room)
    assert looks == []


# -- moves --------------------------------------------------------------------------------------------


async def test_moves_are_on_disk_at_once_and_in_the_log_once(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    for x in range(1, 21):
        edit(room, ann, ann.moved("blur", x))
        await at.quiet(room)
        at.timers.advance(SETTLE_S / 40)
    assert bob.map("nodes", "blur")["x"] == 20
    assert (await at.on_disk(graph_id)).map("nodes", "blur")["x"] == 20
    assert (await at.log(graph_id), room.record.version) == ([], 1)
    at.timers.advance(SETTLE_S / 2)
    await at.quiet(room)
    assert await at.log(graph_id) == [("NodeMoved", "ann")]
    assert (await at.position(graph_id))["x"] == 20
    assert room.record.version == 2
    at.timers.advance(10 * SETTLE_S)
    await at.quiet(room)
    assert len(await at.log(graph_id)) == 1


async def test_moves_are_settled_by_whatever_else_is_edited(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    edit(room, ann, ann.moved("blur", 5))
    await at.quiet(room)
    edit(room, bob, bob.renamed("New"))
    await at.quiet(room)
    assert await at.log(graph_id) == [("NodeMoved", "ann"), ("GraphRenamed", "bob")]


async def test_the_next_drag_waits_as_long_as_any_other(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await at.quiet(room)
    at.timers.advance(SETTLE_S * 0.9)
    await at.graphs.get(graph_id)
    edit(room, ann, ann.moved("blur", 6))
    await at.quiet(room)
    at.timers.advance(SETTLE_S * 0.9)
    await at.quiet(room)
    assert len(await at.log(graph_id)) == 1
    at.timers.advance(SETTLE_S * 0.1)
    await at.quiet(room)
    assert len(await at.log(graph_id)) == 2


async def test_a_timer_that_came_late_does_not_settle_the_next_drag(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    await at.quiet(room)
    await at.graphs.get(graph_id)
    at.timers.advance(SETTLE_S)
    edit(room, ann, ann.moved("blur", 6))
    await at.quiet(room)
    assert len(await at.log(graph_id)) == 1


async def test_who_reads_a_graph_sees_moves_that_wait(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    edit(room, ann, ann.moved("blur", 5))
    record = await at.graphs.get(graph_id)
    assert record.document["nodes"]["blur"]["position"]["x"] == 5
    assert record.version == 2
    assert await at.log(graph_id) == [("NodeMoved", "ann")]


async def test_who_reads_a_graph_waits_for_the_commit_that_is_under_way(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.hold()
    edit(room, ann, ann.renamed("New"))
    await until(lambda: at.store.held)
    reading = asyncio.create_task(at.graphs.get(graph_id))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not reading.done()
    at.store.release()
    assert (await reading).name == "New"


# -- a store that fails -------------------------------------------------------------------------------


async def test_a_full_disk_sends_everybody_away_and_loses_nothing_that_was_told(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    edit(room, ann, ann.renamed("Told"))
    await until(lambda: bob.told)
    at.store.fault = FULL
    edit(room, ann, ann.renamed("Lost"))
    settling = asyncio.create_task(room.settle())
    with pytest.raises(SystemFault, match="the disk is full"):
        await settling
    assert [member.closed for member in (ann, bob)] == [(1013, "SY-006 the disk is full")] * 2
    assert bob.name == "Told"
    with pytest.raises(SystemFault, match="SY-006"):
        edit(room, ann, ann.renamed("More"))
    await until(lambda: graph_id not in at.rooms.statistics())
    at.store.fault = None
    again, cyd = await at.enter(graph_id, "cyd")
    assert again is not room
    assert cyd.name == "Told"
    # The client that still has the edit brings it along.
    at.rooms.leave(room, ann)
    again.join(ann)
    edit(again, ann, ann.doc.get_update(cyd.doc.get_state()))
    await at.quiet(again)
    assert cyd.name == "More"
    assert (await at.on_disk(graph_id)).name == "More"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_database_that_may_not_grow_is_a_full_disk(store: StorePort, at: Place) -> None:
    assert isinstance(store, SqlStore)
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    edit(room, ann, ann.renamed("Told"))
    await until(lambda: bob.told)
    pages = store._writer.submit(store._held.exec_driver_sql, "PRAGMA page_count").result().scalar_one()
    store._writer.submit(store._held.exec_driver_sql, f"PRAGMA max_page_count = {pages}").result().close()
    store._writer.submit(store._held.rollback).result()
    edit(room, ann, ann.renamed("x" * (1 << 20)))
    await until(lambda: ann.closed and bob.closed)
    assert ann.closed is not None
    assert ann.closed[0] == 1013
    assert ann.closed[1].startswith("SY-006")
    assert bob.name == "Told"
    store._writer.submit(store._held.exec_driver_sql, "PRAGMA max_page_count = 1000000").result().close()
    store._writer.submit(store._held.rollback).result()
    await until(lambda: graph_id not in at.rooms.statistics())
    _, cyd = await at.enter(graph_id, "cyd")
    assert cyd.name == "Told"


async def test_a_record_that_was_changed_beside_its_document_ends_the_room(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    record = await at.graphs.get(graph_id)
    await at.store.write(lambda uow: uow.put_graph(replace(record, version=9)))
    edit(room, ann, ann.moved("blur", 5))
    await until(lambda: ann.closed)
    assert ann.closed is not None
    assert ann.closed[0] == 1013
    assert await at.updates(graph_id) == []


# -- changes by the server ----------------------------------------------------------------------------


async def test_a_put_reaches_members_as_a_small_update_with_its_author(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    document = (await at.graphs.get(graph_id)).document
    document = {**document, "name": "Put"}
    record = await at.graphs.put(graph_id, document, 1, ADA)
    assert (record.version, record.name, ann.name) == (2, "Put", "Put")
    assert [len(each.update) < 60 for each in ann.edits()] == [True]
    (event,) = await at.events(graph_id)
    assert event.event_type == "GraphRenamed"
    assert event.metadata == {**ADA.metadata(), "version": 2}
    assert room.record == record


async def test_mutations_and_restores_reach_members(at: Place) -> None:
    graph_id = await at.graph()
    _, ann = await at.enter(graph_id, "ann")
    await at.graphs.mutate(graph_id, [{"op": "node.param", "id": "blur", "name": "radius", "value": 5}], 1, ADA)
    assert ann.map("nodes", "blur", "params")["radius"] == 5
    await at.graphs.restore(graph_id, 1, 2, ADA)
    assert ann.map("nodes", "blur", "params")["radius"] == 2
    assert [len(each.update) < 60 for each in ann.edits()] == [True, True]
    events = await at.events(graph_id)
    assert [event.metadata.get("restored") for event in events] == [None, 1]
    assert {event.metadata["user"] for event in events} == {"ada"}


async def test_what_asked_travels_to_whom_it_concerns(at: Place) -> None:
    graph_id = await at.graph()
    await at.enter(graph_id, "ann")
    asked = object()
    move = [{"op": "node.move", "id": "blur", "x": 1, "y": 2}]
    await at.graphs.mutate(graph_id, move, None, ADA, asked)  # type: ignore[arg-type]
    assert at.sink.of("graph.sync")[-1].asked is asked
    # What changes nothing asks for nothing, and does not answer for the next one.
    await at.graphs.mutate(graph_id, move, None, ADA, object())  # type: ignore[arg-type]
    await at.graphs.mutate(graph_id, [{"op": "graph.rename", "name": "New"}], None, ADA)
    assert at.sink.of("graph.sync")[-1].asked is None
    assert len(await at.events(graph_id)) == 2


@pytest.mark.parametrize("under_way", [False, True])
@pytest.mark.parametrize("what", ["moved", "renamed"])
async def test_a_version_is_stale_as_soon_as_somebody_has_edited(at: Place, what: str, under_way: bool) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    document = (await at.graphs.get(graph_id)).document
    at.store.hold()
    edit(room, ann, ann.moved("blur", 77) if what == "moved" else ann.renamed("Hers"))
    if under_way:
        await until(lambda: at.store.held)
    putting = asyncio.create_task(at.graphs.put(graph_id, {**document, "name": "Put"}, 1, ADA))
    for _ in range(100):
        await asyncio.sleep(0)
    at.store.release()
    with pytest.raises(RequestError, match="RQ-003"):
        await putting
    record = await at.graphs.get(graph_id)
    assert record.version == 2
    assert record.document["nodes"]["blur"]["position"]["x"] == 77 or record.name == "Hers"


async def test_a_put_that_begins_while_the_next_edit_is_written_sees_a_stale_version(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    seen: list[int] = []

    def change(record: GraphRecord, graph: Graph) -> Graph:
        seen.append(record.version)
        return graph

    at.store.hold()
    writes = at.store.asked
    edit(room, ann, ann.renamed("One"))
    await until(lambda: at.store.held)
    editing = asyncio.create_task(room.edit(change, {"user": "ada"}))
    await until(lambda: room._pending._waiting)
    edit(room, ann, ann.renamed("Two"))
    # Those that wait begin, and the next ones are held again.
    at.store.release()
    at.store.hold()
    await until(lambda: at.store.asked == writes + 2)
    edit(room, ann, ann.renamed("Three"))
    at.store.release()
    await editing
    # What the change waited for is version 3, and "Three" was on its way when it was its turn.
    assert seen == [4]
    assert (await at.graphs.get(graph_id)).version == 4


async def test_a_change_that_raises_changes_nothing(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")

    def change(record: object, graph: Graph) -> Graph:
        raise RequestError("RQ-003", "no")

    with pytest.raises(RequestError, match="RQ-003"):
        await room.edit(change, {"user": "ada"})
    assert ann.told == []
    assert await at.updates(graph_id) == []
    room.leave(ann)
    assert room.idle


async def test_the_log_replays_to_what_everybody_has(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    for number in range(10):
        edit(room, ann, ann.moved("blur", number))
        edit(room, bob, bob.change(partial(bob.map("nodes", "save").update, {"title": str(number)})))
        await at.graphs.mutate(graph_id, [{"op": "graph.rename", "name": str(number)}], None, ADA)
    record = await at.graphs.get(graph_id)
    events = await at.store.read(lambda uow: uow.events(aggregate_id=graph_id))
    replayed = replay([Change(event.event_type, event.payload) for event in events])
    assert replayed == parse_graph(record.document, at.limits)
    assert ann.name == bob.name == "9"
    assert ann.map("nodes", "save")["title"] == "9"
    middle, _ = await at.store.read(lambda uow: at_version(uow, record, 5))
    assert middle.name != "9"
