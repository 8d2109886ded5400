from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, graph, output, plan
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.plan import Plan, compile_plan
from vortex_prefect.graph.validate import validate
from vortex_prefect.graph.wiring import Source

Nodes = dict[str, str | dict[str, Any]]

#: canvas a → blur b → mix d ← blur c ← a; d → e (blur) → f (blur).
DIAMOND: Nodes = {"a": "canvas", "b": "blur", "c": "blur", "d": "mix", "e": "blur", "f": "blur"}
DIAMOND_EDGES = (
    "a.image > b.image",
    "a.image > c.image",
    "b.image > d.a",
    "c.image > d.b",
    "d.image > e.image",
    "e.image > f.image",
)


def muted(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"type": node_type, "mode": "muted", **fields}


def bypassed(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"type": node_type, "mode": "bypassed", **fields}


def keys(found: Plan) -> dict[str, str | None]:
    return {node_id: step.key for node_id, step in found.steps.items()}


def known(found: Plan, *without: str) -> set[str]:
    return {step.key for step in found.steps.values() if step.key is not None and step.node_id not in without}


def test_order_levels_segments_and_critical_path() -> None:
    found = plan(graph(DIAMOND, *DIAMOND_EDGES))
    assert found.order == ("a", "b", "c", "d", "e", "f")
    assert tuple(found.steps) == found.order
    assert found.levels == (("a",), ("b", "c"), ("d",), ("e",), ("f",))
    assert found.segments == (("a",), ("b",), ("c",), ("d", "e", "f"))
    assert found.critical_path == ("a", "b", "d", "e", "f")
    assert found.skipped == {}
    assert [found.steps[node].depth for node in "abcdef"] == [0, 1, 1, 2, 3, 4]
    assert found.steps["a"].consumers == ("b", "c")
    assert found.steps["f"].consumers == ()


def test_the_order_lays_segments_end_to_end() -> None:
    found = plan(graph({"a": "canvas", "b": "canvas", "c": "blur", "d": "blur"}, "a.image>c.image", "b.image>d.image"))
    assert found.segments == (("a", "c"), ("b", "d"))
    assert found.order == ("a", "c", "b", "d")


def test_a_node_used_twice_by_one_consumer_is_one_chain() -> None:
    found = plan(graph({"a": "canvas", "m": "mix"}, "a.image > m.a", "a.image > m.b"))
    assert found.segments == (("a", "m"),)
    assert found.steps["a"].consumers == ("m",)


def test_an_empty_graph_is_an_empty_plan() -> None:
    found = plan(Graph())
    assert (found.order, found.levels, found.segments, found.critical_path) == ((), (), (), ())


def test_a_step_carries_what_its_job_needs() -> None:
    node = {
        "type": "blur", "params": {"radius": 2}, "title": "Soft",
        "retries": 3, "retry_delay_s": 0.5, "timeout_s": 9,
    }  # fmt: skip
    found = plan(graph({"c": "canvas", "b": node}, "c.image > b.image"))
    step = found.steps["b"]
    assert (step.node_id, step.node_type, step.title) == ("b", "t.blur", "Soft")
    assert step.params == {"radius": 2.0, "kernel": "gauss"}
    assert isinstance(step.params["radius"], float)
    assert step.inputs == {"image": (Source("c", "image"),)}
    assert (step.retries, step.retry_delay_s, step.timeout_s, step.volatile) == (3, 0.5, 9.0, False)
    assert found.steps["c"].title == "Canvas"


def test_defaults_and_decimal_strings_are_coerced() -> None:
    found = plan(graph({"b": "blur", "c": "canvas", "s": {"type": "seed", "params": {"value": "18446744073709551615"}}},
                       "c.image > b.image"))  # fmt: skip
    assert isinstance(found.steps["b"].params["radius"], float)
    assert found.steps["s"].params == {"value": 18446744073709551615}


def test_the_plan_carries_the_graphs_hash() -> None:
    subject = graph(DIAMOND, *DIAMOND_EDGES)
    assert plan(subject).graph_hash == graph_hash(subject)


def test_edges_into_a_list_port_keep_their_order() -> None:
    found = plan(graph({"a": "canvas", "b": "canvas", "s": "stack"}, "b.image > s.images", "a.image > s.images"))
    assert found.steps["s"].inputs == {"images": (Source("b", "image"), Source("a", "image"))}


