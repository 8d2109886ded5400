from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import edge, graph, output
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.events import EVENT_TYPES
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph import changes as changes_module
from vortex_prefect.graph.edits import Change, apply, apply_inputs, diff, parse_mutations, replay
from vortex_prefect.graph.model import Graph

BASE = graph(
    {"a": {"type": "canvas", "params": {"size": 4}}, "b": "blur", "s": "save"},
    "a.image > b.image",
    "b.image > s.image",
    "a.image > s.image",
    inputs=[{"name": "size", "node": "a", "param": "size"}, {"name": "soft", "node": "b", "param": "radius"}],
    outputs=[output("result", "s.path"), output("middle", "b.image")],
    groups=[{"id": "g1"}, {"id": "g2"}],
    notes=[{"id": "n1", "text": "one"}],
)


def edit(*mutations: dict[str, Any], of: Graph = BASE) -> tuple[Graph, list[Change]]:
    """Apply, and check what holds of every edit: its changes are known events, and replay gives the same graph."""
    edited, changes = apply(of, parse_mutations(list(mutations)))
    assert {change.event_type for change in changes} <= EVENT_TYPES.keys()
    assert replay(changes, of) == edited
    return edited, changes


def refused(*mutations: dict[str, Any], of: Graph = BASE, limits: Limits | None = None) -> Problem:
    with pytest.raises(GraphError) as caught:
        apply(of, parse_mutations(list(mutations)), limits)
    (problem,) = caught.value.problems
    return problem


def ends(text: str) -> dict[str, Any]:
    return edge(text)


# --- reading mutations


