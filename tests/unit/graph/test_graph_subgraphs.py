"""Graphs that stand in others as a node: what they look like, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.graphs import catalogue, edge, picture_graph
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.interface import interface
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import compile_plan
from vortex_prefect.graph.subgraphs import Definition, check, is_name, name_for, outer_node, type_of

LIMITS = Limits()
_PACKS = Catalogue(
    (
        *catalogue().all(),
        NodeSpec(
            type="test.join",
            title="Join",
            category="test",
            inputs=(InputSpec(name="images", type="IMAGE", list=True),),
            outputs=(OutputSpec(name="image", type="IMAGE"),),
        ),
        NodeSpec(
            type="test.split",
            title="Split",
            category="test",
            inputs=(InputSpec(name="image", type="IMAGE"),),
            outputs=(OutputSpec(name="images", type="LIST[IMAGE]"),),
        ),
    )
)


class Shelf:
    """Published graphs, and the node types that there are with them."""

    def __init__(self) -> None:
        self.library: dict[str, Definition] = {}
        self.catalogue = _PACKS

    def publish(self, name: str, document: dict[str, Any], version: int = 1) -> str:
        graph = parse_graph({"schema": "vortex.graph/1", "id": name, **document}, LIMITS)
        kind = type_of(name, version)
        found, _ = check(graph, self.catalogue, self.library, LIMITS, as_node=True)
        assert found == []
        spec = interface(graph, self.catalogue, node_type=kind, version=version, title=name, category="t", doc="")
        self.add(Definition(spec, graph))
        return kind

    def add(self, found: Definition) -> None:
        self.library[found.spec.type] = found
        self.catalogue = Catalogue((*_PACKS.all(), *(each.spec for each in self.library.values())))

    def flat(self, nodes: dict[str, Any], *edges: dict[str, Any], **fields: Any) -> Graph:
        problems, flat = self.check(nodes, *edges, **fields)
        assert problems == []
        compile_plan(flat, self.catalogue, targets=None, force=False, file_identity=lambda path: path)
        return flat

    def check(
        self, nodes: dict[str, Any], *edges: dict[str, Any], limits: Limits = LIMITS, **fields: Any
    ) -> tuple[list[Problem], Graph]:
        document = {"schema": "vortex.graph/1", "nodes": nodes, "edges": list(edges), **fields}
        return check(parse_graph(document, LIMITS), self.catalogue, self.library, limits)


SOFT = {
    "nodes": {"blur": {"type": "test.blur", "params": {"radius": 3}, "title": "Blur it"}},
    "inputs": [{"name": "photo", "node": "blur", "param": "image"}, {"name": "how", "node": "blur", "param": "radius"}],
    "outputs": [{"name": "soft", "node": "blur", "port": "image"}],
}


def wire(source: str, target: str) -> dict[str, Any]:
    ends = [dict(zip(("node", "port"), text.split("."), strict=True)) for text in (source, target)]
    return {"source": ends[0], "target": ends[1]}


def wires(graph: Graph) -> set[str]:
    return {str(item) for item in graph.edges}


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.publish("soft", SOFT)
    return shelf


def test_ports_and_parameters_are_what_the_graph_exposes(shelf: Shelf) -> None:
    spec = shelf.library["graph.soft@1"].spec
    assert [(port.name, port.type, port.required) for port in spec.inputs] == [("photo", "IMAGE", True)]
    how = ParamSpec(name="how", type="FLOAT", default=3, bounds=Bounds(min=0, max=10))
    assert spec.params == (how,)
    assert spec.outputs == (OutputSpec(name="soft", type="IMAGE", source=("blur", "image")),)
    assert (spec.graph, spec.version) == ("soft", 1)


def test_a_port_that_is_fed_within_need_not_be_connected() -> None:
    shelf = Shelf()
    nodes = {"image": {"type": "test.image"}, "blur": {"type": "test.blur"}}
    kind = shelf.publish("fed", {**SOFT, "nodes": nodes, "edges": [edge("image", "blur")]})
    assert shelf.library[kind].spec.inputs[0].required is False
    alone = shelf.flat({"x": {"type": kind}})
    assert wires(alone) == {"x:image.image → x:blur.image"}
    # From outside, the edge within gives way.
    fed = shelf.flat({"own": {"type": "test.image"}, "x": {"type": kind}}, wire("own.image", "x.photo"))
    assert wires(fed) == {"own.image → x:blur.image"}


def test_the_flat_graph_has_the_inner_nodes_in_the_places_of_the_outer_one(shelf: Shelf) -> None:
    flat = shelf.flat(
        {
            "image": {"type": "test.image"},
            "x": {"type": "graph.soft@1", "title": "Dream", "params": {"how": 5}, "retries": 2, "tags": ["slow"]},
            "save": {"type": "test.save"},
        },
        wire("image.image", "x.photo"),
        wire("x.soft", "save.image"),
        inputs=[{"name": "amount", "node": "x", "param": "how"}],
        outputs=[{"name": "result", "node": "x", "port": "soft"}],
    )
    assert list(flat.nodes) == ["image", "x:blur", "save"]
    blur = flat.nodes["x:blur"]
    assert (blur.type, blur.params, blur.title) == ("test.blur", {"radius": 5}, "Dream / Blur it")
    assert (blur.retries, blur.tags) == (2, ("slow",))
    assert wires(flat) == {"image.image → x:blur.image", "x:blur.image → save.image"}
    assert (flat.inputs[0].node, flat.inputs[0].param) == ("x:blur", "radius")
    assert (flat.outputs[0].node, flat.outputs[0].port) == ("x:blur", "image")


def test_it_hashes_and_is_cached_as_if_it_had_been_drawn_flat(shelf: Shelf) -> None:
    nodes = {"image": {"type": "test.image"}, "x": {"type": "graph.soft@1"}}
    flat = shelf.flat(nodes, wire("image.image", "x.photo"))
    drawn = {"image": nodes["image"], "x:blur": {"type": "test.blur", "params": {"radius": 3}}}
    assert graph_hash(flat) == graph_hash(shelf.flat(drawn, edge("image", "x:blur")))


def test_one_in_another_comes_out_with_both_names(shelf: Shelf) -> None:
    nodes = {"a": {"type": "graph.soft@1"}, "b": {"type": "graph.soft@1", "params": {"how": 7}}}
    twice = {
        "nodes": nodes,
        "edges": [wire("a.soft", "b.photo")],
        "inputs": [{"name": "photo", "node": "a", "param": "photo"}, {"name": "first", "node": "a", "param": "how"}],
        "outputs": [{"name": "soft", "node": "b", "port": "soft"}],
    }
    kind = shelf.publish("twice", twice)
    assert shelf.library[kind].spec.outputs[0].source == ("b:blur", "image")
    flat = shelf.flat(
        {"image": {"type": "test.image"}, "x": {"type": kind, "params": {"first": 1}}}, wire("image.image", "x.photo")
    )
    assert wires(flat) == {"image.image → x:a:blur.image", "x:a:blur.image → x:b:blur.image"}
    assert [flat.nodes[f"x:{name}:blur"].params["radius"] for name in "ab"] == [1, 7]
    assert flat.nodes["x:a:blur"].title == "twice / soft / Blur it"
    assert shelf.library["graph.soft@1"].graph.nodes["blur"].params == {"radius": 3}


@pytest.mark.parametrize(
    ("mode", "edges"),
    [
        ("muted", {"image.image → x:blur.image", "x:blur.image → save.image"}),
        # What led into it leads on, and nothing of it runs.
        ("bypassed", {"image.image → x:blur.image", "image.image → save.image"}),
    ],
)
def test_muted_and_bypassed_it_does_as_any_node(shelf: Shelf, mode: str, edges: set[str]) -> None:
    nodes = {
        "image": {"type": "test.image"},
        "x": {"type": "graph.soft@1", "mode": mode},
        "save": {"type": "test.save"},
    }
    flat = shelf.flat(nodes, wire("image.image", "x.photo"), wire("x.soft", "save.image"))
    assert (wires(flat), flat.nodes["x:blur"].mode) == (edges, "muted")


def test_a_chain_of_bypassed_ones_hands_on_what_came_first(shelf: Shelf) -> None:
    soft = {"type": "graph.soft@1", "mode": "bypassed"}
    edges = [wire("image.image", "a.photo"), wire("a.soft", "b.photo")]
    flat = shelf.flat(
        {"image": {"type": "test.image"}, "a": soft, "b": soft},
        *edges,
        outputs=[{"name": "o", "node": "b", "port": "soft"}],
    )
    assert (flat.outputs[0].node, flat.outputs[0].port) == ("image", "image")


def test_edges_into_an_exposed_list_come_after_those_within() -> None:
    shelf = Shelf()
    joined = {
        "nodes": {"own": {"type": "test.image"}, "join": {"type": "test.join"}},
        "edges": [wire("own.image", "join.images")],
        "inputs": [{"name": "more", "node": "join", "param": "images"}],
        "outputs": [{"name": "all", "node": "join", "port": "image"}],
    }
    nodes = {name: {"type": "test.image"} for name in ("b", "a")} | {"x": {"type": shelf.publish("joined", joined)}}
    flat = shelf.flat(nodes, wire("b.image", "x.more"), wire("a.image", "x.more"))
    assert [item.source.node for item in flat.edges] == ["x:own", "b", "a"]


def test_a_list_given_to_it_maps_the_nodes_within(shelf: Shelf) -> None:
    nodes = {"image": {"type": "test.image"}, "split": {"type": "test.split"}, "x": {"type": "graph.soft@1"}}
    flat = shelf.flat(nodes, edge("image", "split"), wire("split.images", "x.photo"))
    plan = compile_plan(flat, shelf.catalogue, targets=None, force=False, file_identity=lambda path: path)
    assert plan.steps["x:blur"].mapped == ("image",)


def test_an_output_of_a_mapped_node_within_is_a_list() -> None:
    shelf = Shelf()
    parts = {
        "nodes": {"split": {"type": "test.split"}, "blur": {"type": "test.blur"}},
        "edges": [wire("split.images", "blur.image")],
        "inputs": [{"name": "photo", "node": "split", "param": "image"}],
        "outputs": [{"name": "parts", "node": "blur", "port": "image"}],
    }
    assert shelf.library[shelf.publish("parts", parts)].spec.outputs[0].type == "LIST[IMAGE]"


def test_what_is_wrong_within_is_told_of_the_outer_node(shelf: Shelf) -> None:
    """As after an update of a pack: what was published does not fit the installed nodes any more."""
    found = shelf.library["graph.soft@1"]
    graph = found.graph.model_copy(
        update={"nodes": {"blur": found.graph.nodes["blur"].model_copy(update={"type": "old.blur"})}}
    )
    shelf.add(Definition(found.spec, graph))
    [problem], _ = shelf.check({"i": {"type": "test.image"}, "x": {"type": "graph.soft@1"}}, wire("i.image", "x.photo"))
    assert (problem.code, problem.node_id, problem.path) == ("VE-003", "x", "/nodes/x")
    assert "x:blur" in problem.message


def test_problems_of_the_outer_graph_are_those_of_any_node(shelf: Shelf) -> None:
    found, _ = shelf.check({"x": {"type": "graph.soft@1", "params": {"how": 99, "what": 1}}})
    assert [(problem.code, problem.port) for problem in found] == [
        ("VE-004", "what"),
        ("VE-007", "photo"),
        ("VE-010", "how"),
    ]


def test_a_graph_that_holds_itself_is_refused_with_the_way(shelf: Shelf) -> None:
    outer = {"nodes": {"x": {"type": "graph.soft@1"}}, "inputs": [{"name": "p", "node": "x", "param": "photo"}]}
    shelf.publish("outer", outer)
    nodes = {"i": {"type": "test.image"}, "x": {"type": "graph.outer@1"}}
    [problem], _ = shelf.check(nodes, wire("i.image", "x.p"), id="soft")
    assert (problem.code, problem.node_id) == ("VE-013", "x")
    assert "graph.outer@1 → graph.soft@1" in problem.message


def test_ten_of_ten_of_ten_are_counted_before_they_are_made(shelf: Shelf) -> None:
    kind, inputs = "graph.soft@1", ["photo"]
    for level in range(12):
        nodes = {f"n{index}": {"type": kind} for index in range(10)}
        exposed = [
            {"name": f"{name}_{index}", "node": f"n{index}", "param": name}
            for index in range(10)
            for name in inputs[:1]
        ]
        document = parse_graph(
            {"schema": "vortex.graph/1", "id": f"l{level}", "nodes": nodes, "inputs": exposed}, LIMITS
        )
        kind = type_of(f"l{level}", 1)
        shelf.add(Definition(NodeSpec(type=kind, title="", category="", graph=f"l{level}"), document))
    problems, _ = shelf.check({"x": {"type": kind}})
    assert [(problem.code, problem.node_id) for problem in problems] == [("VE-012", "x")]


def test_depth_has_the_limit_of_the_settings(shelf: Shelf) -> None:
    for level in range(5):
        inner = {"type": f"graph.d{level - 1}@1" if level else "graph.soft@1"}
        document = {
            "nodes": {"x": inner},
            "inputs": [{"name": "photo", "node": "x", "param": "photo"}],
            "outputs": [{"name": "soft", "node": "x", "port": "soft"}],
        }
        shelf.publish(f"d{level}", document)
    nodes = {"i": {"type": "test.image"}, "x": {"type": "graph.d4@1"}}
    [problem], _ = shelf.check(nodes, wire("i.image", "x.photo"), limits=Limits(depth=5))
    assert (problem.code, problem.node_id) == ("VE-012", "x")
    assert shelf.check(nodes, wire("i.image", "x.photo"), limits=Limits(depth=6))[0] == []


def test_an_id_that_a_node_within_would_have_is_refused(shelf: Shelf) -> None:
    nodes = {"x": {"type": "graph.soft@1"}, "x:blur": {"type": "test.image"}}
    [problem], _ = shelf.check(nodes, wire("x:blur.image", "x.photo"))
    assert (problem.code, problem.node_id) == ("VE-001", "x:blur")


def test_the_way_back_from_an_inner_node() -> None:
    graph = parse_graph(picture_graph(nodes={"a": {"type": "t"}, "a:b": {"type": "t"}, "c": {"type": "t"}}), LIMITS)
    found = {flat: outer_node(flat, graph) for flat in ("c", "c:d", "c:d:e", "a:b", "a:b:c", "a:x", "z:d", "z")}
    assert found == {
        "c": "c", "c:d": "c", "c:d:e": "c", "a:b": "a:b", "a:b:c": "a:b", "a:x": "a", "z:d": None, "z": None,
    }  # fmt: skip


def test_a_graph_without_any_is_itself(shelf: Shelf) -> None:
    graph = parse_graph(picture_graph(), LIMITS)
    assert check(graph, shelf.catalogue, shelf.library, LIMITS)[1] is graph


def test_names() -> None:
    assert [name_for(title) for title in ("Soft glow!", "3D look", "日本", "")] == [
        "soft_glow",
        "d_look",
        "subgraph",
        "subgraph",
    ]
    assert [is_name(name) for name in ("soft_glow", "Soft", "a@1", "a.b", "_a", "", "a" * 65)] == [True, *[False] * 6]
