from __future__ import annotations

import json
import random
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.unit.graph.builders import CATALOGUE, plan
from tests.unit.graph.strategies import anything, documents, drafts, ids, mutations, runnable
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import Change, apply, diff, parse_mutations, replay
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.order import ancestors
from vortex_prefect.graph.plan import Plan
from vortex_prefect.graph.validate import validate

LIMITS = Limits(nodes=8, edges=8)
#: How long an example takes says nothing about it on a shared machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text(graph: Graph) -> str:
    """Strict comparison up to the order of keys: tells True from 1."""
    return json.dumps(graph.to_document(), sort_keys=True)


def problems_of(data: Any) -> tuple[Problem, ...]:
    try:
        parse_graph(data, LIMITS)
    except GraphError as error:
        json.dumps(error.to_dict(), allow_nan=False).encode()
        return error.problems
    return ()


def parents_in(found: Plan) -> dict[str, set[str]]:
    return {
        node_id: {source.node for sources in step.inputs.values() for source in sources}
        for node_id, step in found.steps.items()
    }


@unhurried
@given(anything)
def test_parse_graph_raises_nothing_but_graph_errors(data: Any) -> None:
    # No key is long enough to be "schema", so none of it is a graph.
    assert problems_of(data)


@unhurried
@given(documents, st.data())
def test_parse_graph_survives_a_graph_with_anything_in_a_random_place(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    place: Any = data
    while isinstance(place, dict | list) and place:
        key = draw.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        if draw.draw(st.booleans()) or not isinstance(place[key], dict | list) or not place[key]:
            place[key] = draw.draw(anything)
            break
        place = place[key]
    assert {problem.code for problem in problems_of(data)} <= {"VE-001", "VE-012"}


@unhurried
@given(drafts)
def test_documents_round_trip(graph: Graph) -> None:
    assert text(parse_graph(json.loads(json.dumps(graph.to_document())), Limits())) == text(graph)


@unhurried
@given(drafts, st.randoms(use_true_random=False))
def test_validation_never_raises_and_ignores_the_order_of_nodes(graph: Graph, chance: random.Random) -> None:
    found = validate(graph, CATALOGUE)
    assert all("VE-002" <= problem.code <= "VE-010" for problem in found)
    node_ids = list(graph.nodes)
    chance.shuffle(node_ids)
    turned = graph.model_copy(update={"nodes": {node_id: graph.nodes[node_id] for node_id in node_ids}})
    assert validate(turned, CATALOGUE) == found


@unhurried
@given(drafts)
def test_what_validates_can_be_planned(graph: Graph) -> None:
    if not validate(graph, CATALOGUE):
        plan(graph)


@unhurried
@given(runnable())
def test_runnable_graphs_validate(graph: Graph) -> None:
    assert validate(graph, CATALOGUE) == []


@unhurried
@given(runnable())
def test_plans_respect_the_edges_and_account_for_every_node(graph: Graph) -> None:
    found = plan(graph)
    rank = {node_id: place for place, node_id in enumerate(found.order)}
    parents = parents_in(found)
    for node_id, above in parents.items():
        assert all(rank[parent] < rank[node_id] for parent in above)
        assert found.steps[node_id].depth == max((found.steps[parent].depth + 1 for parent in above), default=0)
        assert all(node_id in found.steps[parent].consumers for parent in above)
    bypassed = {node_id for node_id, node in graph.nodes.items() if node.mode == "bypassed"}
    assert sorted([*found.steps, *found.skipped, *bypassed]) == sorted(graph.nodes)
    assert [node_id for row in found.levels for node_id in row] == sorted(
        found.order, key=lambda n: (found.steps[n].depth, rank[n])
    )
    assert len(found.critical_path) == len(found.levels)
    assert all(a in parents[b] for a, b in pairwise(found.critical_path))


@unhurried
@given(runnable())
def test_segments_are_chains_that_cannot_be_joined(graph: Graph) -> None:
    found = plan(graph)
    parents = parents_in(found)
    assert tuple(node_id for segment in found.segments for node_id in segment) == found.order

    def linked(first: str, second: str) -> bool:
        return parents[second] == {first} and found.steps[first].consumers == (second,)

    for segment in found.segments:
        assert all(linked(a, b) for a, b in pairwise(segment))
    heads = [segment[0] for segment in found.segments]
    assert not any(linked(segment[-1], head) for segment in found.segments for head in heads)


@unhurried
@given(runnable())
def test_targets_need_exactly_their_ancestors(graph: Graph) -> None:
    whole = plan(graph)
    part = plan(graph, targets=tuple(item.name for item in graph.outputs))
    assert set(part.steps) == ancestors({source.node for source in part.outputs.values()}, parents_in(whole))
    assert part.outputs == whole.outputs
    assert all(part.steps[node_id].key == whole.steps[node_id].key for node_id in part.steps)


@unhurried
@given(runnable(), st.data())
def test_a_key_changes_if_and_only_if_something_upstream_does(graph: Graph, draw: st.DataObject) -> None:
    before = plan(graph)
    candidates = [
        (node_id, name)
        for node_id, step in before.steps.items()
        for name in step.params
        if name in ("value", "size", "radius", "factor")
    ]
    assume(candidates)
    node_id, name = draw.draw(st.sampled_from(candidates))
    value = before.steps[node_id].params[name]
    (mutation,) = parse_mutations(
        [{"op": "node.param", "id": node_id, "name": name, "value": 50 if value != 50 else 49}]
    )
    after = plan(apply(graph, [mutation])[0])
    parents = parents_in(before)
    for other, step in before.steps.items():
        below = node_id in ancestors([other], parents)
        assert (after.steps[other].key != step.key) == (below and step.key is not None)


@unhurried
@given(runnable(), st.data())
def test_dirty_steps_find_their_inputs(graph: Graph, draw: st.DataObject) -> None:
    found = plan(graph)
    keys = sorted({step.key for step in found.steps.values() if step.key is not None})
    known = draw.draw(st.sets(st.sampled_from(keys))) if keys else set()
    dirty = found.dirty(known)
    deferred = found.deferred(known)
    parents = parents_in(found)
    for node_id, step in found.steps.items():
        lazy = {source for port in step.lazy for source, _ in step.inputs.get(port.port, ())}
        for parent in parents[node_id] if node_id in dirty else ():
            is_there = parent in dirty or found.steps[parent].key in known
            assert is_there or (parent in lazy and parent in deferred)
    for node_id in {source.node for source in found.outputs.values()}:
        assert node_id in dirty or found.steps[node_id].key in known
    everything = found.dirty(set(keys)).keys() | found.deferred(set(keys)).keys()
    assert everything >= {node_id for node_id, step in found.steps.items() if step.key is None}
    assert all(found.steps[node_id].key is None for node_id in found.dirty(set(keys)))
    assert found.dirty(set()).keys() | found.deferred(set()).keys() == found.steps.keys()
    assert dirty.keys().isdisjoint(deferred)
    assert len(found.explain(known)) == len(found.steps) + len(found.skipped)


@unhurried
@given(drafts, st.randoms(use_true_random=False), st.floats(-1e6, 1e6))
def test_the_hash_ignores_layout_and_the_order_of_keys(graph: Graph, chance: random.Random, x: float) -> None:
    data = graph.to_document()
    for node in data["nodes"].values():
        node |= {"position": {"x": x, "y": x}, "title": "other", "params": _shuffled(node["params"], chance)}
    by_target: dict[str, list[Any]] = {}
    for edge in data["edges"]:
        by_target.setdefault(json.dumps(edge["target"]), []).append(edge)
    data["edges"] = [edge for target in _shuffled(by_target, chance).values() for edge in target]
    data |= {"nodes": _shuffled(data["nodes"], chance), "name": "other", "groups": [], "notes": [], "id": "other"}
    assert graph_hash(parse_graph(data, Limits())) == graph_hash(graph)


@unhurried
@given(drafts, st.lists(mutations, min_size=1, max_size=3))
def test_hashes_are_equal_if_and_only_if_all_but_layout_is(graph: Graph, wishes: list[dict[str, Any]]) -> None:
    def content(subject: Graph) -> list[Any]:
        nothing = {"position", "title", "tags", "max_parallel"}
        nodes = {name: node.model_dump(exclude=nothing) for name, node in subject.nodes.items()}
        for node in nodes.values():
            node["retry_jitter_factor"] = node["retry_jitter_factor"] or None
        into: dict[str, list[str]] = {}
        for edge in subject.edges:
            into.setdefault(str(edge.target), []).append(str(edge.source))
        exposed = [{item.name: item.model_dump() for item in items} for items in (subject.inputs, subject.outputs)]
        return [nodes, into, exposed]

    edited = graph
    for wish in wishes:
        with suppress(GraphError):
            edited, _ = apply(edited, parse_mutations([wish]))
    one, two = content(graph), content(edited)
    if graph_hash(graph) == graph_hash(edited):
        assert one == two
    if json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True):
        assert graph_hash(graph) == graph_hash(edited)