def test_an_edge_replaces_a_parameter() -> None:
    found = plan(graph({"n": "number", "c": "canvas", "s": "scale"}, "c.image > s.image", "n.out > s.factor"))
    assert found.steps["s"].params == {}
    assert found.steps["s"].inputs["factor"] == (Source("n", "out"),)


# --- targets


def test_targets_keep_only_their_ancestors() -> None:
    subject = graph(
        DIAMOND | {"x": "gone"}, *DIAMOND_EDGES, outputs=[output("left", "b.image"), output("end", "f.image")]
    )
    found = plan(subject, targets=("left",))
    assert found.order == ("a", "b")
    assert found.outputs == {"left": Source("b", "image")}
    assert found.steps["a"].consumers == ("b",)
    assert plan(subject, targets=("end", "left")).order == ("a", "b", "c", "d", "e", "f")


def test_no_targets_is_an_empty_plan() -> None:
    assert plan(graph(DIAMOND, *DIAMOND_EDGES), targets=()).order == ()


def test_unknown_targets_are_refused_together() -> None:
    subject = graph(DIAMOND, *DIAMOND_EDGES, outputs=[output("end", "f.image")])
    with pytest.raises(GraphError) as caught:
        plan(subject, targets=("edn", "end", "nope"))
    assert [(p.code, p.hint) for p in caught.value.problems] == [
        ("VE-004", "Did you mean end?"),
        ("VE-004", "The outputs of the graph: end."),
    ]


def test_what_a_skipped_target_would_need_does_not_run() -> None:
    subject = graph(
        {"a": "canvas", "g": muted("canvas"), "m": "mix"},
        "a.image > m.a", "g.image > m.b", outputs=[output("end", "m.image")],
    )  # fmt: skip
    found = plan(subject, targets=("end",))
    assert (found.order, found.outputs) == ((), {})
    assert set(found.skipped) == {"g", "m"}
    assert plan(subject).order == ("a",)


# --- muted and bypassed nodes


def test_muted_nodes_take_along_what_requires_them() -> None:
    found = plan(
        graph(
            {"a": "canvas", "m": muted("blur"), "b": "blur", "s": "save", "other": "blur"},
            "a.image > m.image", "m.image > b.image", "b.image > s.image", "a.image > other.image",
        )
    )  # fmt: skip
    assert found.order == ("a", "other")
    assert found.skipped == {
        "m": "it is muted",
        "b": "it needs image from m, which is muted",
        "s": "it needs image from b, which is skipped",
    }


def test_optional_inputs_do_without() -> None:
    found = plan(
        graph({"a": "canvas", "m": muted("mask"), "b": "blur"}, "a.image>m.image", "a.image>b.image", "m.mask>b.mask")
    )
    assert list(found.skipped) == ["m"]
    assert found.steps["b"].inputs == {"image": (Source("a", "image"),)}


def test_a_list_port_takes_what_is_left() -> None:
    edges = ("a.image > s.images", "m.image > s.images")
    found = plan(graph({"a": "canvas", "m": muted("canvas"), "s": "stack"}, *edges))
    assert found.steps["s"].inputs == {"images": (Source("a", "image"),)}
    assert set(plan(graph({"a": muted("canvas"), "m": muted("canvas"), "s": "stack"}, *edges)).skipped) == {
        "a",
        "m",
        "s",
    }


def test_a_parameter_whose_driver_is_muted_has_its_own_value() -> None:
    def radius(**params: Any) -> Plan:
        nodes: Nodes = {"c": "canvas", "n": muted("number"), "b": {"type": "blur", "params": params}}
        return plan(graph(nodes, "c.image > b.image", "n.out > b.radius"))

    assert radius(radius=9).steps["b"].params["radius"] == 9.0
    assert radius().steps["b"].params["radius"] == 3.0
    assert radius(radius="nonsense").skipped["b"] == "it needs radius from n, which is muted"


def test_a_required_parameter_whose_driver_is_muted_skips() -> None:
    found = plan(graph({"c": "canvas", "n": muted("number"), "s": "scale"}, "c.image > s.image", "n.out > s.factor"))
    assert found.skipped["s"] == "it needs factor from n, which is muted"


