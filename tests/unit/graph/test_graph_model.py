from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest

from tests.unit.graph.builders import document, graph
from vortex_prefect.core.errors import GraphError, Problem
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import SCHEMA, Graph, parse_graph

LIMITS = Limits()
EVERYTHING: dict[str, Any] = {
    "schema": SCHEMA,
    "id": "8e7c1f0c-6b0f-4b57-9e0e-2f6b0a7d9c11",
    "name": "Photo grade",
    "nodes": {
        "load": {
            "type": "image.load",
            "params": {"path": "photo.png", "nested": {"list": [1, 2.5, None, True]}},
            "position": {"x": -3.5, "y": 4.0},
            "title": "Foto",
            "mode": "bypassed",
            "retries": 100,
            "retry_delay_s": 0.5,
            "retry_jitter_factor": 0.25,
            "timeout_s": 10.0,
            "tags": ["gpu", "slow"],
            "max_parallel": 3,
        },
    },
    "edges": [{"source": {"node": "load", "port": "image"}, "target": {"node": "gone", "port": "image"}}],
    "inputs": [{"name": "photo", "node": "load", "param": "path"}],
    "outputs": [{"name": "result", "node": "load", "port": "image"}],
    "groups": [
        {"id": "g", "title": "G", "position": {"x": 0, "y": 0}, "size": {"width": 1, "height": 2}, "color": "#fff"}
    ],
    "notes": [
        {"id": "n", "text": "*hi*", "position": {"x": 0, "y": 0}, "size": {"width": 1, "height": 2}, "color": None}
    ],
}


def problems_of(data: Any, limits: Limits = LIMITS) -> tuple[Problem, ...]:
    with pytest.raises(GraphError) as caught:
        parse_graph(data, limits)
    return caught.value.problems


def broken(path: str, value: Any) -> dict[str, Any]:
    """EVERYTHING with another value at a path of dots."""
    data = copy.deepcopy(EVERYTHING)
    *parents, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    place: Any = data
    for part in parents:
        place = place[part]
    place[last] = value
    return data


def test_a_document_with_every_field_round_trips() -> None:
    parsed = parse_graph(EVERYTHING, LIMITS)
    assert parsed.to_document() == EVERYTHING
    assert parse_graph(json.loads(json.dumps(parsed.to_document())), LIMITS) == parsed


def test_omitted_fields_have_defaults() -> None:
    parsed = parse_graph({"schema": SCHEMA, "nodes": {"a": {"type": "x.y"}}}, LIMITS)
    assert parsed.id is None
    node = parsed.nodes["a"]
    assert (node.params, node.mode, node.retries, node.timeout_s, node.position.x) == ({}, "active", 0, None, 0.0)


def test_a_graph_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        graph({"a": "blur"}).name = "other"


@pytest.mark.parametrize("data", [None, [], "graph", 3, 3.5, True, (), object()])
def test_what_is_not_an_object_is_refused(data: Any) -> None:
    assert [(p.code, p.path) for p in problems_of(data)] == [("VE-001", "")]


@pytest.mark.parametrize(
    ("path", "value", "where", "says"),
    [
        ("schema", "vortex.graph/2", "/schema", "must be 'vortex.graph/1'"),
        ("id", 5, "/id", "must be text"),
        ("name", None, "/name", "must be text"),
        ("nodes", [], "/nodes", "must be an object"),
        ("nodes.load", "image.load", "/nodes/load", "must be an object"),
        ("nodes.load.type", "", "/nodes/load/type", "must not be empty"),
        ("nodes.load.type", None, "/nodes/load/type", "must be text"),
        ("nodes.load.params", [], "/nodes/load/params", "must be an object"),
        ("nodes.load.position", {"x": "1", "y": 0}, "/nodes/load/position/x", "must be a number"),
        ("nodes.load.position", {"x": True, "y": 0}, "/nodes/load/position/x", "must be a number"),
        ("nodes.load.mode", "off", "/nodes/load/mode", "'active', 'muted' or 'bypassed'"),
        ("nodes.load.retries", 101, "/nodes/load/retries", "at most 100"),
        ("nodes.load.retries", -1, "/nodes/load/retries", "at least 0"),
        ("nodes.load.retries", 1.5, "/nodes/load/retries", "must be a whole number"),
        ("nodes.load.timeout_s", 0, "/nodes/load/timeout_s", "greater than 0"),
        ("nodes.load.retry_delay_s", -1, "/nodes/load/retry_delay_s", "at least 0"),
        ("nodes.load.parms", {}, "/nodes/load/parms", "not a known field"),
        ("edges", {}, "/edges", "must be a list"),
        ("edges.0", {"source": {"node": "a", "port": "b"}}, "/edges/0/target", "is missing"),
        ("edges.0.source", "load.image", "/edges/0/source", "must be an object"),
        ("inputs.0", {"name": "a", "node": "b"}, "/inputs/0/param", "is missing"),
        ("outputs", None, "/outputs", "must be a list"),
        ("groups.0.size", 3, "/groups/0/size", "must be an object"),
        ("notes.0.id", "", "/notes/0/id", "must not be empty"),
        ("nodes", {"a/b": {"type": "x.y"}}, "/nodes/a~1b", "must not contain slashes"),
        ("nodes", {"a\n": {"type": "x.y"}}, "/nodes/a\n", "control characters"),
        ("nodes", {"": {"type": "x.y"}}, "/nodes/", "must not be empty"),
        ("nodes", {"n" * 201: {"type": "x.y"}}, "/nodes/" + "n" * 201, "at most 200 characters"),
        ("nodes", {7: {"type": "x.y"}}, "/nodes/7", "not text"),
        ("nodes.load.params.nested", {7: 1}, "/nodes/load/params/nested/7", "not text"),
        ("nodes.load.params.x", math.nan, "/nodes/load/params/x", "not a finite number"),
        ("nodes.load.params.x", -math.inf, "/nodes/load/params/x", "not a finite number"),
        ("nodes.load.params.x", 1 << 64, "/nodes/load/params/x", "beyond 64 bits"),
        pytest.param("nodes.load.params.x", 10**6000, "/nodes/load/params/x", "beyond 64 bits", id="huge parameter"),
        pytest.param("nodes.load.retries", 10**6000, "/nodes/load/retries", "beyond 64 bits", id="huge field"),
        ("nodes.load.params.x", "\ud800", "/nodes/load/params/x", "lone surrogate"),
        ("nodes.load.params.x", b"bytes", "/nodes/load/params/x", "not a JSON value"),
        ("nodes.load.params.x", {1, 2}, "/nodes/load/params/x", "not a JSON value"),
        ("nodes.load.position.x", math.nan, "/nodes/load/position/x", "finite"),
    ],
)
def test_malformed_parts_are_named_by_path(path: str, value: Any, where: str, says: str) -> None:
    (found,) = {p.path: p for p in problems_of(broken(path, value))}.values()
    assert (found.code, found.path) == ("VE-001", where)
    assert says in found.message


