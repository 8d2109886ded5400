"""What a room tells between a commit and the disk, which may stop, or fail."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.fakes.graphs import picture_graph
from tests.fakes.rooms import ADA, Place, edit, until
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.service.shared import GraphLedger

FULL = SystemFault("SY-006", "the disk is full")


async def test_a_disk_that_stops_holds_up_nobody_in_the_room(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.stop_disk()
    for number in range(3):
        edit(room, ann, ann.renamed(str(number)))
        await until(partial(lambda name: bob.name == name, str(number)))
    _, cyd = await at.enter(graph_id, "cyd")
    assert cyd.name == "2"


async def test_those_outside_hear_of_an_edit_when_it_is_on_disk(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    _, bob = await at.enter(graph_id, "bob")
    at.store.stop_disk()
    edit(room, ann, ann.renamed("New"))
    await until(lambda: bob.name == "New" and not room._committing)
    at.rooms.leave(room, ann)
    at.rooms.leave(room, bob)
    assert not room.idle
    settled = asyncio.create_task(room.settle())
    putting = asyncio.create_task(at.graphs.put(graph_id, picture_graph(name="Put", id=graph_id), None, ADA))
    for _ in range(100):
        await asyncio.sleep(0)
    assert [settled.done(), putting.done()] == [False, False]
    assert at.sink.of("graph.sync")[-1].payload["version"] == 1
    at.store.start_disk()
    assert (await settled).document["name"] == "New"
    assert (await putting).name == "Put"
    assert [each.payload["version"] for each in at.sink.of("graph.sync")] == [1, 2, 3]
    assert room.idle


async def test_a_defect_in_telling_leaves_nobody_waiting(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    monkeypatch.setattr(GraphLedger, "tell", None)
    edit(room, ann, ann.renamed("New"))
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(SystemFault, match=r"SY-007 nobody was told.*not callable"):
            await room.settle()
    assert (await at.on_disk(graph_id)).name == "New"


async def test_who_waits_for_a_disk_that_fails_is_told_so(at: Place) -> None:
    graph_id = await at.graph()
    room, ann = await at.enter(graph_id, "ann")
    at.store.stop_disk()
    edit(room, ann, ann.renamed("New"))
    waiting = [asyncio.create_task(room.settle()) for _ in range(2)]
    await until(lambda: room._outside)
    at.store.disk_fault = FULL
    at.store.start_disk()
    async with asyncio.timeout(PATIENCE_S):
        for each in waiting:
            with pytest.raises(SystemFault, match="SY-006"):
                await each
    assert ann.closed is not None
    assert ann.closed[0] == 1013
