"""By what a result is known, and when it need not be made again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, DIAMOND, DIAMOND_EDGES, Nodes, graph, output, plan
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.plan import Plan, compile_plan


def keys(found: Plan) -> dict[str, str | None]:
    return {node_id: step.key for node_id, step in found.steps.items()}


def known(found: Plan, *without: str) -> set[str]:
    return {step.key for step in found.steps.values() if step.key is not None and step.node_id not in without}


# --- content keys


def test_keys_depend_on_everything_upstream_and_on_nothing_else() -> None:
    base = keys(plan(graph(DIAMOND, *DIAMOND_EDGES)))
    changed = keys(plan(graph({**DIAMOND, "b": {"type": "blur", "params": {"radius": 4}}}, *DIAMOND_EDGES)))
    assert {node for node in base if base[node] != changed[node]} == {"b", "d", "e", "f"}


@pytest.mark.parametrize(
    "same",
    [
        {"type": "blur", "params": {"radius": 3.0}},
        {"type": "blur", "title": "Soft", "position": {"x": 1, "y": 1}},
        {"type": "blur", "retries": 3, "timeout_s": 5},
    ],
)
def test_keys_do_not_depend_on_layout_policy_or_how_defaults_are_written(same: dict[str, Any]) -> None:
    base = keys(plan(graph(DIAMOND, *DIAMOND_EDGES)))
    assert keys(plan(graph({**DIAMOND, "b": same}, *DIAMOND_EDGES))) == base


def test_keys_do_not_depend_on_node_ids() -> None:
    found = keys(plan(graph({"a": "canvas", "b": "canvas"})))
    assert found["a"] == found["b"]


def test_keys_depend_on_the_version_of_the_node_type() -> None:
    subject = graph({"a": "canvas"})
    newer = Catalogue(tuple(spec.model_copy(update={"version": 2}) for spec in CATALOGUE.all()))
    other = compile_plan(subject, newer, targets=None, force=False, file_identity=str)
    assert keys(other) != keys(plan(subject))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("p.low > m.a", "q.low > m.b"), ("q.low > m.a", "p.low > m.b")),
        (("p.low > m.a", "q.low > m.b"), ("p.high > m.a", "q.low > m.b")),
        (("p.low > m.a",), ("p.low > m.b",)),
    ],
    ids=["nodes", "outputs", "inputs"],
)
def test_keys_depend_on_which_output_feeds_which_input(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    nodes: Nodes = {
        "a": "canvas",
        "b": {"type": "canvas", "params": {"size": 9}},
        "p": "split",
        "q": "split",
        "m": "mix",
    }

    def key(edges: tuple[str, ...]) -> str | None:
        return plan(graph(nodes, "a.image > p.image", "b.image > q.image", *edges)).steps["m"].key

    assert key(one) != key(two)


def test_the_value_of_a_driven_parameter_is_not_in_the_key() -> None:
    def key(value: float) -> str | None:
        nodes: Nodes = {"n": "number", "c": "canvas", "b": {"type": "blur", "params": {"radius": value}}}
        return plan(graph(nodes, "c.image > b.image", "n.out > b.radius")).steps["b"].key

    assert key(1) == key(2)


def test_volatile_nodes_and_what_they_feed_have_no_key() -> None:
    found = plan(graph({"t": "clock", "c": "canvas", "b": "blur", "s": "save"},
                       "t.out > b.radius", "c.image > b.image", "b.image > s.image"))  # fmt: skip
    assert {node for node, key in keys(found).items() if key is None} == {"t", "b", "s"}
    assert found.steps["t"].volatile
    assert not found.steps["b"].volatile


# --- files


LOAD: dict[str, Any] = {"type": "load", "params": {"path": "a.png"}}


def test_the_content_of_files_is_in_the_key() -> None:
    subject = graph({"l": LOAD})
    assert keys(plan(subject, file_identity=lambda _: "1")) != keys(plan(subject, file_identity=lambda _: "2"))


def test_each_needed_file_is_asked_for_once() -> None:
    asked: list[str] = []

    def identity(path: str) -> str:
        asked.append(path)
        return "x"

    muted_load, other_load = {**LOAD, "mode": "muted"}, {**LOAD, "params": {"path": "other.png"}}
    nodes: Nodes = {"l": LOAD, "m": LOAD, "z": muted_load, "o": other_load}
    subject = graph(nodes, outputs=[output("l", "l.image"), output("m", "m.image")])
    plan(subject, targets=("l", "m"), file_identity=identity)
    assert asked == ["a.png"]


def test_files_of_driven_parameters_are_not_read() -> None:
    subject = graph({"c": "canvas", "s": "save", "l": LOAD}, "c.image > s.image", "s.path > l.path")

    def refuse(path: str) -> str:
        raise FileNotFoundError(path)

    assert plan(subject, file_identity=refuse).order == ("c", "s", "l")


def test_ve010_names_every_file_that_cannot_be_read() -> None:
    def identity(path: str) -> str:
        raise FileNotFoundError(path) if path == "a.png" else PermissionError(13, "Permission denied")

    subject = graph({"l": LOAD, "m": {**LOAD, "params": {"path": "secret.png"}}, "n": LOAD})
    with pytest.raises(GraphError) as caught:
        plan(subject, file_identity=identity)
    assert [(p.code, p.node_id, p.port, p.path) for p in caught.value.problems] == [
        ("VE-010", node, "path", f"/nodes/{node}/params/path") for node in "lmn"
    ]
    assert [p.message for p in caught.value.problems][:2] == [
        "l: the file a.png of path does not exist",
        "m: the file secret.png of path cannot be read (Permission denied)",
    ]


# --- what may be reused


CHAIN: Nodes = {"a": "canvas", "b": "blur", "c": "blur", "d": "blur"}
CHAIN_EDGES = ("a.image > b.image", "b.image > c.image", "c.image > d.image")


def test_an_empty_cache_runs_everything() -> None:
    found = plan(graph(CHAIN, *CHAIN_EDGES))
    assert found.dirty(set()) == {
        "a": "not in the cache",
        "b": "its input image from a changed",
        "c": "its input image from b changed",
        "d": "its input image from c changed",
    }


def test_an_unchanged_graph_runs_nothing() -> None:
    found = plan(graph(CHAIN, *CHAIN_EDGES))
    assert found.dirty(known(found)) == {}


def test_a_change_runs_what_is_downstream() -> None:
    before = plan(graph(CHAIN, *CHAIN_EDGES))
    after = plan(graph({**CHAIN, "c": {"type": "blur", "params": {"radius": 9}}}, *CHAIN_EDGES))
    assert after.dirty(known(before)) == {"c": "not in the cache", "d": "its input image from c changed"}


def test_an_evicted_result_that_nobody_needs_is_not_computed_again() -> None:
    found = plan(graph(CHAIN, *CHAIN_EDGES))
    assert found.dirty(known(found, "b")) == {}
    assert list(found.dirty(known(found, "b", "d"))) == ["d"]
    assert list(found.dirty(known(found, "b", "c", "d"))) == ["b", "c", "d"]


def test_an_evicted_result_that_is_a_graph_output_is_computed_again() -> None:
    found = plan(graph(CHAIN, *CHAIN_EDGES, outputs=[output("b", "b.image")]))
    assert list(found.dirty(known(found, "b"))) == ["b"]


def test_volatile_steps_always_run_and_so_does_what_they_feed() -> None:
    nodes: Nodes = {"t": "clock", "c": "canvas", "b": "blur", "s": "save"}
    found = plan(graph(nodes, "t.out > b.radius", "c.image > b.image", "c.image > s.image"))
    assert found.dirty(known(found)) == {
        "t": "runs every time",
        "b": "its input radius from t is new every time",
        "s": "runs every time",
    }


def test_force_runs_everything() -> None:
    found = plan(graph(CHAIN, *CHAIN_EDGES), force=True)
    assert found.dirty(known(found)) == dict.fromkeys("abcd", "forced")


def test_explain_says_what_happens_to_each_node() -> None:
    nodes: Nodes = {**CHAIN, "m": {"type": "canvas", "mode": "muted"}, "s": "save"}
    found = plan(graph(nodes, *CHAIN_EDGES, "d.image > s.image"))
    assert found.explain(known(found, "a")) == [
        "a does not run: all that was made of it is in the cache",
        "b is taken from the cache",
        "c is taken from the cache",
        "d is taken from the cache",
        "s runs: runs every time",
        "m is skipped: it is muted",
    ]
