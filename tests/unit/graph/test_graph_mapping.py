"""Which nodes run once an item, by the types alone."""

from __future__ import annotations

import pytest

from tests.unit.graph.builders import CATALOGUE, Nodes, graph, plan
from vortex_prefect.core.nodespec import accepts, maps
from vortex_prefect.graph.validate import validate


def mapped(nodes: Nodes, *edges: str) -> dict[str, tuple[str, ...]]:
    subject = graph(nodes, *edges)
    assert validate(subject, CATALOGUE) == []
    return {node_id: step.mapped for node_id, step in plan(subject).steps.items() if step.mapped}


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("LIST[IMAGE]", "IMAGE", True),
        ("LIST[INT]", "FLOAT", True),
        ("LIST[ANY]", "IMAGE", True),
        ("LIST[FLOAT]", "JSON", True),
        ("LIST[IMAGE]", "ANY", False),
        ("LIST[IMAGE]", "LIST[IMAGE]", False),
        ("LIST[IMAGE]", "MASK", False),
        ("LIST[LIST[IMAGE]]", "IMAGE", False),
        ("LIST[LIST[IMAGE]]", "LIST[IMAGE]", False),
        ("IMAGE", "IMAGE", False),
    ],
)
def test_what_maps(source: str, target: str, expected: bool) -> None:
    assert maps(source, target) is expected


def test_lists_fit_lists_of_what_their_items_fit() -> None:
    assert accepts("LIST[INT]", "LIST[FLOAT]")
    assert not accepts("LIST[FLOAT]", "LIST[INT]")
    assert not accepts("FLOAT", "LIST[FLOAT]")
    assert accepts("LIST[FLOAT]", "LIST[ANY]")


def test_what_takes_items_of_a_mapped_node_is_mapped_too_until_somebody_takes_the_list() -> None:
    nodes: Nodes = {"f": "frames", "b": "blur", "m": "mask", "all": "stack", "end": "blur"}
    edges = ("f.out > b.image", "b.image > m.image", "b.image > all.images", "all.image > end.image")
    assert mapped(nodes, *edges) == {"b": ("image",), "m": ("image",)}


def test_parameters_map_as_inputs_do() -> None:
    nodes: Nodes = {"r": "range", "c": "canvas", "b": "blur"}
    assert mapped(nodes, "r.out > b.radius", "c.image > b.image") == {"b": ("radius",)}


def test_any_takes_the_list_as_it_is() -> None:
    assert mapped({"f": "frames", "i": "identity"}, "f.out > i.in") == {}
    assert mapped({"f": "frames", "s": "survivors"}, "f.out > s.items") == {}


def test_a_bypassed_node_hands_the_list_on() -> None:
    nodes: Nodes = {"f": "frames", "b": {"type": "blur", "mode": "bypassed"}, "m": "mask"}
    assert mapped(nodes, "f.out > b.image", "b.image > m.image") == {"m": ("image",)}


def test_items_of_the_wrong_type_are_a_problem() -> None:
    (problem,) = validate(graph({"f": "frames", "n": "number"}, "f.out > n.value"), CATALOGUE)
    assert problem.code == "VE-006"
    assert "f.out gives LIST[IMAGE], but n.value takes FLOAT" in problem.message


def test_the_list_of_a_mapped_node_is_named_as_such() -> None:
    nodes: Nodes = {"r": "range", "n": "number", "b": "blur", "c": "canvas"}
    edges = ("r.out > n.value", "n.out > b.mask", "c.image > b.image")
    (problem,) = validate(graph(nodes, *edges), CATALOGUE)
    assert "n.out gives LIST[FLOAT], but b.mask takes MASK" in problem.message


def test_loops_are_told_of_though_there_are_lists() -> None:
    nodes: Nodes = {"r": "range", "n": "number", "m": "number"}
    problems = validate(graph(nodes, "r.out > n.value", "n.out > m.value", "m.out > n.value"), CATALOGUE)
    assert "VE-002" in {problem.code for problem in problems}
