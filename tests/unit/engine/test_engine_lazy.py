"""Branches that only the running execution can choose."""

from __future__ import annotations

from typing import Any

from tests.unit.engine.scripted import RAISED, Act, Execution, ScriptedLanes
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionStatus

NODES: dict[str, str | dict[str, Any]] = {
    "a": "canvas", "yes": "blur", "b": "seed", "no": "identity", "c": "decide", "s": "switch", "end": "identity",
}  # fmt: skip
EDGES = (
    "a.image > yes.image", "yes.image > s.on_true", "b.out > no.in", "no.out > s.on_false",
    "c.out > s.condition", "s.out > end.in",
)  # fmt: skip


def out(data: Any) -> dict[str, Value]:
    return {"out": Value("ANY", data=data), "image": Value("IMAGE", data=data)}


def lanes_that_say(condition: Any, **script: list[Act]) -> ScriptedLanes:
    acts: dict[str, list[Act]] = {name: [out(name)] for name in NODES}
    return ScriptedLanes({**acts, "c": [out(condition)], **script})


def ran(execution: Execution) -> list[str]:
    return [job.node_id for job in execution.lanes.jobs]


async def test_only_the_chosen_branch_runs() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_that_say(True))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert ran(execution) == ["c", "a", "yes", "s", "end"]
    assert execution.final()["no"] == execution.final()["b"] == "skipped"
    assert execution.last("b").why == "s does not ask for it"
    job = next(job for job in execution.lanes.jobs if job.node_id == "s")
    assert job.inputs.keys() == {"condition", "on_true"}


async def test_the_other_branch_runs_when_it_is_chosen() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_that_say(False))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert sorted(ran(execution)) == ["b", "c", "end", "no", "s"]
    assert execution.final()["yes"] == "skipped"


async def test_a_forced_execution_runs_only_the_chosen_branch() -> None:
    execution = Execution(plan(graph(NODES, *EDGES), force=True), lanes_that_say(True))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert set(ran(execution)) == {"c", "a", "yes", "s", "end"}


async def test_a_chosen_branch_that_is_in_the_cache_does_not_run() -> None:
    subject = plan(graph(NODES, *EDGES))
    lanes = lanes_that_say(True)
    lanes.known[subject.steps["yes"].key or ""] = {"image": Value("IMAGE", data="old").to_dict()}
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert ran(execution) == ["c", "s", "end"]
    assert execution.final()["yes"] == "cached"
    assert execution.final()["a"] == "cached"
    assert lanes.jobs[1].inputs["on_true"] == (Value("IMAGE", data="old"),)


async def test_a_branch_that_something_else_needs_runs_once() -> None:
    subject = plan(graph({**NODES, "also": "identity"}, *EDGES, "no.out > also.in"))
    execution = Execution(subject, lanes_that_say(True))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert sorted(ran(execution)) == sorted([*NODES, "also"])
    chosen = Execution(subject, lanes_that_say(False))
    assert await chosen.run() is ExecutionStatus.COMPLETED
    assert sorted(ran(chosen)) == ["also", "b", "c", "end", "no", "s"]


async def test_a_failure_that_is_not_asked_for_does_no_harm() -> None:
    subject = plan(graph({**NODES, "also": "identity"}, *EDGES, "no.out > also.in"))
    execution = Execution(subject, lanes_that_say(True, no=[RAISED]))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final()["s"] == "completed"
    asked = Execution(subject, lanes_that_say(False, no=[RAISED]))
    assert await asked.run() is ExecutionStatus.FAILED
    assert asked.final()["s"] == "skipped"
    assert asked.last("s").why == "its input from no failed"


async def test_a_failed_condition_skips_both_branches() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_that_say(True, c=[RAISED]))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final() == {
        "c": "failed", "s": "skipped", "end": "skipped", **dict.fromkeys(("a", "yes", "b", "no"), "skipped"),
    }  # fmt: skip
    assert ran(execution) == ["c"]


async def test_a_condition_that_is_no_boolean_fails_the_switch() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_that_say("maybe"))
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("s").error
    assert error is not None
    assert error["code"] == "VE-009"


async def test_an_unconnected_branch_that_is_chosen_fails_the_switch() -> None:
    edges = [text for text in EDGES if "on_false" not in text]
    execution = Execution(plan(graph(NODES, *edges)), lanes_that_say(False))
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("s").error
    assert error is not None
    assert error["code"] == "VE-007"
    assert "s asks for on_false, since condition is False" in error["message"]


async def test_switches_behind_switches_decide_one_after_the_other() -> None:
    """`s` chooses `inner`, which chooses `deep` by a condition that runs only then."""
    nodes = {**NODES, "inner": "switch", "c2": "decide", "deep": "canvas", "never": "seed"}
    edges = (
        *(text for text in EDGES if "on_true" not in text),
        "inner.out > s.on_true", "c2.out > inner.condition", "deep.image > inner.on_true", "never.out > inner.on_false",
    )  # fmt: skip
    script: dict[str, list[Act]] = {name: [out(True)] for name in ("inner", "c2", "deep", "never")}
    execution = Execution(plan(graph(nodes, *edges)), lanes_that_say(True, **script))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert [name for name in ran(execution) if name in ("c", "c2", "deep", "inner", "s")] == [
        "c", "c2", "deep", "inner", "s",
    ]  # fmt: skip
    assert execution.last("never").why == "inner does not ask for it"
    assert execution.last("no").why == "s does not ask for it"
    unasked = Execution(plan(graph(nodes, *edges)), lanes_that_say(False, **script))
    assert await unasked.run() is ExecutionStatus.COMPLETED
    assert "c2" not in ran(unasked)
    assert unasked.last("c2").why == "s does not ask for it"


async def test_a_cancel_ends_what_was_not_asked_for() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), ScriptedLanes())
    await execution.executor.cancel()
    assert await execution.run() is ExecutionStatus.CANCELLED
    assert set(execution.final().values()) == {"cancelled"}


async def test_a_failure_at_the_top_of_a_very_long_chain_skips_it_all() -> None:
    nodes: dict[str, str | dict[str, Any]] = {"n0": "canvas", **{f"n{place}": "blur" for place in range(1, 3000)}}
    edges = [f"n{place}.image > n{place + 1}.image" for place in range(2999)]
    execution = Execution(plan(graph(nodes, *edges)), ScriptedLanes({"n0": [RAISED]}))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final()["n2999"] == "skipped"
