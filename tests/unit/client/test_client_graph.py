"""Graphs built in code."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect import Graph
from vortex_prefect.core.errors import GraphError, VortexError
from vortex_prefect.core.nodespec import Catalogue


@pytest.fixture
def g() -> Any:
    """An empty graph over the test catalogue, whose pack no stub names."""
    return Graph("test", catalogue=CATALOGUE)


def refused(call: Callable[[], object]) -> VortexError:
    with pytest.raises(VortexError) as caught:
        call()
    return caught.value


def test_calls_build_the_document_that_the_editor_would(g: Any) -> None:
    load = g.t.load(path=Path("photo.png"))
    blur = g.t.blur(image=load.image, radius=3)
    again = g.t.blur(image=blur, kernel="box", id="last", title="Last", at=(40, 20))
    g.expose_input("photo", load, "path")
    g.expose_output("result", again.image)
    expected = graph(
        {
            "load": {"type": "load", "params": {"path": "photo.png"}},
            "blur": {"type": "blur", "params": {"radius": 3}},
            "last": {
                "type": "blur",
                "params": {"kernel": "box"},
                "title": "Last",
                "position": {"x": 40, "y": 20},
            },
        },
        "load.image > blur.image",
        "blur.image > last.image",
        name="test",
        inputs=[{"name": "photo", "node": "load", "param": "path"}],
        outputs=[{"name": "result", "node": "last", "port": "image"}],
    )
    assert g.to_document() == expected.to_document()
    assert g.validate() == []


def test_ids_count_up_and_are_not_given_twice(g: Any) -> None:
    assert [g.t.canvas().id for _ in range(3)] == ["canvas", "canvas_2", "canvas_3"]
    g.remove("canvas_3")
    refused(lambda: g.t.canvas(size="wide"))
    assert g.t.canvas().id == "canvas_4"
    g.t.canvas(id="canvas_5")
    assert g.t.canvas().id == "canvas_6"
    assert refused(lambda: g.t.canvas(id="canvas")).code == "VE-001"


def test_an_output_drives_a_parameter(g: Any) -> None:
    number = g.t.number(value=2)
    scaled = g.t.scale(image=g.t.canvas(), factor=number)
    assert scaled["factor"] == number.out
    scaled["factor"] = 3
    assert scaled["factor"] == 3
    assert [edge["target"]["port"] for edge in g.to_document()["edges"]] == ["image"]
    assert g.validate() == []


def test_a_list_input_takes_several_outputs_even_the_same_twice(g: Any) -> None:
    canvas, other = g.t.canvas(), g.t.canvas()
    stack = g.t.stack(images=[canvas.image, other, canvas])
    assert [output.node.id for output in stack["images"]] == ["canvas", "canvas_2", "canvas"]
    g.connect(other.image, stack, "images")
    assert len(stack["images"]) == 4
    stack["images"] = [other]
    assert stack["images"] == [other.image]


def test_lists_map_nodes_and_what_follows_them(g: Any) -> None:
    many = g.t.load(path=g.t.folder())
    blurred = g.t.blur(image=many)
    stack = g.t.stack(images=blurred)
    assert g.validate() == []
    assert refused(lambda: g.t.load(path=g.t.frames())).code == "VE-006"
    assert g.t.blur(image=stack).id == "blur_2"


def test_names_that_python_has_take_an_underscore(g: Any) -> None:
    identity = g.t.identity(in_=g.t.canvas())
    assert identity["in_"] == identity["in"] == g["canvas"].image
    assert g.node("t.identity", **{"in": g["canvas"]})["in"] == g["canvas"].image


def test_items_connect_replace_and_reset(g: Any) -> None:
    first, second = g.t.canvas(), g.t.canvas()
    blur = g.t.blur(image=first)
    assert (blur["radius"], blur["mask"]) == (3, None)
    blur["image"] = second.image
    blur["radius"] = 7
    assert (blur["image"], blur["radius"], blur.params) == (second.image, 7, {"radius": 7})
    del blur["radius"]
    del blur["image"]
    assert (blur["image"], blur["radius"], blur.params) == (None, 3, {})
    g.connect(("canvas", "image"), blur, "image")
    g.disconnect(first, blur, "image")
    assert blur["image"] is None


def test_policies_are_attributes(g: Any) -> None:
    node = g.t.canvas()
    node.title, node.mode, node.retries, node.retry_delay_s, node.timeout_s = "soft", "muted", 2, 0.5, 9
    node.retry_jitter_factor, node.tags, node.max_parallel = 0.5, ("gpu", "slow"), 4
    node.position = (1, 2)
    found = g.to_document()["nodes"]["canvas"]
    assert found == {
        "type": "t.canvas",
        "params": {},
        "position": {"x": 1.0, "y": 2.0},
        "title": "soft",
        "mode": "muted",
        "retries": 2,
        "retry_delay_s": 0.5,
        "timeout_s": 9.0,
        "retry_jitter_factor": 0.5,
        "tags": ["gpu", "slow"],
        "max_parallel": 4,
    }


@pytest.mark.parametrize(
    ("call", "code", "hint"),
    [
        (lambda g: g.t.blurr(), "VE-003", "Did you mean blur?"),
        (lambda g: g.tt, "VE-003", "Did you mean t?"),
        (lambda g: g.node("t.blurr"), "VE-003", "Did you mean t.blur?"),
        (lambda g: g.t.blur(imgae=g["canvas"]), "VE-004", "Did you mean image?"),
        (lambda g: g.t.blur(raduis=2), "VE-004", "Did you mean radius?"),
        (lambda g: g.t.blur(image=2), "VE-004", "Connect an edge to image instead."),
        (lambda g: g["canvas"].imgae, "VE-004", "Did you mean image?"),
        (lambda g: g.t.blur(image=g["split"]), "VE-004", "Name one of its outputs: low, high."),
        (lambda g: g.t.blur(image=g["number"]), "VE-006", None),
        (lambda g: g.t.mix(a=[g["canvas"], g["canvas"]]), "VE-008", None),
        (lambda g: g.t.blur(radius="wide"), "VE-009", "Give FLOAT from 0 to 50 px."),
        (lambda g: g.t.blur(radius=51), "VE-010", "Give FLOAT from 0 to 50 px."),
        (lambda g: g.t.blur(kernel="bax"), "VE-010", "Did you mean box?"),
        (lambda g: g.t.tag(data=object()), "VE-001", None),
        (lambda g: g["canvas"].__setitem__("size", 1.5), "VE-009", None),
        (lambda g: g["canvas"].__setitem__("sise", 1), "VE-004", "Did you mean size?"),
        (lambda g: setattr(g["canvas"], "mode", "off"), "VE-001", None),
        (lambda g: g["canvvas"], "VE-005", "Did you mean canvas?"),
        (lambda g: g.remove("gone"), "VE-005", None),
        (lambda g: g.connect(g["number"], "scale", "image"), "VE-006", None),
        (lambda g: g.connect(("canvas", "nope"), "scale", "image"), "VE-004", None),
        (lambda g: g["scale"].__setitem__("image", g["scale"].image), "VE-002", None),
        (lambda g: g.expose_input("x", "canvas", "sise"), "VE-004", "Did you mean size?"),
        (lambda g: g.expose_input("size", "canvas", "size"), "VE-001", None),
        (lambda g: g.hide_input("sise"), "VE-004", "Did you mean size?"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    g: Any, call: Callable[[Any], object], code: str, hint: str | None
) -> None:
    canvas = g.t.canvas()
    g.t.number()
    g.t.split(image=canvas)
    g.t.scale(image=canvas, factor=2)
    g.expose_input("size", canvas, "size")
    before = g.to_document()
    error = refused(lambda: call(g))
    assert error.code == code
    assert isinstance(error, GraphError)
    assert error.problems[0].code == code
    if hint is not None:
        assert error.hint == error.problems[0].hint == hint
    assert g.to_document() == before


def test_nodes_of_two_graphs_do_not_mix(g: Any) -> None:
    other: Any = Graph(catalogue=CATALOGUE)
    assert refused(lambda: g.t.blur(image=other.t.canvas())).code == "VE-005"


def test_a_removed_node_is_gone(g: Any) -> None:
    canvas = g.t.canvas()
    g.t.blur(image=canvas)
    g.expose_output("x", canvas)
    g.remove(canvas)
    assert "canvas" not in g
    assert g.outputs == {}
    assert g.to_document()["edges"] == []
    assert refused(lambda: canvas.title).code == "VE-005"


def test_exposures_can_be_taken_back(g: Any) -> None:
    canvas = g.t.canvas()
    g.expose_input("size", canvas, "size")
    g.expose_output("a", canvas)
    g.expose_output("b", canvas.image)
    g.hide_output("a")
    g.hide_input("size")
    assert (g.inputs, g.outputs) == ({}, {"b": ("canvas", "image")})


def test_a_saved_graph_loads_as_it_was(g: Any, tmp_path: Path) -> None:
    g.t.blur(image=g.t.canvas())
    g.group("Frame", id="f", at=(1, 2), size=(3, 4), color="#fff")
    g.note("*hm*", id="n")
    g.id = "5a0f3c1e-7d1b-4c55-9a52-0b6f2f6f3a10"
    g.save(tmp_path / "g.json")
    loaded = Graph.load(tmp_path / "g.json", catalogue=CATALOGUE)
    assert loaded.to_document() == g.to_document()
    assert loaded.folder == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["g.json"]
    assert json.loads((tmp_path / "g.json").read_text())["groups"][0]["title"] == "Frame"


def test_drafts_of_unknown_types_can_be_loaded_and_edited() -> None:
    subject = Graph.from_document(
        graph({"a": "gone", "b": "canvas"}, "a.x > b.size").to_document(), catalogue=CATALOGUE
    )
    subject["a"].title = "still here"
    assert refused(lambda: subject["a"].x).code == "VE-003"
    assert {problem.code for problem in subject.validate()} == {"VE-003"}


def test_notebooks_and_editors_find_names(g: Any) -> None:
    blur = g.t.blur(image=g.t.canvas())
    assert "t" in dir(g)
    assert {"blur", "canvas"} <= set(dir(g.t))
    assert "image" in dir(blur)
    assert not hasattr(g, "_repr_html_")
    assert not hasattr(blur, "nothing")
    assert str(inspect.signature(g.t.blur)).startswith("(*, image, mask=None, radius=3, kernel='gauss'")
    assert "radius (FLOAT 0 to 50 px)" in g.t.blur.__doc__
    assert g._repr_markdown_().startswith("```mermaid\nflowchart LR\n")


def test_a_pack_with_the_name_of_a_method_takes_an_underscore() -> None:
    spec = CATALOGUE.all()[0].model_copy(update={"type": "save.thing"})
    subject: Any = Graph(catalogue=Catalogue((spec,)))
    assert subject.save_.thing().type == "save.thing"
    assert callable(subject.save)
