from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from tests.unit.graph.builders import CATALOGUE, graph, output
from vortex_prefect.collab.document import new_document, write
from vortex_prefect.collab.projection import Projector
from vortex_prefect.collab.settling import edge_key
from vortex_prefect.graph.model import Edge, Endpoint, Graph, Node, Position


def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
    return Edge(source=Endpoint(node=source, port=source_port), target=Endpoint(node=target, port=target_port))


def says(doc: Doc[Any], root: str) -> Any:
    return doc.get(root, type=Map).to_py()


def node_map(doc: Doc[Any], node_id: str) -> Map[Any]:
    found: Map[Any] = doc.get("nodes", type=Map)[node_id]
    return found


def read(doc: Doc[Any]) -> Graph:
    projector = Projector(doc, catalogue=CATALOGUE)
    try:
        return projector.graph
    finally:
        projector.close()


def updates_of(doc: Doc[Any]) -> list[bytes]:
    updates: list[bytes] = []
    doc.observe(lambda event: updates.append(event.update))
    return updates


def exchange(first: Doc[Any], second: Doc[Any]) -> None:
    update = first.get_update(second.get_state())
    first.apply_update(second.get_update(first.get_state()))
    second.apply_update(update)


def copy_of(doc: Doc[Any]) -> Doc[Any]:
    copy: Doc[Any] = Doc()
    copy.apply_update(doc.get_update())
    return copy


@pytest.fixture
def picture() -> Graph:
    return graph(
        {"load": {"type": "load", "params": {"path": "x.png"}}, "blur": "blur", "stack": "stack"},
        "load.image > blur.image",
        "blur.image > stack.images",
        "load.image > stack.images",
        outputs=[output("result", "stack.image")],
        groups=[{"id": "g", "title": "All"}],
        notes=[{"id": "n", "text": "Look"}],
    )


def test_the_document_has_the_shape_that_its_page_gives(picture: Graph) -> None:
    doc = new_document(picture.model_copy(update={"name": "Picture"}), catalogue=CATALOGUE)
    assert says(doc, "meta") == {"schema": "vortex.graph/1", "name": "Picture"}
    assert says(doc, "nodes")["load"] == {"type": "t.load", "x": 0, "y": 0, "params": {"path": "x.png"}}
    assert says(doc, "nodes")["blur"] == {"type": "t.blur", "x": 0, "y": 0, "params": {}}
    assert says(doc, "edges") == {
        "blur:image": {"source": "load", "sourcePort": "image", "target": "blur", "targetPort": "image", "order": 0},
        "stack:images:blur:image": {
            "source": "blur", "sourcePort": "image", "target": "stack", "targetPort": "images", "order": 1
        },
        "stack:images:load:image": {
            "source": "load", "sourcePort": "image", "target": "stack", "targetPort": "images", "order": 2
        },
    }  # fmt: skip
    assert says(doc, "outputs") == {"result": {"node": "stack", "port": "image", "order": 0}}
    assert says(doc, "groups") == {"g": {"title": "All", "order": 0}}
    assert says(doc, "notes") == {"n": {"text": "Look", "order": 0}}


def test_no_two_edges_share_a_key() -> None:
    parts = ["a", "a:b", "b", ":", "%", "%3A", "a%3Ab"]
    edges = [edge(*names) for names in _all(parts)]
    for single in (True, False):
        keys = {edge_key(item, single=single) for item in edges}
        assert len(keys) == len(parts) ** (2 if single else 4)


def _all(parts: list[str]) -> Iterator[tuple[str, str, str, str]]:
    for first in parts:
        for second in parts:
            for third in parts:
                for fourth in parts:
                    yield first, second, third, fourth


def test_the_key_of_an_edge_is_what_the_page_says() -> None:
    item = edge("a:b", "out", "50%", "in")
    assert edge_key(item, single=True) == "50%25:in"
    assert edge_key(item, single=False) == "50%25:in:a%3Ab:out"
    assert edge_key(item, single=False, copy=2) == "50%25:in:a%3Ab:out:2"


def test_equal_edges_into_a_list_are_kept_apart(picture: Graph) -> None:
    twice = picture.model_copy(update={"edges": (*picture.edges, picture.edges[-1])})
    doc = new_document(twice, catalogue=CATALOGUE)
    assert read(doc).edges == twice.edges
    write(doc, picture, catalogue=CATALOGUE)
    assert read(doc).edges == picture.edges


def test_a_seed_of_64_bits_is_a_decimal_string_in_the_document() -> None:
    seed = (1 << 64) - 1
    doc = new_document(graph({"s": {"type": "seed", "params": {"value": seed}}}), catalogue=CATALOGUE)
    assert says(doc, "nodes")["s"]["params"] == {"value": str(seed)}
    assert read(doc).nodes["s"].params == {"value": seed}


def test_writing_changes_in_place_what_others_edit_meanwhile(picture: Graph) -> None:
    here = new_document(picture, catalogue=CATALOGUE)
    there = copy_of(here)
    node_map(there, "blur")["params"]["kernel"] = "box"
    node_map(there, "blur")["title"] = "Soft"
    blur = picture.nodes["blur"].model_copy(update={"params": {"radius": 2.5}, "position": Position(x=5, y=6)})
    write(here, picture.model_copy(update={"nodes": {**picture.nodes, "blur": blur}}), catalogue=CATALOGUE)
    exchange(here, there)
    wanted = blur.model_copy(update={"params": {"radius": 2.5, "kernel": "box"}, "title": "Soft"})
    assert read(here).nodes["blur"] == read(there).nodes["blur"] == wanted


