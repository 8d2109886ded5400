"""What a plan says: order, what is needed, what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, DIAMOND, DIAMOND_EDGES, Nodes, graph, output, plan
from vortex_prefect.core.errors import GraphError
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.plan import Plan
from vortex_prefect.graph.validate import validate
from vortex_prefect.graph.wiring import Source


def muted(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"type": node_type, "mode": "muted", **fields}


def bypassed(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"type": node_type, "mode": "bypassed", **fields}


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
