"""Versions of a graph, told and rebuilt from its log."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.edits import replay
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.service.history import Version, VersionCursor


async def edited(bench: Bench, times: int = 3) -> str:
    """A graph with `1 + 2 * times` versions: renamed, and a node added, again and again."""
    graph_id = (await bench.control.graphs.create(picture_graph(), ACTOR)).id
    for number in range(times):
        node = {"op": "node.create", "id": f"n{number}", "node": {"type": "test.number"}}
        for mutation in ({"op": "graph.rename", "name": f"Name {number}"}, node):
            await bench.control.graphs.mutate(graph_id, [mutation], None, ACTOR)
    return graph_id


async def all_versions(bench: Bench, graph_id: str, limit: int = 2) -> list[Version]:
    found, before = await bench.control.graphs.versions(graph_id, limit)
    while before is not None:
        page, before = await bench.control.graphs.versions(graph_id, limit, before)
        found += page
    return found


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
async def test_versions_come_newest_first_with_what_changed(bench: Bench, limit: int) -> None:
    graph_id = await edited(bench)
    saved = await bench.control.graphs.save(graph_id, ACTOR)
    found = await all_versions(bench, graph_id, limit)
    assert [version.version for version in found] == [7, 6, 5, 4, 3, 2, 1]
    assert [version.nodes for version in found] == [6, 5, 5, 4, 4, 3, 3]
    assert found[0].changes == {"NodeCreated": 1}
    assert found[1].changes == {"GraphRenamed": 1}
    assert found[-1].changes == {"GraphCreated": 1}
    assert {version.user for version in found} == {"ada"}
    assert [len(version.saves) for version in found] == [1, 0, 0, 0, 0, 0, 0]
    assert found[0].saves[0].payload["name"] == saved.name


async def test_every_version_is_rebuilt_as_it_was(bench: Bench) -> None:
    graph_id = (await bench.control.graphs.create(picture_graph(), ACTOR)).id
    seen = [await bench.control.graphs.get(graph_id)]
    edits: list[list[dict[str, Any]]] = [
        [{"op": "node.delete", "id": "blur"}],
        [{"op": "graph.rename", "name": "Two"}, {"op": "node.move", "id": "image", "x": 5, "y": 6}],
        [{"op": "group.set", "group": {"id": "g", "title": "T"}}],
    ]
    seen += [await bench.control.graphs.mutate(graph_id, mutations, None, ACTOR) for mutations in edits]
    seen.append(await bench.control.graphs.put(graph_id, picture_graph(name="Last"), None, ACTOR))
    for record in seen:
        found = await bench.control.graphs.at(graph_id, record.version)
        assert (found.version, found.name, found.document) == (record.version, record.name, record.document)


async def test_versions_of_a_clone_begin_with_its_cloning(bench: Bench) -> None:
    source = await edited(bench, 1)
    clone = await bench.control.graphs.clone(source, ACTOR)
    await bench.control.graphs.mutate(clone.id, [{"op": "graph.rename", "name": "Mine"}], None, ACTOR)
    found = await all_versions(bench, clone.id)
    assert [version.changes for version in found] == [{"GraphRenamed": 1}, {"GraphCloned": 1}]
    assert (await bench.control.graphs.at(clone.id, 1)).document == clone.document


async def test_restoring_is_a_change_that_everybody_hears_of(bench: Bench) -> None:
    graph_id = await edited(bench, 2)
    old = await bench.control.graphs.at(graph_id, 2)
    restored = await bench.control.graphs.restore(graph_id, 2, 5, ACTOR)
    assert (restored.version, restored.document) == (6, old.document)
    assert (await bench.control.graphs.get(graph_id)).document == old.document
    message = bench.sink.messages[-1]
    assert (message.type, message.payload["version"]) == ("graph.sync", 6)
    newest = (await all_versions(bench, graph_id))[0]
    assert (newest.version, newest.restored, newest.nodes) == (6, 2, 3)
    assert newest.changes == {"GraphRenamed": 1, "NodeDeleted": 2}
    again = await bench.control.graphs.restore(graph_id, 2, None, ACTOR)
    assert again.version == 6


async def test_two_versions_are_compared_either_way(bench: Bench) -> None:
    graph_id = await edited(bench, 2)
    graphs = bench.control.graphs
    for since, version in ((1, 5), (5, 1), (2, 4), (3, 3)):
        compared, changes = await graphs.compare(graph_id, since, version)
        old, new = [parse_graph((await graphs.at(graph_id, each)).document, Limits()) for each in (since, version)]
        assert (compared, replay(changes, old)) == (since, new)
    assert (await graphs.compare(graph_id, None, 5))[0] == 4
    first, changes = await graphs.compare(graph_id, None, 1)
    assert first == 0
    assert {change.event_type for change in changes} >= {"NodeCreated", "EdgeCreated"}
    for since, version in ((1, 9), (9, 1)):
        with pytest.raises(RequestError, match="RQ-002"):
            await graphs.compare(graph_id, since, version)


async def test_a_version_has_the_name_that_it_was_saved_under(bench: Bench) -> None:
    graph_id = await edited(bench, 1)
    await bench.control.graphs.save(graph_id, ACTOR, "before the new lens")
    newest = (await all_versions(bench, graph_id))[0]
    assert [event.payload["label"] for event in newest.saves] == ["before the new lens"]


async def test_restoring_minds_the_expected_version(bench: Bench) -> None:
    graph_id = await edited(bench, 1)
    with pytest.raises(RequestError, match="RQ-003"):
        await bench.control.graphs.restore(graph_id, 1, 2, ACTOR)
    with pytest.raises(RequestError, match="RQ-003"):
        await bench.control.graphs.restore(graph_id, 1, frozenset(), ACTOR)
    assert (await bench.control.graphs.restore(graph_id, 1, frozenset({2, 3}), ACTOR)).version == 4


@pytest.mark.parametrize("version", [0, 4, 10**18])
async def test_unknown_versions_are_not_found(bench: Bench, version: int) -> None:
    graph_id = await edited(bench, 1)
    for call in (
        bench.control.graphs.at(graph_id, version),
        bench.control.graphs.restore(graph_id, version, None, ACTOR),
    ):
        with pytest.raises(RequestError, match="RQ-002"):
            await call


async def test_a_graph_made_again_under_its_id_tells_no_version_twice(bench: Bench) -> None:
    graph_id = await edited(bench, 1)
    await bench.control.graphs.delete(graph_id, ACTOR)
    with pytest.raises(RequestError, match="RQ-002"):
        await bench.control.graphs.versions(graph_id, 10)
    again = await bench.control.graphs.create(picture_graph(id=graph_id, name="Again"), ACTOR)
    assert again.version == 4
    assert [version.version for version in await all_versions(bench, graph_id)] == [4]
    with pytest.raises(RequestError, match="RQ-002"):
        await bench.control.graphs.at(graph_id, 1)


@pytest.mark.parametrize("text", ["", "1", "1.", ".1", "1.2.3", "-1.2", "1.2x", "9" * 30 + ".1", "١.٢"])
def test_cursors_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        VersionCursor.parse(text)