def test_problems_within_a_node_name_node_and_parameter() -> None:
    (found,) = problems_of(broken("nodes.load.params.x", math.nan))
    assert (found.node_id, found.port) == ("load", "x")


def test_all_problems_are_found_at_once() -> None:
    data = broken("nodes.load.mode", "off") | {"edges": [3], "inputs": {}, "extra": 1}
    assert [p.path for p in problems_of(data)] == ["/edges/0", "/extra", "/inputs", "/nodes/load/mode"]


def test_the_schema_has_to_be_named() -> None:
    assert [p.path for p in problems_of({"nodes": {}})] == ["/schema"]


@pytest.mark.parametrize("part", ["inputs", "outputs", "groups", "notes"])
def test_names_are_unique(part: str) -> None:
    (found,) = problems_of(broken(part, EVERYTHING[part] * 2))
    assert found.path == f"/{part}"
    assert "twice" in found.message


def test_integers_of_64_bits_are_kept() -> None:
    parsed = parse_graph(broken("nodes.load.params.x", (1 << 64) - 1), LIMITS)
    assert parsed.nodes["load"].params["x"] == (1 << 64) - 1


@pytest.mark.parametrize(
    ("part", "value"),
    [("nodes", dict.fromkeys(map(str, range(1_000_000)))), ("edges", [None] * 1_000_000), ("notes", [None] * 100_000)],
)
def test_too_many_parts_are_one_problem(part: str, value: Any) -> None:
    assert [(p.code, p.path) for p in problems_of(broken(part, value))] == [("VE-012", f"/{part}")]


def test_limits_are_inclusive() -> None:
    two = document({"a": "blur", "b": "blur"}, "a.image > b.image")
    parse_graph(two, Limits(nodes=2, edges=1))
    assert [p.path for p in problems_of(two, Limits(nodes=1, edges=0))] == ["/nodes", "/edges"]


def test_nesting_of_a_parameter_is_limited() -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels else 0

    parse_graph(broken("nodes.load.params.x", nested(32)), LIMITS)
    (found,) = problems_of(broken("nodes.load.params.x", nested(33)))
    assert (found.code, found.path, found.port) == ("VE-012", "/nodes/load/params/x", "x")


def test_absurd_nesting_anywhere_is_refused_without_recursion() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for path in ("nodes.load.params.x", "name", "edges", "nodes.load.position"):
        assert "VE-012" in {p.code for p in problems_of(broken(path, deep))}


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    data = copy.deepcopy(EVERYTHING)
    data["nodes"]["load"]["params"]["x"] = loop
    assert [p.code for p in problems_of(data)] == ["VE-012"]


def test_size_is_limited_even_where_lists_are_shared() -> None:
    shared: list[Any] = []
    for _ in range(20):
        shared = [shared, shared]
    assert [p.code for p in problems_of(broken("nodes.load.params.x", shared), Limits(body_bytes=10_000))] == ["VE-012"]
    assert [p.code for p in problems_of(broken("name", "x" * 9_999), Limits(body_bytes=10_000))] == ["VE-012"]


def test_graph_built_in_code_equals_the_parsed_one() -> None:
    assert Graph() == parse_graph({"schema": SCHEMA}, LIMITS)