def test_bypassed_nodes_are_resolved_away() -> None:
    subject = graph(
        {"a": "canvas", "b": bypassed("blur"), "c": bypassed("blur"), "s": "save"},
        "a.image > b.image", "b.image > c.image", "c.image > s.image",
        outputs=[output("soft", "c.image")],
    )  # fmt: skip
    found = plan(subject)
    assert found.order == ("a", "s")
    assert found.skipped == {}
    assert found.steps["s"].inputs == {"image": (Source("a", "image"),)}
    assert found.outputs == {"soft": Source("a", "image")}
    assert plan(subject, targets=("soft",)).order == ("a",)


def test_a_bypassed_node_hands_on_the_first_input_of_the_type() -> None:
    nodes: Nodes = {"a": "canvas", "b": "canvas", "m": bypassed("mix"), "s": "save"}
    both = plan(graph(nodes, "b.image > m.b", "a.image > m.a", "m.image > s.image"))
    assert both.steps["s"].inputs == {"image": (Source("a", "image"),)}
    second = plan(graph(nodes, "b.image > m.b", "m.image > s.image"))
    assert second.steps["s"].inputs == {"image": (Source("b", "image"),)}


def test_a_bypassed_node_without_such_an_input_gives_nothing() -> None:
    nodes: Nodes = {"a": "canvas", "m": bypassed("mask"), "b": "blur", "t": bypassed("stack"), "s": "save"}
    subject = graph(nodes, "a.image>m.image", "a.image>b.image", "m.mask>b.mask", "a.image>t.images", "t.image>s.image")
    found = plan(subject)
    assert found.steps["b"].inputs == {"image": (Source("a", "image"),)}
    assert found.skipped == {"s": "it needs image from t, which is bypassed and has nothing of that type to hand on"}


def test_a_driven_parameter_is_handed_on_like_an_input() -> None:
    nodes: Nodes = {"n": "number", "m": bypassed("number"), "b": {"type": "blur", "params": {}}, "c": "canvas"}
    found = plan(graph(nodes, "n.out > m.value", "m.out > b.radius", "c.image > b.image"))
    assert found.steps["b"].inputs["radius"] == (Source("n", "out"),)


def test_a_bypassed_node_behind_a_muted_one_gives_nothing() -> None:
    subject = graph(
        {"a": muted("canvas"), "b": bypassed("blur"), "s": "save"}, "a.image > b.image", "b.image > s.image"
    )
    assert validate(subject, CATALOGUE) == []
    assert set(plan(subject).skipped) == {"a", "s"}


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
    nodes: Nodes = {**CHAIN, "m": muted("canvas"), "s": "save"}
    found = plan(graph(nodes, *CHAIN_EDGES, "d.image > s.image"))
    assert found.explain(known(found, "a")) == [
        "a does not run: all that was made of it is in the cache",
        "b is taken from the cache",
        "c is taken from the cache",
        "d is taken from the cache",
        "s runs: runs every time",
        "m is skipped: it is muted",
    ]


# --- graphs that were not validated


def test_invalid_graphs_are_refused_with_their_code() -> None:
    for nodes, edges, code in (
        ({"a": "gone"}, (), "VE-003"),
        ({"a": "blur", "b": "blur"}, ("a.image > b.image", "b.image > a.image"), "VE-002"),
    ):
        subject: Nodes = dict(nodes)
        with pytest.raises(GraphError) as caught:
            plan(graph(subject, *edges))
        assert caught.value.code == code


def test_ten_thousand_nodes_in_a_chain() -> None:
    count = 10_000
    nodes: Nodes = {f"n{i:05}": "blur" if i else "canvas" for i in range(count)}
    found = plan(graph(nodes, *(f"n{i - 1:05}.image > n{i:05}.image" for i in range(1, count))))
    assert len(found.critical_path) == count
    assert found.segments == (tuple(sorted(nodes)),)
    assert len(found.dirty(set())) == count


def test_an_edge_from_nowhere_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        plan(graph({"b": "blur"}, "a.image > b.image"))
    assert caught.value.code == "VE-005"


def test_steps_are_frozen() -> None:
    found = plan(graph({"a": "canvas"}))
    with pytest.raises(AttributeError):
        found.steps["a"].depth = 3  # type: ignore[misc]
