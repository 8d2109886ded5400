from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlFragment

from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.collab.document import new_document
from vortex_prefect.collab.projection import Projector
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.changes import Change, diff
from vortex_prefect.graph.model import Graph, Node, parse_graph

EDGE = {"source": "load", "sourcePort": "image", "target": "blur", "targetPort": "image"}

Opened = Callable[..., Projector]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Makes projectors, and closes them afterwards."""
    projectors: list[Projector] = []

    def open_one(doc: Doc[Any], *arguments: Any) -> Projector:
        projectors.append(Projector(doc, *arguments))
        return projectors[-1]

    yield open_one
    for projector in projectors:
        projector.close()


@pytest.fixture
def doc() -> Doc[Any]:
    """load → blur, and a stack."""
    return new_document(graph({"load": "load", "blur": "blur", "stack": "stack"}, "load.image > blur.image"))


def root(doc: Doc[Any], name: str) -> Map[Any]:
    found: Map[Any] = doc.get(name, type=Map)
    return found


def told(projector: Projector) -> list[tuple[str, str | None, str | None, str | None]]:
    """Code, node, port and path of each problem."""
    assert parse_graph(projector.graph.to_document(), Limits()) == projector.graph
    return [(item.code, item.node_id, item.port, item.path) for item in projector.problems]


def test_a_document_that_nobody_wrote_to_is_an_empty_graph(opened: Opened) -> None:
    projector = opened(Doc(), "g")
    assert projector.graph == Graph(id="g")
    assert projector.problems == ()


def test_what_was_not_touched_stays_the_same_object(doc: Doc[Any], opened: Opened) -> None:
    root(doc, "groups")["g"] = Map({"title": "All"})
    projector = opened(doc, "g", CATALOGUE)
    old = projector.graph
    assert projector.graph is old
    root(doc, "nodes")["blur"]["x"] = 5.0
    new = projector.graph
    assert new.nodes["load"] is old.nodes["load"]
    assert new.nodes["blur"] is not old.nodes["blur"]
    assert new.edges is old.edges
    assert new.groups is old.groups
    assert diff(old, new) == [Change("NodeMoved", {"node_id": "blur", "x": 5.0, "y": 0.0})]


def test_an_edit_that_says_the_same_changes_nothing(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc)
    old = projector.graph
    root(doc, "nodes")["blur"]["x"] = 0.0
    root(doc, "nodes")["blur"]["retries"] = 0
    root(doc, "edges")["blur:image:load:image"] = {**EDGE, "order": 0}
    assert projector.graph is old


def test_true_in_place_of_1_is_a_change(doc: Doc[Any], opened: Opened) -> None:
    params = root(doc, "nodes")["blur"]["params"]
    params["radius"] = 1
    projector = opened(doc)
    old = projector.graph
    params["radius"] = True
    assert projector.graph.nodes["blur"].params["radius"] is True
    assert len(diff(old, projector.graph)) == 1


def test_other_edges_do_not_keep_an_edge_from_staying_the_same_object(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc)
    old = projector.graph
    root(doc, "edges")["more"] = {**EDGE, "targetPort": "mask"}
    new = projector.graph
    assert len(new.edges) == 2
    assert new.edges[0] is old.edges[0]


def test_edges_stay_the_same_object_when_nodes_come(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc, "g", CATALOGUE)
    old = projector.graph
    root(doc, "nodes")["more"] = Map({"type": "t.blur"})
    assert projector.graph.edges is old.edges


NODE: dict[str, Any] = {"type": "t.blur", "x": 1, "y": 2}


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("n", lambda: 5, ("VE-001", "n", None, "/nodes/n")),
        ("n", lambda: None, ("VE-001", "n", None, "/nodes/n")),
        ("n", lambda: {"type": "t.blur"}, ("VE-001", "n", None, "/nodes/n")),
        ("n", lambda: Text("t.blur"), ("VE-001", "n", None, "/nodes/n")),
        ("n", lambda: Array([1]), ("VE-001", "n", None, "/nodes/n")),
        ("n", XmlFragment, ("VE-001", "n", None, "/nodes/n")),
        ("n", Doc, ("VE-001", "n", None, "/nodes/n")),
        ("n", lambda: b"t.blur", ("VE-001", "n", None, "/nodes/n")),
        ("n", Map, ("VE-001", "n", None, "/nodes/n/type")),
        ("n", lambda: Map({"type": 5}), ("VE-001", "n", None, "/nodes/n/type")),
        ("n", lambda: Map({"type": ""}), ("VE-001", "n", None, "/nodes/n/type")),
        ("n", lambda: Map({"type": Text("t.blur")}), ("VE-001", "n", None, "/nodes/n/type")),
        ("a/b", lambda: Map(NODE), ("VE-001", "a/b", None, "/nodes/a~1b")),
        ("", lambda: Map(NODE), ("VE-001", "", None, "/nodes/")),
        ("x" * 201, lambda: Map(NODE), ("VE-001", "x" * 201, None, "/nodes/" + "x" * 201)),
    ],
)
def test_what_is_no_node_is_left_out(
    doc: Doc[Any], opened: Opened, key: str, value: Callable[[], Any], problem: tuple[Any, ...]
) -> None:
    projector = opened(doc)
    nodes = projector.graph.nodes
    root(doc, "nodes")[key] = value()
    assert problem in told(projector)
    assert projector.graph.nodes == nodes


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("x", float("nan"), "/nodes/n/position/x"),
        ("y", float("-inf"), "/nodes/n/position/y"),
        ("x", True, "/nodes/n/position/x"),
        ("title", 5, "/nodes/n/title"),
        ("title", "x" * 100_001, "/nodes/n/title"),
        ("mode", "asleep", "/nodes/n/mode"),
        ("retries", 2.5, "/nodes/n/retries"),
        ("retries", 1e300, "/nodes/n/retries"),
        ("timeout_s", 0, "/nodes/n/timeout_s"),
        ("tags", "a", "/nodes/n/tags"),
        ("tags", ["a", 5], "/nodes/n/tags/1"),
        ("max_parallel", "4", "/nodes/n/max_parallel"),
        ("params", {"radius": 1}, "/nodes/n/params"),
        ("collapsed", True, "/nodes/n/collapsed"),
        ("position", {"x": 1}, "/nodes/n/position"),
    ],
)
def test_a_field_that_is_wrong_has_its_default(opened: Opened, field: str, value: Any, path: str) -> None:
    doc = new_document(graph({"n": "blur"}))
    projector = opened(doc)
    root(doc, "nodes")["n"][field] = value
    assert told(projector) == [("VE-001", "n", None, path)]
    assert projector.graph.nodes == {"n": Node(type="t.blur")}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("p", float("nan"), "VE-001"),
        ("p", [1, {"a": float("inf")}], "VE-001"),
        ("p", b"bytes", "VE-001"),
        ("", 1, "VE-001"),
        ("x" * 201, 1, "VE-001"),
    ],
)
def test_a_parameter_that_is_no_json_is_left_out(opened: Opened, name: str, value: Any, code: str) -> None:
    doc = new_document(graph({"n": {"type": "blur", "params": {"radius": 2}}}))
    projector = opened(doc)
    root(doc, "nodes")["n"]["params"][name] = value
    assert [(item.code, item.node_id, item.port) for item in projector.problems] == [(code, "n", name)]
    assert projector.graph.nodes["n"].params == {"radius": 2}


def test_a_value_that_is_nested_too_deep_is_left_out(opened: Opened) -> None:
    value: Any = 1
    for _ in range(33):
        value = [value]
    doc = new_document(graph({"n": "tag"}))
    projector = opened(doc)
    root(doc, "nodes")["n"]["params"]["data"] = value
    assert told(projector) == [("VE-012", "n", "data", "/nodes/n/params/data")]
    root(doc, "nodes")["n"]["params"]["data"] = value[0]
    assert told(projector) == []


def test_an_edge_into_the_void_returns_with_its_node(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc, "g", CATALOGUE)
    before = projector.graph
    del root(doc, "nodes")["load"]
    # Told at the end that is still there.
    assert told(projector) == [("VE-005", "blur", "image", "/edges/blur:image:load:image/source")]
    assert projector.graph.edges == ()
    root(doc, "nodes")["load"] = Map({"type": "t.load"})
    assert told(projector) == []
    assert projector.graph == before


@pytest.mark.parametrize(
    "value",
    [5, None, "edge", [1], {}, {**EDGE, "source": 5}, {**EDGE, "target": ""}, {**EDGE, "targetPort": None}, Map(EDGE)],
)
def test_what_is_no_edge_is_left_out(opened: Opened, value: Any) -> None:
    doc = new_document(graph({"load": "load", "blur": "blur"}))
    projector = opened(doc)
    root(doc, "edges")["k"] = value
    found = told(projector)
    assert {code for code, *_ in found} == {"VE-001"}
    assert all(path is not None and path.startswith("/edges/k") for *_, path in found)
    assert projector.graph.edges == ()


def test_of_two_edges_into_a_single_input_one_stays(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc, "g", CATALOGUE)
    edges = root(doc, "edges")
    root(doc, "nodes")["canvas"] = Map({"type": "t.canvas"})
    edges["a"] = {**EDGE, "source": "canvas", "order": 7}
    assert told(projector) == [("VE-008", "blur", "image", "/edges/a")]
    assert [str(edge) for edge in projector.graph.edges] == ["load.image → blur.image"]
    # A browser that connects puts it here, and what it replaces may stand under another key.
    edges["blur:image"] = {**EDGE, "source": "canvas", "order": 8}
    assert told(projector) == [("VE-008", "blur", "image", "/edges/blur:image:load:image")]
    assert [str(edge) for edge in projector.graph.edges] == ["canvas.image → blur.image"]


def test_ports_are_single_once_the_type_is_known(doc: Doc[Any], opened: Opened) -> None:
    edges = root(doc, "edges")
    edges["a"] = {**EDGE, "source": "stack", "order": 7}
    projector = opened(doc, "g")
    assert len(projector.graph.edges) == 2
    nodes = projector.graph.nodes
    projector.recoerce(CATALOGUE)
    assert len(projector.graph.edges) == 1
    assert told(projector)[0][0] == "VE-008"
    assert all(projector.graph.nodes[node_id] is node for node_id, node in nodes.items())
    root(doc, "nodes")["blur"]["type"] = "unknown"
    assert len(projector.graph.edges) == 2
    projector.recoerce(Catalogue())
    assert len(projector.graph.edges) == 2


def test_another_catalogue_reads_numbers_anew(opened: Opened) -> None:
    doc = new_document(graph({"s": {"type": "seed", "params": {"value": "18446744073709551615"}}, "n": "number"}))
    projector = opened(doc)
    old = projector.graph
    assert old.nodes["s"].params == {"value": "18446744073709551615"}
    projector.recoerce(CATALOGUE)
    assert projector.graph.nodes["s"].params == {"value": (1 << 64) - 1}
    assert projector.graph.nodes["n"] is old.nodes["n"]


def test_lists_stand_by_order_and_then_by_key(opened: Opened) -> None:
    doc = new_document(graph({"a": "canvas", "stack": "stack"}))
    edges, outputs = root(doc, "edges"), root(doc, "outputs")
    for key, order in (("z", 1), ("y", None), ("x", 1), ("w", 0.5), ("v", "0"), ("u", float("nan"))):
        edges[key] = {"source": "a", "sourcePort": key, "target": "stack", "targetPort": "images", "order": order}
        outputs[key] = {"node": "a", "port": key, "order": order}
    projector = opened(doc)
    assert [edge.source.port for edge in projector.graph.edges] == list("wxzuvy")
    assert [item.name for item in projector.graph.outputs] == list("wxzuvy")
    assert told(projector) == []


def test_groups_notes_and_names_are_read_as_far_as_they_are_good(opened: Opened) -> None:
    doc: Doc[Any] = Doc()
    projector = opened(doc)
    root(doc, "meta")["name"] = "Picture"
    root(doc, "groups")["g"] = Map({"title": "All", "x": 1, "y": 2, "width": -3, "height": 4, "color": 5})
    root(doc, "groups")["g"]["id"] = "other"
    root(doc, "groups")["h"] = {"title": "no map"}
    root(doc, "notes")["n"] = Map({"text": "Look"})
    found = projector.graph
    assert found.name == "Picture"
    assert [(item.id, item.title, item.size.width, item.size.height, item.color) for item in found.groups] == [
        ("g", "All", 0.0, 4.0, None)
    ]
    assert [(item.id, item.text) for item in found.notes] == [("n", "Look")]
    paths = ["/groups/g/color", "/groups/g/id", "/groups/g/size/width", "/groups/h"]
    assert told(projector) == [("VE-001", None, None, path) for path in paths]
    root(doc, "meta").update({"name": 5, "schema": "vortex.graph/2"})
    assert projector.graph.name == ""
    assert [path for *_, path in told(projector)] == [*paths, "/name", "/schema"]


def test_what_is_too_much_is_left_out_from_the_end(opened: Opened) -> None:
    doc = new_document(graph(dict.fromkeys("abc", "canvas")))
    projector = opened(doc, None, None, Limits(nodes=2))
    assert list(projector.graph.nodes) == ["a", "b"]
    assert [(item.code, item.node_id) for item in projector.problems] == [("VE-012", "c")]
    del root(doc, "nodes")["a"]
    assert list(projector.graph.nodes) == ["b", "c"]
    assert projector.problems == ()


def test_a_graph_as_large_as_the_limit_fits_to_the_byte(opened: Opened) -> None:
    doc = new_document(graph({key: {"type": "tag", "params": {"data": "x" * 500}} for key in "ab"}, name="Two"))
    whole = opened(doc).graph
    most = next(size for size in range(1, 10_000) if _is_taken(whole, size))
    assert opened(doc, None, None, Limits(body_bytes=most)).graph == whole
    tight = opened(doc, None, None, Limits(body_bytes=most - 1))
    assert list(tight.graph.nodes) == ["a"]
    assert [item.code for item in tight.problems] == ["VE-012"]


def _is_taken(graph: Graph, size: int) -> bool:
    try:
        parse_graph(graph.to_document(), Limits(body_bytes=size))
    except Exception:
        return False
    return True


def test_what_was_left_out_for_its_size_returns_when_something_shrinks(opened: Opened) -> None:
    doc = new_document(graph({key: {"type": "tag", "params": {"data": "x" * 2_000}} for key in "abc"}))
    projector = opened(doc, None, None, Limits(body_bytes=4_000))
    assert list(projector.graph.nodes) == ["a"]
    root(doc, "nodes")["a"]["params"]["data"] = ""
    assert list(projector.graph.nodes) == ["a", "b"]
    root(doc, "nodes")["b"]["params"]["data"] = "x"
    assert list(projector.graph.nodes) == ["a", "b", "c"]
    assert projector.problems == ()


def test_no_more_than_a_thousand_problems_are_told(opened: Opened) -> None:
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for index in range(1_500):
            root(doc, "nodes")[f"n{index}"] = index
    assert len(opened(doc).problems) == 1_000


def hostile_update(info: int, content: bytes) -> bytes:
    """An update that puts content of a kind under the key `w` of `nodes` (Yjs update format, version 1)."""
    return bytes([1, 1, 1, 0, 0x20 | info, 1]) + b"\x05nodes" + b"\x01w" + content + b"\x00"


@pytest.mark.parametrize(
    ("info", "content"),
    [
        (6, b"\x01k\x011"),  # a format, which the library panics over when it describes the event
        (1, b"\x05"),  # a deletion
        (5, b'\x07{"a":1}'),  # an embed
        (4, b"\x03abc"),  # text
        (7, b"\x03\x01p"),  # an XML element
        (7, b"\x05"),  # an XML hook
        (7, b"\x0f"),  # undefined type
        (8, b"\x02\x7f\x7e"),  # two values under one key
        (9, b"\x01g\x7f"),  # a subdocument
    ],
)
def test_no_update_that_the_library_takes_harms_the_projection(
    doc: Doc[Any], opened: Opened, info: int, content: bytes
) -> None:
    projector = opened(doc)
    before = projector.graph
    doc.apply_update(hostile_update(info, content))
    assert projector.graph == before
    root(doc, "nodes")["blur"]["x"] = 5.0
    assert projector.graph.nodes["blur"].position.x == 5.0
    assert all(item.path == "/nodes/w" for item in projector.problems)


def test_edits_beside_one_that_cannot_be_described_are_seen(doc: Doc[Any], opened: Opened) -> None:
    projector = opened(doc)
    _ = projector.graph
    format_and_map = (b"\x26\x01\x05nodes\x01w\x01k\x011", b"\x27\x01\x05nodes\x01v\x01")
    doc.apply_update(bytes([1, 2, 1, 0]) + b"".join(format_and_map) + b"\x00")
    assert told(projector) == [("VE-001", "v", None, "/nodes/v/type")]


def test_a_key_that_a_node_lists_but_does_not_have_is_absent(opened: Opened) -> None:
    doc: Doc[Any] = Doc(client_id=1)
    root(doc, "nodes")["n"] = Map({"type": "t.blur"})
    projector = opened(doc)
    before = projector.graph
    # A format as `mode` of the node, whose item is the first of client 1.
    doc.apply_update(bytes([1, 1, 2, 0, 0x26, 0, 1, 0]) + b"\x04mode\x01k\x011" + b"\x00")
    root(doc, "nodes")["n"]["x"] = 0.0
    assert told(projector) == []
    assert projector.graph is before


@pytest.mark.parametrize("other", [Text("abc"), Array([1, 2, Map({"type": "t.blur"})]), XmlFragment()])
def test_a_root_that_others_take_for_something_else_is_a_map(doc: Doc[Any], opened: Opened, other: Any) -> None:
    projector = opened(doc)
    before = projector.graph
    theirs: Doc[Any] = Doc()
    theirs["nodes"] = other
    doc.apply_update(theirs.get_update())
    assert projector.graph == before
    if isinstance(other, Array):
        other[2]["type"] = "t.save"
        doc.apply_update(theirs.get_update())
    assert projector.graph == before
    assert projector.problems == ()


def test_a_closed_projector_is_let_go_of(doc: Doc[Any]) -> None:
    projector = Projector(doc)
    projector.close()
    projector.close()
    before = projector.graph
    root(doc, "nodes")["blur"]["x"] = 5.0
    assert projector.graph is before
    gone = weakref.ref(projector)
    roots = weakref.ref(projector._roots.nodes)
    del projector, before
    gc.collect()
    assert gone() is None
    assert roots() is None


def test_a_closed_projector_lets_go_of_the_document() -> None:
    doc = new_document(graph({"n": "blur"}))
    projector = Projector(doc)
    _ = projector.graph
    gone = weakref.ref(doc)
    projector.close()
    del projector, doc
    gc.collect()
    assert gone() is None
