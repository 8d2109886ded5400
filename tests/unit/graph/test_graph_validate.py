from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, edge, graph, output
from vortex_prefect.core.errors import Problem
from vortex_prefect.core.nodespec import Bounds, Catalogue, NodeSpec, ParamSpec
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.validate import validate


def check(subject: Graph) -> list[Problem]:
    return validate(subject, CATALOGUE)


def only(subject: Graph) -> Problem:
    (found,) = check(subject)
    return found


def place(problem: Problem) -> tuple[str, str | None, str | None, str | None]:
    return problem.code, problem.node_id, problem.port, problem.path


def with_param(node_type: str, name: str, value: Any) -> Graph:
    return graph({"c": "canvas", "n": {"type": node_type, "params": {name: value}}}, "c.image > n.image")


def test_a_graph_that_can_run_has_no_problems() -> None:
    subject = graph(
        {"load": {"type": "load", "params": {"path": "a.png"}}, "blur": "blur", "mask": "mask", "save": "save"},
        "load.image > blur.image",
        "load.image > mask.image",
        "mask.mask > blur.mask",
        "blur.image > save.image",
        inputs=[{"name": "photo", "node": "load", "param": "path"}],
        outputs=[output("result", "save.path")],
    )
    assert check(subject) == []
    assert check(Graph()) == []


def test_ve002_names_the_loop() -> None:
    found = only(
        graph({"a": "blur", "b": "blur", "c": "blur"}, "a.image>b.image", "b.image>c.image", "c.image>a.image")
    )
    assert place(found) == ("VE-002", "a", "image", "/edges/0")
    assert "a → b → c → a" in found.message
    assert "a.image → b.image" in str(found.hint)


def test_ve002_counts_a_component_once_and_each_component() -> None:
    subject = graph(
        {"a": "mix", "b": "blur", "c": "blur", "s": "blur"},
        "a.image>b.image",
        "b.image>a.a",
        "a.image>c.image",
        "c.image>a.b",
        "s.image>s.image",
    )
    assert [p.message.split(": ")[1] for p in check(subject)] == ["a → b → a", "s → s"]


def test_ve002_reports_loops_of_muted_nodes_too() -> None:
    subject = graph(
        {"a": {"type": "blur", "mode": "muted"}, "b": {"type": "blur", "mode": "bypassed"}},
        "a.image>b.image",
        "b.image>a.image",
    )
    assert only(subject).code == "VE-002"


def test_ve002_shortens_very_long_loops() -> None:
    count = 2_000
    nodes: dict[str, str | dict[str, Any]] = {f"n{i:04}": "blur" for i in range(count)}
    found = only(graph(nodes, *(f"n{i:04}.image > n{(i + 1) % count:04}.image" for i in range(count))))
    assert "… 1977 more …" in found.message
    assert found.message.endswith("n1999 → n0000")


def test_ve003_suggests_the_nearest_type() -> None:
    found = only(graph({"a": "canvsa"}))
    assert place(found) == ("VE-003", "a", None, "/nodes/a/type")
    assert found.hint == "Did you mean t.canvas?"


@pytest.mark.parametrize("mode", ["muted", "bypassed"])
def test_ve003_is_reported_in_nodes_that_do_not_run(mode: str) -> None:
    assert only(graph({"a": {"type": "gone", "mode": mode}})).code == "VE-003"


def test_ports_of_unknown_types_are_not_guessed_at() -> None:
    subject = graph({"a": "gone", "b": "blur", "c": "gone"}, "a.x > b.image", "b.image > c.y", "a.x > c.y")
    assert [place(p)[:2] for p in check(subject)] == [("VE-003", "a"), ("VE-003", "c")]


def test_ve004_unknown_output_and_input() -> None:
    subject = graph({"a": "canvas", "b": "save"}, "a.imgae > b.image", "a.image > b.picture")
    first, second = check(subject)
    assert place(first) == ("VE-004", "a", "imgae", "/edges/0/source/port")
    assert first.hint == "Did you mean image?"
    assert place(second) == ("VE-004", "b", "picture", "/edges/1/target/port")
    assert second.hint == "The inputs of t.save: image."


def test_ve004_unknown_parameter() -> None:
    found = only(with_param("blur", "raduis", 3))
    assert place(found) == ("VE-004", "n", "raduis", "/nodes/n/params/raduis")
    assert found.hint == "Did you mean radius?"


