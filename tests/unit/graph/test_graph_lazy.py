"""Branches that nobody asks for: known before the run, or only in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, Nodes, graph, output, plan
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import ParamSpec
from vortex_prefect.graph.lazy import LazyPort
from vortex_prefect.graph.plan import Plan
from vortex_prefect.graph.validate import validate

NODES: Nodes = {"a": "canvas", "yes": "blur", "b": "seed", "no": "identity", "s": "switch", "end": "identity"}
EDGES = ("a.image > yes.image", "yes.image > s.on_true", "b.out > no.in", "no.out > s.on_false", "s.out > end.in")
DRIVEN: Nodes = {**NODES, "c": "decide"}
DRIVEN_EDGES = (*EDGES, "c.out > s.condition")


def switched(condition: bool, *edges: str, **nodes: str | dict[str, Any]) -> Plan:
    at = {"type": "switch", "params": {"condition": condition}}
    return plan(graph({**NODES, "s": at, **nodes}, *EDGES, *edges))


def known(subject: Plan, *node_ids: str) -> set[str]:
    return {key for node_id in node_ids if (key := subject.steps[node_id].key)}


def test_the_unused_branch_is_not_in_the_plan() -> None:
    subject = switched(True)
    assert subject.order == ("a", "yes", "s", "end")
    assert subject.skipped == {"no": "s does not ask for it", "b": "s does not ask for it"}
    assert subject.steps["s"].inputs.keys() == {"on_true"}
    assert subject.steps["s"].lazy == ()
    assert switched(False).order == ("b", "no", "s", "end")


def test_the_unused_branch_is_no_part_of_the_content_key() -> None:
    other = {"type": "seed", "params": {"value": 99}}
    assert switched(True).steps["s"].key == switched(True, b=other).steps["s"].key
    assert switched(False).steps["s"].key != switched(False, b=other).steps["s"].key
    assert switched(True).steps["s"].key != switched(False).steps["s"].key


def test_what_something_else_needs_stays() -> None:
    subject = switched(True, "b.out > also.value", also="seed")
    assert "b" in subject.order
    assert subject.skipped == {"no": "s does not ask for it"}


def test_what_is_a_graph_output_stays() -> None:
    at = {"type": "switch", "params": {"condition": True}}
    subject = plan(graph({**NODES, "s": at}, *EDGES, outputs=[output("o", "no.out")]))
    assert {"no", "b"} < set(subject.order)
    assert subject.skipped == {}


def test_targets_leave_the_unused_branch_out_too() -> None:
    at = {"type": "switch", "params": {"condition": True}}
    subject = plan(graph({**NODES, "s": at}, *EDGES, outputs=[output("o", "end.out")]), targets=("o",))
    assert subject.order == ("a", "yes", "s", "end")
    assert subject.skipped.keys() == {"no", "b"}


def test_a_switch_that_nobody_asks_for_asks_for_nothing() -> None:
    subject = switched(True, "x.image > inner.on_true", "inner.out > s.on_false", inner="switch", x="canvas")
    # Two edges into s.on_false are no valid graph, but tell what the compiler does with a nested switch.
    assert {"inner", "x"} <= subject.skipped.keys()


def test_a_condition_that_an_edge_drives_leaves_both_in_the_plan() -> None:
    subject = plan(graph(DRIVEN, *DRIVEN_EDGES))
    assert set(subject.order) == set(DRIVEN)
    assert [(lazy.port, lazy.value) for lazy in subject.steps["s"].lazy] == [("on_true", True), ("on_false", False)]
    assert set(subject.dirty(())) == {"c", "s", "end"}
    assert subject.deferred(()) == dict.fromkeys(("a", "yes", "b", "no"), "s")
    assert "yes runs only if s asks for it" in subject.explain(())


def test_what_a_lazy_and_a_normal_input_need_is_dirty() -> None:
    subject = plan(graph({**DRIVEN, "also": "blur"}, *DRIVEN_EDGES, "yes.image > also.image"))
    assert {"a", "yes", "also"} <= subject.dirty(()).keys()
    assert subject.deferred(()).keys() == {"b", "no"}


def test_what_is_above_a_known_lazy_input_is_not_deferred() -> None:
    subject = plan(graph(DRIVEN, *DRIVEN_EDGES))
    assert subject.deferred(known(subject, "yes")).keys() == {"yes", "b", "no"}
    assert subject.deferred(known(subject, "s", "end")) == {}


def test_a_forced_plan_defers_all_the_same() -> None:
    subject = plan(graph(DRIVEN, *DRIVEN_EDGES), force=True)
    assert set(subject.dirty(())) == {"c", "s", "end"}
    assert subject.deferred(()).keys() == {"a", "yes", "b", "no"}


def test_a_port_that_is_asked_for_has_to_be_connected() -> None:
    nodes: Nodes = {"a": "canvas", "s": {"type": "switch", "params": {"condition": False}}}
    (problem,) = validate(graph(nodes, "a.image > s.on_true"), CATALOGUE)
    assert (problem.code, problem.node_id, problem.port) == ("VE-007", "s", "on_false")
    assert "though condition asks for it" in problem.message
    nodes["s"] = {"type": "switch", "params": {"condition": True}}
    assert validate(graph(nodes, "a.image > s.on_true"), CATALOGUE) == []
    nodes["c"] = "decide"
    assert validate(graph(nodes, "a.image > s.on_true", "c.out > s.condition"), CATALOGUE) == []


def test_a_switch_whose_branch_is_muted_is_skipped_only_if_it_asks_for_it() -> None:
    muted = {"type": "blur", "mode": "muted"}
    assert switched(True, yes=muted).skipped["s"] == "it needs on_true from yes, which is muted"
    assert "s" in switched(False, yes=muted).order


@pytest.mark.parametrize(
    ("param_type", "value", "wanted", "asked"),
    [("BOOL", True, True, True), ("BOOL", None, True, True), ("INT", 1, 1, True), ("INT", "1", 1, True),
     ("INT", 2.0, 2, True), ("INT", 0, 1, False), ("JSON", True, 1, False)],
)  # fmt: skip
def test_a_condition_is_compared_as_the_node_receives_it(param_type: Any, value: Any, wanted: Any, asked: bool) -> None:
    param = ParamSpec(name="p", type=param_type, default=True if param_type == "BOOL" else 0)
    assert LazyPort("port", param, wanted, required=True).asked("n", value) is asked


def test_a_condition_of_the_wrong_type_is_an_error() -> None:
    lazy = LazyPort("port", ParamSpec(name="p", type="BOOL", default=True), True, required=True)
    with pytest.raises(GraphError, match="VE-009 n: p is 3"):
        lazy.asked("n", 3)