@unhurried
@given(drafts, drafts)
def test_a_diff_replayed_gives_the_other_graph(old: Graph, new: Graph) -> None:
    assert text(replay(diff(old, new), old)) == text(new)
    assert diff(old, old) == []
    assert diff(new, parse_graph(new.to_document(), Limits())) == []


@unhurried
@given(drafts, st.lists(mutations, max_size=6))
def test_edits_happen_whole_or_not_at_all_and_replay(graph: Graph, wishes: list[dict[str, Any]]) -> None:
    before = text(graph)
    with suppress(GraphError):
        edited, changes = apply(graph, parse_mutations(wishes))
        stored = json.loads(json.dumps([(change.event_type, change.payload) for change in changes]))
        assert text(replay([Change(*item) for item in stored], graph)) == text(edited)
        assert text(parse_graph(edited.to_document(), Limits())) == text(edited)
    assert text(graph) == before


@unhurried
@given(drafts, ids)
def test_deleting_a_node_leaves_nothing_that_names_it(graph: Graph, node_id: str) -> None:
    assume(node_id in graph.nodes)
    edited, _ = apply(graph, parse_mutations([{"op": "node.delete", "id": node_id}]))
    ends = {end.node for edge in edited.edges for end in (edge.source, edge.target)}
    exposed = {item.node for item in edited.inputs} | {item.node for item in edited.outputs}
    assert node_id not in ends | set(edited.nodes) | exposed


def _shuffled(mapping: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    items = list(mapping.items())
    chance.shuffle(items)
    return dict(items)
