from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.unit.graph.builders import document, graph
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import canonical_json, content_key, graph_hash
from vortex_prefect.graph.model import parse_graph

NODES: dict[str, str | dict[str, Any]] = {
    "a": "canvas",
    "b": {"type": "blur", "params": {"radius": 2, "kernel": "box"}},
    "s": "stack",
}
EDGES = ("a.image > b.image", "a.image > s.images", "b.image > s.images")
BASE = document(NODES, *EDGES)


def hash_of(data: dict[str, Any]) -> str:
    return graph_hash(parse_graph(data, Limits()))


def with_node(name: str, **fields: Any) -> dict[str, Any]:
    return {**BASE, "nodes": {**BASE["nodes"], name: {**BASE["nodes"][name], **fields}}}


def test_the_hash_is_the_sha256_of_the_canonical_form() -> None:
    form = (
        '{"edges":{"s/images":[["a","image"]]},"inputs":{},'
        '"nodes":{"a":["t.canvas",{"size":4},"active",0,null,null],"s":["t.stack",{},"muted",2,0.5,9]},'
        '"outputs":{"o":["s","image"]},"schema":"vortex.graph/1"}'
    )
    subject = graph(
        {
            "s": {"type": "stack", "mode": "muted", "retries": 2, "retry_delay_s": 0.5, "timeout_s": 9},
            "a": {"type": "canvas", "params": {"size": 4.0}},
        },
        "a.image > s.images",
        outputs=[{"name": "o", "node": "s", "port": "image"}],
    )
    assert graph_hash(subject) == hashlib.sha256(form.encode()).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        BASE | {"name": "other", "id": "x"},
        BASE | {"groups": [{"id": "g"}], "notes": [{"id": "n", "text": "hi"}]},
        with_node("b", position={"x": 5, "y": 6}),
        with_node("b", title="Soft"),
        with_node("b", params={"kernel": "box", "radius": 2.0}),
        with_node("b", mode="active", retries=0, retry_delay_s=None, timeout_s=None, retry_jitter_factor=0),
        with_node("b", tags=["slow"], max_parallel=2),
        BASE | {"nodes": {name: BASE["nodes"][name] for name in "sba"}},
        BASE | {"edges": [BASE["edges"][1], BASE["edges"][2], BASE["edges"][0]]},
    ],
    ids=["name", "groups", "position", "title", "number", "defaults", "tags", "node order", "edge order"],
)
def test_what_decides_nothing_does_not_change_the_hash(data: dict[str, Any]) -> None:
    assert hash_of(data) == hash_of(BASE)


@pytest.mark.parametrize(
    "data",
    [
        with_node("b", type="t.mask"),
        with_node("b", params={"radius": 3, "kernel": "box"}),
        with_node("b", params={"radius": True, "kernel": "box"}),
        with_node("b", params={"radius": "2", "kernel": "box"}),
        with_node("b", mode="muted"),
        with_node("b", retries=1),
        with_node("b", timeout_s=1),
        with_node("b", retry_delay_s=0),
        with_node("b", retry_jitter_factor=0.5),
        BASE | {"edges": [BASE["edges"][0], BASE["edges"][2], BASE["edges"][1]]},
        BASE | {"edges": BASE["edges"][:2]},
        BASE | {"inputs": [{"name": "r", "node": "b", "param": "radius"}]},
        BASE | {"outputs": [{"name": "r", "node": "b", "port": "image"}]},
        BASE | {"nodes": BASE["nodes"] | {"z": {"type": "t.canvas"}}},
    ],
    ids=[
        "type", "number", "bool", "text", "mode", "retries", "timeout", "delay", "jitter",
        "order into a list", "edge", "input", "output", "node",
    ],
)  # fmt: skip
def test_what_decides_something_changes_the_hash(data: dict[str, Any]) -> None:
    assert hash_of(data) != hash_of(BASE)


def test_a_round_trip_keeps_the_hash() -> None:
    subject = graph(NODES, *EDGES)
    assert hash_of(subject.to_document()) == graph_hash(subject)


def test_canonical_json() -> None:
    assert canonical_json({"b": [1.0, 1.5, -0.0], "a": {"ü": None}}) == rb'{"a":{"\u00fc":null},"b":[1,1.5,0]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def key(
    node_type: str = "t.x",
    version: int = 1,
    params: dict[str, Any] | None = None,
    inputs: dict[str, list[tuple[str, str]]] | None = None,
    files: dict[str, str] | None = None,
    parent: str | None = "k",
) -> str | None:
    feeds = {"in": [("n", "out")]} if inputs is None else inputs
    return content_key(node_type, version, {"p": 1} if params is None else params, feeds, {"n": parent}, files or {})


@pytest.mark.parametrize(
    "other",
    [
        {"node_type": "t.y"},
        {"version": 2},
        {"params": {"p": 2}},
        {"params": {"p": "1"}},
        {"params": {"p": True}},
        {"params": {"q": 1}},
        {"params": {}},
        {"inputs": {"other": [("n", "out")]}},
        {"inputs": {"in": [("n", "other")]}},
        {"inputs": {"in": [("n", "out"), ("n", "out")]}},
        {"inputs": {"in": [("n", "out")], "more": [("n", "out")]}},
        {"inputs": {}},
        {"parent": "l"},
        {"files": {"p": "f"}},
    ],
)
def test_each_part_changes_the_content_key(other: Any) -> None:
    assert key() != key(**other)


def test_content_keys_do_not_depend_on_the_order_of_parameters_and_ports() -> None:
    first = key(params={"a": 1, "b": {"x": 1, "y": 2.0}}, inputs={"a": [("n", "out")], "b": [("n", "x")]})
    assert first == key(params={"b": {"y": 2, "x": 1}, "a": 1}, inputs={"b": [("n", "x")], "a": [("n", "out")]})


def test_content_keys_do_not_depend_on_what_the_sources_are_called() -> None:
    assert key() == content_key("t.x", 1, {"p": 1}, {"in": [("m", "out")]}, {"m": "k"}, {})


def test_there_is_no_content_key_below_a_node_that_has_none() -> None:
    assert key(parent=None) is None


def test_text_is_not_mistaken_for_json() -> None:
    assert key(params={"a": "[1]"}) != key(params={"a": [1]})


def test_text_cannot_pass_for_the_parts_around_it() -> None:
    assert key(params={"p": "1)]'in'"}, inputs={}) != key(params={"p": "1"})
    assert key(inputs={"a'k'b": [("n", "out")]}) != key(inputs={"a": [("n", "b"), ("n", "out")]})
