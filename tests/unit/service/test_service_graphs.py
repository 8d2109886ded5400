"""Use cases of graphs: the projection and its events, versions, and what clients are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import GraphError, RequestError, SystemFault, VortexError
from vortex_prefect.core.ids import is_id, new_id
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.changes import Change, replay
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.service.paging import Cursor

T = TypeVar("T")


async def test_create_gives_an_id_and_one_event(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    assert is_id(record.id)
    assert record.document["id"] == record.id
    assert record.version == 1
    (event,) = await bench.control.graphs.events(record.id, 0, 10)
    assert event.event_type == "GraphCreated"
    assert event.metadata == {"user": "ada", "address": "127.0.0.1", "client": "pytest", "version": 1}
    assert event.payload["graph"] == record.document


async def test_create_keeps_a_given_id_once(bench: Bench) -> None:
    document = picture_graph(id=new_id())
    record = await bench.control.graphs.create(document, ACTOR)
    assert record.id == document["id"]
    with pytest.raises(RequestError) as caught:
        await bench.control.graphs.create(document, ACTOR)
    assert caught.value.code == "RQ-007"


@pytest.mark.parametrize("document", [[], "x", {"schema": "other/1"}, {**picture_graph(), "id": "not-a-uuid"}])
async def test_create_refuses_what_is_no_graph(bench: Bench, document: object) -> None:
    with pytest.raises(GraphError) as caught:
        await bench.control.graphs.create(document, ACTOR)
    assert caught.value.code == "VE-001"
    assert bench.store.event_types() == []


async def test_drafts_are_stored(bench: Bench) -> None:
    draft = picture_graph(edges=[], nodes={"x": {"type": "no.such"}}, inputs=[], outputs=[])
    record = await bench.control.graphs.create(draft, ACTOR)
    (problem,) = await bench.control.graphs.validate(record.id)
    assert problem.code == "VE-003"


async def test_mutate_writes_state_and_events_together(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    mutations = [
        {"op": "node.move", "id": "blur", "x": 5, "y": 6},
        {"op": "node.param", "id": "blur", "name": "radius", "value": 3},
    ]
    changed = await bench.control.graphs.mutate(record.id, mutations, 1, ACTOR)
    assert changed.version == 2
    assert changed.document["nodes"]["blur"]["position"] == {"x": 5, "y": 6}
    assert bench.store.event_types(record.id) == ["GraphCreated", "NodeMoved", "NodeParamUpdated"]
    synced = bench.sink.of("graph.sync")[-1]
    assert synced.payload == {"graph": changed.document, "version": 2}


async def test_events_replay_to_the_stored_graph(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    await bench.control.graphs.mutate(record.id, [{"op": "node.delete", "id": "blur"}], None, ACTOR)
    await bench.control.graphs.put(record.id, picture_graph(name="Again"), 2, ACTOR)
    await bench.control.graphs.save(record.id, ACTOR)
    events = await bench.control.graphs.events(record.id, 0, 100)
    replayed = replay([Change(event.event_type, event.payload) for event in events])
    stored = await bench.control.graphs.get(record.id)
    assert replayed == parse_graph(stored.document, Limits())
    assert stored.version == 3


async def test_mutations_apply_whole_or_not_at_all(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    mutations = [{"op": "graph.rename", "name": "Half"}, {"op": "node.delete", "id": "nobody"}]
    with pytest.raises(GraphError):
        await bench.control.graphs.mutate(record.id, mutations, None, ACTOR)
    assert (await bench.control.graphs.get(record.id)).name == "Picture"
    assert bench.store.event_types(record.id) == ["GraphCreated"]


async def test_stale_versions_are_refused(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    await bench.control.graphs.put(record.id, picture_graph(name="Two"), 1, ACTOR)
    for change in (
        bench.control.graphs.put(record.id, picture_graph(name="Three"), 1, ACTOR),
        bench.control.graphs.mutate(record.id, [{"op": "graph.rename", "name": "Three"}], 1, ACTOR),
    ):
        with pytest.raises(RequestError) as caught:
            await change
        assert caught.value.code == "RQ-003"


async def test_concurrent_puts_of_one_version_have_one_winner(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    puts = [bench.control.graphs.put(record.id, picture_graph(name=f"N{i}"), 1, ACTOR) for i in range(8)]
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert (await bench.control.graphs.get(record.id)).version == 2


async def test_an_equal_put_changes_nothing(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    told = len(bench.sink.messages)
    again = await bench.control.graphs.put(record.id, picture_graph(), 1, ACTOR)
    assert again.version == 1
    assert len(bench.sink.messages) == told


async def test_put_refuses_another_graphs_id(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    with pytest.raises(RequestError) as caught:
        await bench.control.graphs.put(record.id, picture_graph(id=new_id()), None, ACTOR)
    assert caught.value.problems[0].path == "/id"


async def test_a_failing_store_tells_nobody(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    told = len(bench.sink.messages)
    bench.store.fault = SystemFault("SY-006", "disk full")
    with pytest.raises(VortexError, match="disk full"):
        await bench.control.graphs.put(record.id, picture_graph(name="Lost"), None, ACTOR)
    assert len(bench.sink.messages) == told


async def test_a_caller_that_goes_away_leaves_no_untold_change(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    told = len(bench.sink.messages)
    committed = asyncio.Event()
    write = bench.store.write

    async def slow_write(work: Callable[[UnitOfWork], T], *, early: bool = False) -> T:
        result = await write(work, early=early)
        committed.set()
        await asyncio.sleep(0)
        return result

    bench.store.write = slow_write  # type: ignore[method-assign]
    mutation = [{"op": "graph.rename", "name": "Told"}]
    task = asyncio.create_task(bench.control.graphs.mutate(record.id, mutation, None, ACTOR))
    await committed.wait()
    task.cancel()
    message = await bench.sink.next("graph.sync", lambda found: found.payload["version"] == 2)
    assert message.payload["graph"]["name"] == "Told"
    assert len(bench.sink.messages) == told + 1


async def test_clone_is_independent(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    copy = await bench.control.graphs.clone(record.id, ACTOR)
    assert copy.id != record.id
    assert copy.name == "Picture (copy)"
    await bench.control.graphs.delete(record.id, ACTOR)
    assert (await bench.control.graphs.get(copy.id)).document["nodes"] == record.document["nodes"]
    (event,) = await bench.control.graphs.events(copy.id, 0, 10)
    assert event.event_type == "GraphCloned"
    assert event.payload["source"] == record.id


async def test_delete_keeps_the_log(bench: Bench) -> None:
    record = await bench.control.graphs.create(picture_graph(), ACTOR)
    await bench.control.graphs.delete(record.id, ACTOR)
    with pytest.raises(RequestError) as caught:
        await bench.control.graphs.get(record.id)
    assert caught.value.code == "RQ-002"
    types = [event.event_type for event in await bench.control.graphs.events(record.id, 0, 10)]
    assert types == ["GraphCreated", "GraphDeleted"]
    assert bench.sink.types()[-1] == "graph.deleted"


async def test_unknown_ids_are_not_found(bench: Bench) -> None:
    graphs = bench.control.graphs
    for call in (
        graphs.get("nobody"),
        graphs.put("nobody", picture_graph(), None, ACTOR),
        graphs.mutate("nobody", [{"op": "graph.rename", "name": "x"}], None, ACTOR),
        graphs.delete("nobody", ACTOR),
        graphs.clone("nobody", ACTOR),
        graphs.save("nobody", ACTOR),
        graphs.validate("nobody"),
        graphs.events("nobody", 0, 10),
    ):
        with pytest.raises(RequestError) as caught:
            await call
        assert caught.value.code == "RQ-002"


async def test_pages_cover_every_graph_once(bench: Bench) -> None:
    made = {(await bench.control.graphs.create(picture_graph(), ACTOR)).id for _ in range(7)}
    found: list[str] = []
    before: Cursor | None = None
    while True:
        records, before = await bench.control.graphs.page(3, before)
        found += [record.id for record in records]
        if before is None:
            break
        before = Cursor.parse(str(before))
    assert sorted(found) == sorted(made)


@pytest.mark.parametrize("text", ["", "1", "x.y", f"-1.{new_id()}", f"{10**16}.{new_id()}"])
def test_a_malformed_cursor_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        Cursor.parse(text)