def test_ve004_value_for_an_input_port() -> None:
    found = only(with_param("blur", "image", "photo.png"))
    assert place(found) == ("VE-004", "n", "image", "/nodes/n/params/image")
    assert "an input" in found.message


def test_ve005_names_both_missing_ends() -> None:
    subject = graph({"blur1": "canvas"}, "blur2.image > gone.image")
    first, second = check(subject)
    assert place(first) == ("VE-005", "blur2", "image", "/edges/0/source")
    assert first.hint == "Did you mean blur1?"
    assert place(second) == ("VE-005", "gone", "image", "/edges/0/target")


def test_an_edge_from_a_missing_node_is_not_also_a_missing_input() -> None:
    assert [p.code for p in check(graph({"b": "save"}, "gone.image > b.image"))] == ["VE-005"]


def test_exposures_of_missing_things() -> None:
    subject = graph(
        {"a": "canvas", "u": "gone"},
        inputs=[
            {"name": "i0", "node": "b", "param": "size"},
            {"name": "i1", "node": "a", "param": "siez"},
            {"name": "i2", "node": "u", "param": "any"},
        ],
        outputs=[output("o0", "b.image"), output("o1", "a.picture"), output("o2", "u.any")],
    )
    assert [place(p) for p in check(subject)] == [
        ("VE-003", "u", None, "/nodes/u/type"),
        ("VE-004", "a", "picture", "/outputs/1/port"),
        ("VE-004", "a", "siez", "/inputs/1/param"),
        ("VE-005", "b", "image", "/outputs/0/node"),
        ("VE-005", "b", "size", "/inputs/0/node"),
    ]


def test_ve006_names_both_types_and_what_would_fit() -> None:
    found = only(graph({"a": "number", "b": "save"}, "a.out > b.image"))
    assert place(found) == ("VE-006", "b", "image", "/edges/0")
    assert "FLOAT" in found.message
    assert "IMAGE" in found.message
    assert "IMAGE" in str(found.hint)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("seed.out", "blur.radius"),
        ("number.out", "identity.in"),
        ("identity.out", "blur.mask"),
        ("seed.out", "tag.data"),
    ],
)
def test_conversions_and_any_are_accepted(source: str, target: str) -> None:
    nodes: dict[str, str | dict[str, Any]] = {
        "c": "canvas",
        "blur": "blur",
        "seed": "seed",
        "number": "number",
        "tag": "tag",
    }
    subject = graph(
        nodes | {"identity": "identity", "j": "identity"},
        "c.image > blur.image",
        f"{source} > {target}",
        *(() if target == "identity.in" else ("number.out > identity.in",)),
        "number.out > j.in",
    )
    assert check(subject) == []


def test_conversions_have_a_direction() -> None:
    assert only(graph({"a": "number", "b": "seed"}, "a.out > b.value")).code == "VE-006"


def test_ve007_missing_input_and_missing_value() -> None:
    first, second = check(graph({"a": "scale"}))
    assert place(first) == ("VE-007", "a", "factor", "/nodes/a")
    assert "FLOAT" in str(first.hint)
    assert place(second) == ("VE-007", "a", "image", "/nodes/a")
    assert "IMAGE" in str(second.hint)


def test_ve007_null_is_no_value_of_a_required_parameter() -> None:
    assert only(graph({"a": {"type": "load", "params": {"path": None}}})).code == "VE-009"


@pytest.mark.parametrize("mode", ["muted", "bypassed"])
def test_nodes_that_do_not_run_need_no_inputs(mode: str) -> None:
    assert check(graph({"a": {"type": "scale", "mode": mode}, "b": "save"}, "a.image > b.image")) == []


def test_a_required_parameter_may_be_driven_by_an_edge() -> None:
    subject = graph({"c": "canvas", "n": "number", "s": "scale"}, "c.image > s.image", "n.out > s.factor")
    assert check(subject) == []


def test_ve008_more_than_one_edge_into_a_single_input() -> None:
    subject = graph({"a": "canvas", "b": "canvas", "s": "save"}, "a.image > s.image", "b.image > s.image")
    found = only(subject)
    assert place(found) == ("VE-008", "s", "image", "/edges/1")
    assert "a.image, b.image" in found.message


def test_ve008_holds_for_driven_parameters_and_repeated_edges() -> None:
    twice = graph({"a": "number", "b": "number"}, "a.out > b.value", "a.out > b.value")
    assert only(twice).code == "VE-008"


