"""The executor over lanes that play a script."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.engine.scripted import LOST, RAISED, Execution, ScriptedLanes
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import derived_id
from vortex_prefect.core.job import JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import ExecutionStatus, LogReport, NodeState
from vortex_prefect.engine import executor as module
from vortex_prefect.engine.pace import Pace

DIAMOND = ("top.image > left.image", "top.image > right.image", "left.image > mix.a", "right.image > mix.b")
DIAMOND_NODES: dict[str, str | dict[str, Any]] = {"top": "canvas", "left": "blur", "right": "blur", "mix": "mix"}


def retried(retries: int, retry_delay_s: float = 0.0) -> dict[str, Any]:
    return {"type": "canvas", "retries": retries, "retry_delay_s": retry_delay_s}


async def test_parents_run_first_and_their_outputs_travel() -> None:
    execution = Execution(plan(graph(DIAMOND_NODES, *DIAMOND)), ScriptedLanes())
    assert await execution.run() is ExecutionStatus.COMPLETED
    jobs = {job.node_id: job for job in execution.lanes.jobs}
    assert [job.node_id for job in execution.lanes.jobs] == ["top", "left", "right", "mix"]
    assert jobs["mix"].inputs == {"a": (Value("IMAGE", data="left"),), "b": (Value("IMAGE", data="right"),)}
    assert jobs["top"].params == {"size": 8}
    assert jobs["top"].job_id == derived_id("e", "top", "1")
    assert len({job.trace.trace_id for job in jobs.values()}) == 1
    assert len({job.trace.span_id for job in jobs.values()}) == 4
    assert execution.states("mix") == ["running", "completed"]
    last = execution.last("mix")
    assert (last.progress, last.worker_id, last.outputs) == (100, "w", {"image": Value("IMAGE", data="mix")})
    assert last.why == "its input a from left changed; it was free"
    assert execution.lanes.called == ["vortex_lookup", "vortex_release"]


@pytest.mark.parametrize("together", [False, True])
async def test_the_graph_goes_to_those_that_take_it_and_is_made_only_for_them(together: bool) -> None:
    made: list[str] = []

    def text() -> str:
        made.append("{}")
        return made[-1]

    pace = Pace()
    for kind in ("t.canvas", "t.blur", "t.sign") if together else ():
        for _ in range(3):
            pace.note(kind, JobOutcome("j", started_ms=1, finished_ms=1))
    subject = plan(graph({"n": "canvas", "b": "blur", "s": "sign"}, "n.image > b.image", "b.image > s.image"))
    execution = Execution(subject, ScriptedLanes(), pace=pace, graph_json=text)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.lanes.segments == ([["n", "b", "s"]] if together else [])
    assert {job.node_id: job.graph_json for job in execution.lanes.jobs} == {"n": None, "b": None, "s": "{}"}
    assert made == ["{}"]
    plain = Execution(subject, ScriptedLanes())
    assert await plain.run() is ExecutionStatus.COMPLETED
    assert {job.graph_json for job in plain.lanes.jobs} == {None}


async def test_retries_count_their_attempts() -> None:
    lanes = ScriptedLanes({"n": [LOST, RAISED]})
    execution = Execution(plan(graph({"n": retried(2)})), lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.states("n") == ["running", "retrying", "running", "retrying", "running", "completed"]
    assert [report.attempt for report in execution.reports] == [1, 1, 2, 2, 3, 3]
    assert [report.error["code"] if report.error else None for report in execution.reports] == [
        *(None, "WK-001", None, "WK-003", None, None)
    ]
    assert len({job.job_id for job in lanes.jobs}) == 3


async def test_an_attempt_that_another_follows_says_why_and_when() -> None:
    raised = WorkerError("WK-003", "as told", traceback="where it was")
    execution = Execution(plan(graph({"n": retried(1, 0.01)})), ScriptedLanes({"n": [raised]}))
    assert await execution.run() is ExecutionStatus.COMPLETED
    (line,) = execution.logs
    assert (line.node_id, line.item, line.attempt, line.level) == ("n", None, 1, 30)
    assert line.text == "attempt 1 failed, the next one begins in 0.0 s: WK-003 as told\nwhere it was"


async def test_what_a_node_says_comes_before_its_end() -> None:
    lanes = ScriptedLanes()
    lanes.says = {"n": [LogLine(20, "one", 5), LogLine(40, "two", 6)]}
    execution = Execution(plan(graph({"n": "canvas"})), lanes)
    await execution.run()
    assert execution.logs == [LogReport("e", "n", None, 1, 20, "one", 5), LogReport("e", "n", None, 1, 40, "two", 6)]


async def test_what_a_node_shows_is_told() -> None:
    lanes = ScriptedLanes({"n": [LOST]})
    lanes.shows = {"n": [b"one", b"two"]}
    execution = Execution(plan(graph({"n": retried(1, 0.01)})), lanes)
    await execution.run()
    assert [(report.execution_id, report.node_id, report.jpeg) for report in execution.previews] == [
        ("e", "n", jpeg) for jpeg in (b"one", b"two", b"one", b"two")
    ]
    assert all(report.at_ms > 0 for report in execution.previews)


async def test_the_last_attempt_decides() -> None:
    execution = Execution(plan(graph({"n": retried(1)})), ScriptedLanes({"n": [LOST, RAISED]}))
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("n").error
    assert error is not None
    assert (error["code"], error["node_id"]) == ("WK-003", "n")


async def test_what_cannot_get_better_is_not_tried_again() -> None:
    execution = Execution(plan(graph({"n": retried(5)})), ScriptedLanes({"n": [WorkerError("WK-010", "as told")]}))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.attempts("n") == [1]


async def test_a_failure_skips_what_needs_it_and_nothing_else() -> None:
    nodes = {**DIAMOND_NODES, "below": "blur", "beside": "blur"}
    edges = (*DIAMOND, "mix.image > below.image", "right.image > beside.image")
    execution = Execution(plan(graph(nodes, *edges)), ScriptedLanes({"left": [RAISED]}))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final() == {
        "top": "completed",
        "left": "failed",
        "right": "completed",
        "mix": "skipped",
        "below": "skipped",
        "beside": "completed",
    }
    assert execution.last("below").why == "its input from mix failed"
    assert execution.lanes.called[-1] == "vortex_release"


async def test_an_output_that_a_node_owes_fails_its_consumer() -> None:
    subject = plan(graph({"a": "canvas", "b": "blur"}, "a.image > b.image"))
    execution = Execution(subject, ScriptedLanes({"a": [{}]}))
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("b").error
    assert error is not None
    assert error["code"] == "VE-004"


async def test_a_defect_in_the_lanes_ends_the_node() -> None:
    class Broken(ScriptedLanes):
        async def run(self, *args: Any, **kwargs: Any) -> JobOutcome:
            raise LookupError("a defect")

    execution = Execution(plan(graph({"n": "canvas"})), Broken())
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("n").error
    assert error is not None
    assert "a defect" in error["message"]


async def test_a_cancel_ends_what_runs_and_starts_nothing_more() -> None:
    """One place: `a` runs, `b` waits for the place, `c` for `a`."""
    subject = plan(graph({"a": "canvas", "b": "canvas", "c": "blur"}, "a.image > c.image"))
    execution = Execution(subject, ScriptedLanes({"a": [None], "b": [None]}, capacity=1))
    running = asyncio.create_task(execution.run())
    await execution.lanes.started.wait()
    await execution.executor.cancel()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.final() == dict.fromkeys("abc", "cancelled")
    assert len(execution.lanes.jobs) == 1


async def test_a_cancel_is_repeated_until_all_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CANCEL_REPEAT_S", 0.001)
    lanes = ScriptedLanes({"a": [None]})
    lanes.deaf = 3
    execution = Execution(plan(graph({"a": "canvas"})), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert lanes.called.count("vortex_cancel") >= 4


async def test_a_cancel_does_not_wait_for_the_next_attempt() -> None:
    execution = Execution(plan(graph({"n": retried(3, 600.0)})), ScriptedLanes({"n": [RAISED, None]}))
    running = asyncio.create_task(execution.run())
    await execution.lanes.started.wait()
    while execution.states("n")[-1] != "retrying":
        await asyncio.sleep(0)
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.attempts("n") == [1]


async def test_a_cancel_before_anything_runs() -> None:
    execution = Execution(plan(graph(DIAMOND_NODES, *DIAMOND)), ScriptedLanes())
    await execution.executor.cancel()
    assert await execution.run() is ExecutionStatus.CANCELLED
    assert execution.final() == dict.fromkeys(DIAMOND_NODES, "cancelled")
    assert not execution.lanes.jobs


async def test_a_cancel_after_the_end_changes_nothing() -> None:
    execution = Execution(plan(graph({"n": "canvas"})), ScriptedLanes())
    assert await execution.run() is ExecutionStatus.COMPLETED
    await execution.executor.cancel()
    assert "vortex_cancel" not in execution.lanes.called


async def test_only_what_is_not_in_the_cache_runs() -> None:
    nodes = {**DIAMOND_NODES, "right": {"type": "blur", "params": {"radius": 9}}}
    subject = plan(graph(nodes, *DIAMOND))
    lanes = ScriptedLanes()
    for node_id in ("top", "left"):
        lanes.known[subject.steps[node_id].key or ""] = {"image": Value("IMAGE", data=f"old {node_id}").to_dict()}
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.final() == {"top": "cached", "left": "cached", "right": "completed", "mix": "completed"}
    jobs = {job.node_id: job for job in lanes.jobs}
    assert jobs.keys() == {"right", "mix"}
    assert jobs["right"].inputs == {"image": (Value("IMAGE", data="old top"),)}
    assert jobs["mix"].inputs["a"] == (Value("IMAGE", data="old left"),)
    assert execution.last("left").outputs == {"image": Value("IMAGE", data="old left")}


async def test_what_is_all_in_the_cache_needs_no_worker() -> None:
    subject = plan(graph(DIAMOND_NODES, *DIAMOND))
    lanes = ScriptedLanes()
    lanes.known[subject.steps["mix"].key or ""] = {"image": Value("IMAGE", data="old").to_dict()}
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.final() == dict.fromkeys(DIAMOND_NODES, "cached")
    assert execution.last("mix").outputs == {"image": Value("IMAGE", data="old")}
    assert not lanes.jobs


async def test_force_does_not_ask_the_cache() -> None:
    execution = Execution(plan(graph(DIAMOND_NODES, *DIAMOND), force=True), ScriptedLanes())
    await execution.run()
    assert "vortex_lookup" not in execution.lanes.called
    assert len(execution.lanes.jobs) == 4


async def test_muted_nodes_are_told_as_skipped() -> None:
    nodes = {**DIAMOND_NODES, "left": {"type": "blur", "mode": "muted"}}
    execution = Execution(plan(graph(nodes, *DIAMOND)), ScriptedLanes())
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.final() == {"top": "completed", "right": "completed", "left": "skipped", "mix": "skipped"}


async def test_an_empty_plan_completes() -> None:
    assert await Execution(plan(graph({})), ScriptedLanes()).run() is ExecutionStatus.COMPLETED


async def test_progress_is_told_in_percent_and_not_after_the_end() -> None:
    lanes = ScriptedLanes({"n": [None]})
    execution = Execution(plan(graph({"n": "canvas"})), lanes)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    lanes.on_progress["n"](0.123456)
    assert (execution.reports[-1].state, execution.reports[-1].progress) == (NodeState.RUNNING, 12.35)
    await execution.executor.cancel()
    await running
    told = len(execution.reports)
    lanes.on_progress["n"](0.9)
    assert len(execution.reports) == told