def malformed(data: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(GraphError) as caught:
        parse_mutations(data)
    return [(problem.code, problem.path) for problem in caught.value.problems]


@pytest.mark.parametrize("data", [None, {}, "node.move", 3])
def test_mutations_are_a_list(data: Any) -> None:
    assert malformed(data) == [("VE-001", "/mutations")]


def test_all_malformed_mutations_are_named_by_path() -> None:
    found = malformed(
        [
            {"op": "node.move", "id": "a", "x": 1, "y": 2},
            {"op": "node.move", "id": "a", "x": "1"},
            {"op": "node.turn", "id": "a"},
            {"id": "a"},
            3,
            {"op": "node.create", "id": "a", "node": {"type": "t.x", "mode": "off"}},
            {"op": "node.param", "id": "a", "name": "x", "value": float("nan")},
            {"op": "node.mode", "id": "a", "mode": "muted", "why": 1},
        ]
    )
    assert found == [
        ("VE-001", "/mutations/1/x"),
        ("VE-001", "/mutations/1/y"),
        ("VE-001", "/mutations/2"),
        ("VE-001", "/mutations/3"),
        ("VE-001", "/mutations/4"),
        ("VE-001", "/mutations/5/node/mode"),
        ("VE-001", "/mutations/6/value"),
        ("VE-001", "/mutations/7/why"),
    ]


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 0


def test_values_may_be_as_deep_as_in_a_document() -> None:
    create = {"op": "node.create", "id": "z", "node": {"type": "t.tag", "params": {"data": nested(32)}}}
    edit(create, {"op": "node.param", "id": "z", "name": "data", "value": nested(32)})
    assert malformed([{"op": "node.param", "id": "a", "name": "x", "value": nested(33)}]) == [
        ("VE-012", "/mutations/0/value")
    ]
    assert malformed([{"op": "node.create", "id": "z", "node": {"type": "t.tag", "params": {"d": nested(33)}}}]) == [
        ("VE-012", "/mutations/0/node/params/d")
    ]


# --- applying them


def test_node_create() -> None:
    node = {"type": "t.blur", "params": {"radius": 9}, "position": {"x": 1, "y": 2}}
    edited, changes = edit({"op": "node.create", "id": "z", "node": node})
    assert edited.nodes["z"].params == {"radius": 9}
    assert [change.event_type for change in changes] == ["NodeCreated"]
    assert "z" not in BASE.nodes


def test_node_delete_takes_edges_and_exposures_along() -> None:
    edited, changes = edit({"op": "node.delete", "id": "b"})
    assert set(edited.nodes) == {"a", "s"}
    assert [str(item) for item in edited.edges] == ["a.image → s.image"]
    assert [item.name for item in edited.inputs] == ["size"]
    assert [item.name for item in edited.outputs] == ["result"]
    assert [change.event_type for change in changes] == ["EdgeDeleted", "EdgeDeleted", "ExposureChanged", "NodeDeleted"]


def test_node_delete_without_ties_is_one_change() -> None:
    edited, _ = edit({"op": "node.create", "id": "z", "node": {"type": "t.blur"}})
    _, changes = edit({"op": "node.delete", "id": "z"}, of=edited)
    assert changes == [Change("NodeDeleted", {"node_id": "z"})]


def test_node_fields() -> None:
    edited, changes = edit(
        {"op": "node.move", "id": "a", "x": 5, "y": -6.5},
        {"op": "node.mode", "id": "a", "mode": "muted"},
        {"op": "node.title", "id": "a", "title": "Paper"},
        {"op": "node.policy", "id": "a", "retries": 2},
        {"op": "node.policy", "id": "a", "timeout_s": 9},
    )
    node = edited.nodes["a"]
    assert (node.position.x, node.position.y, node.mode, node.title) == (5, -6.5, "muted", "Paper")
    assert (node.retries, node.timeout_s) == (2, 9)
    assert changes[0] == Change("NodeMoved", {"node_id": "a", "x": 5.0, "y": -6.5})


def test_node_param_sets_and_unsets() -> None:
    edited, _ = edit({"op": "node.param", "id": "a", "name": "size", "value": None})
    assert edited.nodes["a"].params == {"size": None}
    edited, changes = edit({"op": "node.param", "id": "a", "name": "size"})
    assert edited.nodes["a"].params == {}
    assert changes == [Change("NodeParamUpdated", {"node_id": "a", "name": "size"})]
    assert BASE.nodes["a"].params == {"size": 4}


def test_edges() -> None:
    edited, changes = edit(
        {"op": "edge.delete", **ends("b.image > s.image")}, {"op": "edge.create", **ends("a.image > b.mask")}
    )
    assert [str(item) for item in edited.edges] == ["a.image → b.image", "a.image → s.image", "a.image → b.mask"]
    assert [(change.event_type, change.payload["index"]) for change in changes] == [
        ("EdgeDeleted", 1),
        ("EdgeCreated", 2),
    ]


def test_drafts_may_have_crowded_and_dangling_edges() -> None:
    edited, _ = edit({"op": "edge.create", **ends("b.image > b.image")}, {"op": "edge.create", **ends("x.y > z.w")})
    assert len(edited.edges) == len(BASE.edges) + 2


def test_graph_rename_and_expose() -> None:
    edited, changes = edit(
        {"op": "graph.rename", "name": "New"},
        {"op": "graph.expose", "inputs": [{"name": "r", "node": "b", "param": "radius"}]},
    )
    assert edited.name == "New"
    assert [item.name for item in edited.inputs] == ["r"]
    assert edited.outputs == BASE.outputs
    assert [change.event_type for change in changes] == ["GraphRenamed", "ExposureChanged"]


def test_groups_and_notes() -> None:
    edited, changes = edit(
        {"op": "group.set", "group": {"id": "g1", "title": "Load"}},
        {"op": "group.set", "group": {"id": "g3"}},
        {"op": "group.delete", "id": "g2"},
        {"op": "note.set", "note": {"id": "n2", "text": "two"}},
        {"op": "note.delete", "id": "n1"},
    )
    assert [(group.id, group.title) for group in edited.groups] == [("g1", "Load"), ("g3", "")]
    assert [(note.id, note.text) for note in edited.notes] == [("n2", "two")]
    assert [change.event_type for change in changes] == ["GroupChanged"] * 3 + ["NotesChanged"] * 2


def test_later_mutations_see_earlier_ones() -> None:
    edited, _ = edit(
        {"op": "node.create", "id": "z", "node": {"type": "t.blur"}},
        {"op": "node.param", "id": "z", "name": "radius", "value": 1},
        {"op": "edge.create", **ends("z.image > s.image")},
        {"op": "node.delete", "id": "z"},
    )
    assert edited == BASE


@pytest.mark.parametrize(
    ("mutation", "code"),
    [
        ({"op": "node.create", "id": "a", "node": {"type": "t.blur"}}, "VE-001"),
        ({"op": "node.delete", "id": "z"}, "VE-005"),
        ({"op": "node.move", "id": "z", "x": 0, "y": 0}, "VE-005"),
        ({"op": "node.param", "id": "z", "name": "x", "value": 0}, "VE-005"),
        ({"op": "node.mode", "id": "z", "mode": "muted"}, "VE-005"),
        ({"op": "node.title", "id": "z", "title": None}, "VE-005"),
        ({"op": "node.policy", "id": "z", "retries": 1}, "VE-005"),
        ({"op": "edge.create", **edge("a.image > b.image")}, "VE-001"),
        ({"op": "edge.delete", **edge("a.image > b.mask")}, "VE-001"),
        ({"op": "group.delete", "id": "z"}, "VE-001"),
        ({"op": "note.delete", "id": "z"}, "VE-001"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_index(mutation: dict[str, Any], code: str) -> None:
    before = BASE.to_document()
    problem = refused({"op": "node.move", "id": "a", "x": 99, "y": 99}, mutation)
    assert (problem.code, problem.path) == (code, "/mutations/1")
    assert BASE.to_document() == before


def test_a_graph_may_not_outgrow_the_limits() -> None:
    create = {"op": "node.create", "id": "z", "node": {"type": "t.blur"}}
    assert refused(create, limits=Limits(nodes=3)).code == "VE-012"
    assert refused({"op": "edge.create", **ends("a.x > b.y")}, limits=Limits(edges=3)).code == "VE-012"
    apply(BASE, parse_mutations([create]), Limits(nodes=4))


# --- diff and replay


def test_no_difference_is_no_change() -> None:
    assert diff(BASE, graph_copy()) == []


def graph_copy(**parts: Any) -> Graph:
    return Graph.model_validate({**BASE.to_document(), **parts})


def difference(new: Graph, old: Graph = BASE) -> list[str]:
    changes = diff(old, new)
    assert replay(changes, old) == new
    return [change.event_type for change in changes]


def test_diff_of_nodes() -> None:
    nodes = BASE.to_document()["nodes"]
    nodes["b"] |= {"position": {"x": 1, "y": 1}, "mode": "muted", "title": "B", "timeout_s": 1, "params": {"radius": 1}}
    del nodes["s"]
    nodes["z"] = {"type": "t.save"}
    assert difference(graph_copy(nodes=nodes)) == [
        "NodeDeleted", "NodeMoved", "NodeParamUpdated", "NodeModeSet", "NodeTitled", "NodePolicySet", "NodeCreated",
    ]  # fmt: skip


def test_diff_of_a_type_replaces_the_node() -> None:
    nodes = BASE.to_document()["nodes"]
    nodes["a"]["type"] = "t.load"
    assert difference(graph_copy(nodes=nodes)) == ["NodeDeleted", "NodeCreated"]


def test_diff_tells_true_from_one() -> None:
    new, _ = edit({"op": "node.param", "id": "a", "name": "size", "value": 1})
    other, _ = edit({"op": "node.param", "id": "a", "name": "size", "value": True})
    assert diff(new, other) == [Change("NodeParamUpdated", {"node_id": "a", "name": "size", "value": True})]


def test_diff_keeps_the_order_of_edges_with_few_changes() -> None:
    first, second, third = BASE.to_document()["edges"]
    assert difference(graph_copy(edges=[third, first, second])) == ["EdgeDeleted", "EdgeCreated"]
    assert difference(graph_copy(edges=[first, third])) == ["EdgeDeleted"]
    assert difference(graph_copy(edges=[second, first, first])) == [
        "EdgeDeleted",
        "EdgeDeleted",
        "EdgeCreated",
        "EdgeCreated",
    ]
    assert difference(graph_copy(edges=[])) == ["EdgeDeleted"] * 3


def test_diff_does_not_look_at_what_is_the_same_object() -> None:
    class Unread(tuple[Any, ...]):
        def __iter__(self) -> Any:
            raise AssertionError("looked at")

    old = BASE.model_copy(update={"edges": Unread(BASE.edges)})
    new = old.model_copy(update={"name": "New"})
    assert [change.event_type for change in diff(old, new)] == ["GraphRenamed"]


def test_diff_of_the_rest() -> None:
    new = graph_copy(name="New", outputs=[], groups=[], notes=[])
    assert difference(new) == ["GraphRenamed", "ExposureChanged", "GroupChanged", "NotesChanged"]


def test_replay_starts_from_an_empty_graph_or_a_created_one() -> None:
    assert replay([]) == Graph()
    assert replay([Change("GraphCreated", {"graph": BASE.to_document()}), Change("GraphSaved", {})]) == BASE
    assert replay([Change("GraphCloned", {"graph": BASE.to_document()})]) == BASE


@pytest.mark.parametrize(
    "change",
    [
        Change("NodeDeleted", {"node_id": "z"}),
        Change("NodeMoved", {"node_id": "a"}),
        Change("NodeCreated", {"node_id": "z", "node": {"typ": 1}}),
        Change("EdgeDeleted", {**edge("a.image > b.image"), "index": 1}),
        Change("EdgeDeleted", {**edge("a.image > b.image"), "index": 99}),
        Change("EdgeCreated", {"index": 0}),
        Change("GroupChanged", {"groups": 3}),
        Change("GraphCreated", {"graph": None}),
    ],
)
def test_replay_refuses_what_does_not_fit(change: Change) -> None:
    with pytest.raises(GraphError) as caught:
        replay([Change("GraphRenamed", {"name": "x"}), change], BASE)
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [("VE-001", "/1")]


def test_every_content_event_can_be_replayed() -> None:
    content = {name for name in EVENT_TYPES if name.startswith(("Node", "Edge", "Exposure", "Group", "Notes"))}
    assert content <= set(changes_module._RECORD)
    assert set(changes_module._RECORD) <= EVENT_TYPES.keys()


# --- inputs


def test_apply_inputs_sets_parameters() -> None:
    edited = apply_inputs(BASE, {"size": 16, "soft": 2.5})
    assert edited.nodes["a"].params == {"size": 16}
    assert edited.nodes["b"].params == {"radius": 2.5}
    assert BASE.nodes["a"].params == {"size": 4}
    assert apply_inputs(BASE, {}) == BASE


def test_apply_inputs_refuses_all_at_once() -> None:
    dangling = graph_copy(
        inputs=[{"name": "size", "node": "a", "param": "size"}, {"name": "x", "node": "z", "param": "y"}]
    )
    with pytest.raises(GraphError) as caught:
        apply_inputs(dangling, {"siez": 1, "x": 1, "size": float("inf")})
    assert [(p.code, p.path, p.hint) for p in caught.value.problems] == [
        ("VE-004", "/inputs/siez", "Did you mean size?"),
        ("VE-001", "/inputs/size", None),
        ("VE-005", "/inputs/x", None),
    ]


def test_inputs_may_be_as_deep_as_in_a_document() -> None:
    apply_inputs(BASE, {"size": nested(32)})
    with pytest.raises(GraphError, match="VE-012"):
        apply_inputs(BASE, {"size": nested(33)})