def test_list_inputs_take_many_edges() -> None:
    subject = graph({"a": "canvas", "s": "stack"}, "a.image > s.images", "a.image > s.images")
    assert check(subject) == []


@pytest.mark.parametrize("value", ["3", None, True, [3], {}])
def test_ve009_wrong_type(value: Any) -> None:
    found = only(with_param("blur", "radius", value))
    assert place(found) == ("VE-009", "n", "radius", "/nodes/n/params/radius")
    assert found.hint == "Give FLOAT from 0 to 50 px."


@pytest.mark.parametrize("value", [-0.1, 50.1, 1 << 60])
def test_ve010_out_of_bounds(value: float) -> None:
    found = only(with_param("blur", "radius", value))
    assert place(found) == ("VE-010", "n", "radius", "/nodes/n/params/radius")
    assert found.hint == "Give FLOAT from 0 to 50 px."


def test_ve010_not_one_of_the_choices() -> None:
    found = only(with_param("blur", "kernel", "gaus"))
    assert found.code == "VE-010"
    assert found.hint == "Did you mean gauss?"


@pytest.mark.parametrize("value", ["99999999999999999999", 1e300])
def test_ve010_integers_beyond_64_bits(value: Any) -> None:
    assert only(graph({"a": {"type": "seed", "params": {"value": value}}})).code == "VE-010"


@pytest.mark.parametrize("value", [0, 50, 3.5, 7])
def test_bounds_are_inclusive(value: float) -> None:
    assert check(with_param("blur", "radius", value)) == []


def test_a_null_default_may_be_given_explicitly() -> None:
    assert check(graph({"a": {"type": "tag", "params": {"note": None}}})) == []


def test_an_edge_replaces_the_parameters_own_value() -> None:
    nodes: dict[str, str | dict[str, Any]] = {
        "c": "canvas",
        "n": "number",
        "b": {"type": "blur", "params": {"radius": "nonsense"}},
    }
    assert check(graph(nodes, "c.image > b.image", "n.out > b.radius")) == []
    assert [p.code for p in check(graph(nodes, "c.image > b.image"))] == ["VE-009"]


@pytest.mark.parametrize(
    ("bounds", "hint"),
    [
        (Bounds(min=1), "Give INT of at least 1."),
        (Bounds(max=9), "Give INT of at most 9."),
        (Bounds(), "Give a value of type INT."),
        (None, "Give a value of type INT."),
    ],
)
def test_hints_name_the_bounds_that_exist(bounds: Bounds | None, hint: str) -> None:
    param = ParamSpec(name="size", type="INT", default=1, bounds=bounds)
    catalogue = Catalogue((NodeSpec(type="t.x", title="X", category="c", params=(param,)),))
    (found,) = validate(graph({"a": {"type": "x", "params": {"size": "?"}}}), catalogue)
    assert found.hint == hint


def test_all_problems_at_once_in_an_order_that_does_not_depend_on_the_document() -> None:
    nodes: dict[str, str | dict[str, Any]] = {
        "a": {"type": "blur", "params": {"radius": 99, "x": 1, "kernel": 3}},
        "b": "gone",
        "n": "number",
        "s": "save",
    }
    edges = ["n.out > s.image", "q.out > s.image", "a.image > a.image"]
    subject = graph(nodes, *edges)
    codes = [p.code for p in check(subject)]
    assert codes == ["VE-002", "VE-003", "VE-004", "VE-005", "VE-006", "VE-008", "VE-009", "VE-010"]
    turned = graph({name: nodes[name] for name in reversed(nodes)}, *edges)
    assert check(turned) == check(subject)


def test_absurdly_many_unknown_names_are_all_reported() -> None:
    nodes: dict[str, str | dict[str, Any]] = {f"n{i}": f"unknown{i}" for i in range(2_000)}
    found = check(graph(nodes))
    assert len(found) == 2_000
    assert sum(p.hint is None for p in found) == 1_900


def test_close_names_are_not_searched_among_hundreds() -> None:
    nodes: dict[str, str | dict[str, Any]] = {f"node{i:03}": "canvas" for i in range(600)}
    found = only(graph({**nodes, "s": "stack"}, "node6000.image > s.images"))
    assert str(found.hint).endswith("and 589 more.")


def test_edges_are_written_as_the_tests_say() -> None:
    assert edge("a.x > b.y") == {"source": {"node": "a", "port": "x"}, "target": {"node": "b", "port": "y"}}
