"""Graphs as node types: versions, names, what is offered, what is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.contracts import PublishedNode
from vortex_prefect.core.errors import GraphError, RequestError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.subgraphs import Definition
from vortex_prefect.service import publishing
from vortex_prefect.service.executions import Options
from vortex_prefect.service.publishing import PublishRequest
from vortex_prefect.service.resources import execution_resource
from vortex_prefect.service.retention import Retention, Rules


async def created(bench: Bench, **fields: Any) -> str:
    return (await bench.control.graphs.create(picture_graph(**fields), ACTOR)).id


async def published(bench: Bench, graph_id: str, **fields: Any) -> str:
    node, _ = await bench.control.publishing.publish(graph_id, PublishRequest(**fields), ACTOR)
    return node.type


async def offered(bench: Bench) -> list[str]:
    types = (await bench.control.catalogue.current()).all()
    return [spec.type for spec in types if spec.graph is not None and not spec.hidden]


async def test_each_version_stays_and_the_last_one_is_offered(bench: Bench) -> None:
    graph_id = await created(bench)
    assert await published(bench, graph_id, title="Nice", category="filter") == "graph.picture@1"
    await bench.control.graphs.mutate(graph_id, [{"op": "node.delete", "id": "save"}], None, ACTOR)
    assert await published(bench, graph_id, doc="What it does.") == "graph.picture@2"
    assert await offered(bench) == ["graph.picture@2"]
    catalogue = await bench.control.catalogue.current()
    first, second = catalogue.get("graph.picture@1"), catalogue.get("graph.picture@2")
    assert first is not None
    assert second is not None
    assert ([port.name for port in first.outputs], first.hidden) == (["picture", "file"], True)
    assert [port.name for port in second.outputs] == ["picture"]
    # What is not said again is as it was.
    assert (second.title, second.category, second.doc) == ("Nice", "filter", "What it does.")
    assert [message.payload["digest"] for message in bench.sink.of("nodes.changed")][-1] == catalogue.digest
    assert bench.store.event_types(graph_id).count("SubgraphPublished") == 2


async def test_what_did_not_change_is_no_new_version(bench: Bench) -> None:
    graph_id = await created(bench)
    both = await asyncio.gather(published(bench, graph_id), published(bench, graph_id))
    assert (*both, await published(bench, graph_id, title="Picture")) == ("graph.picture@1",) * 3
    assert await published(bench, graph_id, title="Other") == "graph.picture@2"


async def test_what_was_read_before_does_not_hide_what_was_published_since(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, release = threading.Event(), threading.Event()
    build = publishing._library

    def slowly(nodes: Sequence[PublishedNode], limits: Limits) -> dict[str, Definition]:
        if not nodes:
            entered.set()
            assert release.wait(10)
        return build(nodes, limits)

    monkeypatch.setattr(publishing, "_library", slowly)
    graph_id = await created(bench)
    before = asyncio.create_task(bench.control.publishing.load())
    await asyncio.to_thread(entered.wait, 10)
    since = asyncio.create_task(published(bench, graph_id))
    async with asyncio.timeout(10):
        while "SubgraphPublished" not in bench.store.event_types(graph_id):
            await asyncio.sleep(0)
        # Without order between the two it is done by now.
        await asyncio.wait({since}, timeout=0.1)
        release.set()
        await asyncio.gather(before, since)
    assert await offered(bench) == [since.result()]


async def test_a_name_is_one_graphs(bench: Bench) -> None:
    first, second = await created(bench), await created(bench)
    assert await published(bench, first) == "graph.picture@1"
    assert await published(bench, second) == "graph.picture_2@1"
    with pytest.raises(RequestError, match="RQ-007"):
        await published(bench, second, name="picture")
    with pytest.raises(RequestError, match="RQ-001"):
        await published(bench, second, name="No name")


async def test_what_was_withdrawn_is_not_offered_and_still_works(bench: Bench) -> None:
    graph_id = await created(bench)
    await published(bench, graph_id)
    await published(bench, graph_id, title="New")
    await bench.control.publishing.withdraw("graph.picture@2", ACTOR)
    assert await offered(bench) == ["graph.picture@1"]
    await bench.control.publishing.withdraw("graph.picture", ACTOR)
    await bench.control.publishing.withdraw("graph.picture", ACTOR)
    assert await offered(bench) == []
    assert bench.store.event_types(graph_id).count("SubgraphWithdrawn") == 2
    user = await bench.control.graphs.create(picture_graph(nodes={"x": {"type": "graph.picture@2"}}, **_BARE), ACTOR)
    assert await bench.control.graphs.validate(user.id) == []
    # The number is not given again.
    assert await published(bench, graph_id) == "graph.picture@3"
    with pytest.raises(RequestError, match="RQ-002"):
        await bench.control.publishing.withdraw("graph.other", ACTOR)


_BARE: dict[str, Any] = {"edges": [], "inputs": [], "outputs": []}


async def test_inputs_that_will_be_connected_may_be_open_and_others_not(bench: Bench) -> None:
    nodes = {"blur": {"type": "test.blur"}, "save": {"type": "test.save"}}
    exposed = [{"name": "photo", "node": "blur", "param": "image"}]
    graph_id = await created(bench, nodes=nodes, **{**_BARE, "inputs": exposed})
    with pytest.raises(GraphError) as refused:
        await published(bench, graph_id)
    assert [(problem.code, problem.node_id) for problem in refused.value.problems] == [("VE-007", "save")]
    # Alone it cannot run: nobody connects the input.
    assert {problem.node_id for problem in await bench.control.graphs.validate(graph_id)} == {"blur", "save"}


async def test_a_graph_that_exposes_nothing_is_no_node(bench: Bench) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        await published(bench, await created(bench, inputs=[], outputs=[]))


async def test_a_graph_that_holds_itself_is_not_published(bench: Bench) -> None:
    graph_id = await created(bench)
    kind = await published(bench, graph_id)
    nodes = {**picture_graph()["nodes"], "me": {"type": kind}}
    await bench.control.graphs.put(graph_id, picture_graph(nodes=nodes), None, ACTOR)
    with pytest.raises(GraphError, match="VE-013"):
        await published(bench, graph_id)
    assert {problem.code for problem in await bench.control.graphs.validate(graph_id)} == {"VE-013"}


async def test_a_restart_knows_what_was_published(bench: Bench) -> None:
    kind = await published(bench, await created(bench))
    again = bench.restarted()
    async with again.control:
        await again.control.catalogue.refresh()
        assert await offered(again) == [kind]
        assert (await again.control.publishing.get(kind)).document["nodes"].keys() == {"image", "blur", "save"}


async def test_one_that_cannot_be_read_keeps_no_other_from_working(bench: Bench) -> None:
    first, second = [await published(bench, await created(bench)) for _ in range(2)]
    [damaged] = [node for node in await bench.store.read(lambda uow: uow.published()) if node.type == first]
    await bench.store.write(lambda uow: uow.put_published(replace(damaged, spec={"of": "another release"})))
    await bench.control.publishing.load()
    assert await offered(bench) == [second]
    user = await bench.control.graphs.create(picture_graph(nodes={"x": {"type": first}}, **_BARE), ACTOR)
    assert [problem.code for problem in await bench.control.graphs.validate(user.id)] == ["VE-003"]


async def test_what_runs_is_flat_and_has_the_hash_of_what_runs(bench: Bench) -> None:
    kind = await published(bench, await created(bench))
    nodes = {"x": {"type": kind, "params": {"radius": 4}}}
    exposed = {"inputs": [{"name": "r", "node": "x", "param": "radius"}], "outputs": [], "edges": []}
    user = await bench.control.graphs.create(picture_graph(nodes=nodes, **exposed), ACTOR)
    record = await bench.control.executions.execute(user.id, Options(inputs={"r": 7}), ACTOR)
    assert record.document["nodes"]["x:blur"]["params"] == {"radius": 7}
    assert record.nodes.keys() == {"x:image", "x:blur", "x:save"}
    told = execution_resource(record)
    assert told["graph_hash"] == graph_hash(parse_graph(record.document, Limits()))
    drawn = apply_inputs(parse_graph(user.document, Limits()), {"r": 7})
    assert told["drawn_hash"] == graph_hash(drawn)
    assert await bench.control.executions.document(record.id) == drawn.to_document()
    assert await bench.control.executions.document(record.id, unfolded=True) == record.document
    # Of what an earlier release queued only that is known.
    options = {name: value for name, value in record.options.items() if name != "drawn"}
    old = replace(record, id=new_id(), options=options)
    await bench.store.write(lambda uow: uow.put_execution(old))
    assert await bench.control.executions.document(old.id) == record.document


async def test_what_was_drawn_is_kept_once_and_goes_with_the_last_run_of_it(bench: Bench) -> None:
    kind = await published(bench, await created(bench))
    nodes = {"x": {"type": kind}}
    user = await bench.control.graphs.create(picture_graph(nodes=nodes, **_BARE), ACTOR)
    first, second = [await bench.control.executions.execute(user.id, Options(), ACTOR) for _ in range(2)]
    kept = await bench.store.read(lambda uow: uow.drawn_graphs())
    assert kept == {first.options["drawn"]: user.document}
    events = await bench.store.read(lambda uow: uow.events(aggregate_type="Execution"))
    assert [event.payload["drawn"] for event in events] == [user.document, None]
    # Where it lies is part of what was drawn, though no part of the hash.
    await bench.control.graphs.mutate(user.id, [{"op": "node.move", "id": "x", "x": 9, "y": 9}], None, ACTOR)
    moved = await bench.control.executions.execute(user.id, Options(), ACTOR)
    assert moved.options["drawn_hash"] == first.options["drawn_hash"]
    assert (await bench.control.executions.document(moved.id))["nodes"]["x"]["position"] == {"x": 9, "y": 9}
    for record, left in ((first, 2), (second, 1), (moved, 0)):
        await bench.control.executions.remove(record.id, ACTOR)
        rules = Rules(executions_ms=1)
        later = Retention(bench.store, bench.settings.output_dir, rules, clock=lambda: now_ms() + 1000)
        await later.run(ACTOR)
        assert len(await bench.store.read(lambda uow: uow.drawn_graphs())) == left


async def test_the_engine_is_told_what_was_drawn_after_a_restart_too(bench: Bench) -> None:
    kind = await published(bench, await created(bench))
    nodes = {"x": {"type": kind}, "blur": {"type": "test.blur"}}
    edges = [{"source": {"node": "x", "port": "picture"}, "target": {"node": "blur", "port": "image"}}]
    user = await bench.control.graphs.create(picture_graph(nodes=nodes, **{**_BARE, "edges": edges}), ACTOR)
    record = await bench.control.executions.execute(user.id, Options(nodes=("blur",)), ACTOR)
    again = bench.restarted()
    async with again.control:
        request = await again.engine.submitted.get()
    assert (request.execution_id, request.as_drawn) == (record.id, user.document)
    # What only this run gives is in what runs, and in nothing that is shown.
    assert [output["name"] for output in request.graph["outputs"]] == list(request.exposed)
    assert (await bench.control.executions.document(record.id, unfolded=True))["outputs"] == []