def test_a_node_of_another_type_stays_the_same_map(picture: Graph) -> None:
    here = new_document(picture, catalogue=CATALOGUE)
    there = copy_of(here)
    node_map(there, "blur")["x"] = 9.0
    write(here, picture.model_copy(update={"nodes": {**picture.nodes, "blur": Node(type="t.mask")}}))
    exchange(here, there)
    assert read(here).nodes["blur"] == Node(type="t.mask", position=Position(x=9))


def test_parameters_of_a_new_node_can_be_set_by_two_at_once() -> None:
    here = new_document(graph({"b": "blur"}))
    there = copy_of(here)
    node_map(here, "b")["params"]["radius"] = 2.5
    write(there, graph({"b": {"type": "blur", "params": {"kernel": "box"}}}))
    exchange(here, there)
    assert read(here).nodes["b"].params == {"radius": 2.5, "kernel": "box"}


def test_a_deleted_node_takes_its_edges_along_in_one_update(picture: Graph) -> None:
    doc = new_document(picture, catalogue=CATALOGUE)
    updates = updates_of(doc)
    nodes = {key: node for key, node in picture.nodes.items() if key != "blur"}
    write(doc, picture.model_copy(update={"nodes": nodes, "edges": picture.edges[2:]}), catalogue=CATALOGUE)
    assert len(updates) == 1
    assert says(doc, "edges").keys() == {"stack:images:load:image"}


def test_the_transaction_has_the_origin_that_was_given(picture: Graph) -> None:
    doc: Doc[Any] = Doc()
    origins: list[Any] = []
    nodes = doc.get("nodes", type=Map)
    nodes.observe(lambda event: origins.append(event.transaction.origin))
    write(doc, picture, origin="http")
    assert origins == ["http"]


def test_an_edge_that_hangs_in_the_air_is_left_unless_it_would_come_to_light(picture: Graph) -> None:
    doc = new_document(picture, catalogue=CATALOGUE)
    doc.get("edges", type=Map)["k"] = {"source": "gone", "sourcePort": "image", "target": "blur", "targetPort": "mask"}
    updates = updates_of(doc)
    write(doc, picture, catalogue=CATALOGUE)
    assert updates == []
    write(doc, picture.model_copy(update={"edges": picture.edges[:1]}), catalogue=CATALOGUE)
    assert says(doc, "edges").keys() == {"blur:image", "k"}
    back = picture.model_copy(update={"nodes": {**picture.nodes, "gone": Node(type="t.mask")}})
    write(doc, back, catalogue=CATALOGUE)
    assert read(doc) == back


def test_what_cannot_be_read_gives_way_where_it_stands_in_the_way(picture: Graph) -> None:
    doc = new_document(picture, catalogue=CATALOGUE)
    nodes, edges = doc.get("nodes", type=Map), doc.get("edges", type=Map)
    nodes["blur"], nodes["other"] = Text("no node"), 5
    nodes["load"]["params"] = [1, 2]
    edges["blur:image"] = Text("no edge")
    write(doc, picture, catalogue=CATALOGUE)
    assert read(doc) == picture
    assert nodes["other"] == 5


def test_a_single_input_that_is_connected_anew_keeps_its_key(picture: Graph) -> None:
    doc = new_document(picture, catalogue=CATALOGUE)
    other = picture.model_copy(
        update={
            "nodes": {**picture.nodes, "canvas": Node(type="t.canvas")},
            "edges": (edge("canvas", "image", "blur", "image"), *picture.edges[1:]),
        }
    )
    write(doc, other, catalogue=CATALOGUE)
    assert "blur:image" in says(doc, "edges")
    assert read(doc) == other


def test_of_two_edges_into_one_input_the_other_can_be_chosen() -> None:
    doc = new_document(graph({"a": "canvas", "b": "canvas", "c": "canvas", "blur": "blur"}))
    edges = doc.get("edges", type=Map)
    for key, source in (("k1", "a"), ("k2", "b"), ("k3", "c")):
        edges[key] = {"source": source, "sourcePort": "image", "target": "blur", "targetPort": "image"}
    present = read(doc)
    assert present.edges == (edge("a", "image", "blur", "image"),)
    wanted = present.model_copy(update={"edges": (edge("c", "image", "blur", "image"),)})
    write(doc, wanted, catalogue=CATALOGUE)
    assert read(doc) == wanted


def test_a_move_is_less_than_a_hundred_bytes() -> None:
    nodes = {f"n{i:04}": Node(type="t.blur", params={"radius": 1.5, "kernel": "box"}) for i in range(1_000)}
    edges = tuple(edge(f"n{i:04}", "image", f"n{i + 1:04}", "image") for i in range(999))
    subject = Graph(nodes=nodes, edges=edges)
    doc = new_document(subject, catalogue=CATALOGUE)
    updates = updates_of(doc)
    moved = nodes["n0500"].model_copy(update={"position": Position(x=123.25, y=-77.5)})
    write(doc, subject.model_copy(update={"nodes": {**nodes, "n0500": moved}}), catalogue=CATALOGUE)
    assert len(updates) == 1
    assert len(updates[0]) < 100
    reordered = (edges[-1], *edges[:-1])
    write(doc, subject.model_copy(update={"nodes": {**nodes, "n0500": moved}, "edges": reordered}), catalogue=CATALOGUE)
    assert len(updates[1]) < 150
    assert read(doc).edges == reordered
