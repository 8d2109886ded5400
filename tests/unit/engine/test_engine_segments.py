"""Short nodes of a chain travel together, and nothing else about them changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.engine.scripted import LOST, Execution, ScriptedLanes, settled
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.pace import Pace

CHAIN = ("a.image > b.image", "b.image > c.image", "c.image > d.image")
NODES: dict[str, str | dict[str, Any]] = {"a": "canvas", "b": "blur", "c": "blur", "d": "blur"}


def took(ms: int) -> JobOutcome:
    return JobOutcome("j", started_ms=1_000, finished_ms=1_000 + ms)


@pytest.fixture
def quick() -> Pace:
    """Everything has been short so far."""
    pace = Pace()
    for node_type in ("canvas", "blur", "mix"):
        for _ in range(3):
            pace.note(f"t.{node_type}", took(0))
    return pace


def test_a_type_is_short_once_it_was_three_times() -> None:
    pace = Pace()
    assert not pace.is_short("n")
    pace.note("n", took(1))
    pace.note("n", took(1))
    assert not pace.is_short("n")
    pace.note("n", took(1))
    assert pace.is_short("n")
    pace.note("n", took(100))
    assert not pace.is_short("n")
    for _ in range(70):
        pace.note("n", took(1))
    assert pace.is_short("n")


async def test_what_each_node_of_a_segment_says_is_its_own(quick: Pace) -> None:
    lanes = ScriptedLanes()
    lanes.says = {node: [LogLine(20, f"I am {node}", 5)] for node in "abcd"}
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    await execution.run()
    assert lanes.segments == [["a", "b", "c", "d"]]
    assert [(report.node_id, report.text) for report in execution.logs] == [(node, f"I am {node}") for node in "abcd"]


async def test_a_chain_travels_once_and_every_node_is_told(quick: Pace) -> None:
    lanes = ScriptedLanes()
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert lanes.segments == [["a", "b", "c", "d"]]
    assert [execution.states(node) for node in "abcd"] == [["running", "completed"]] * 4
    assert execution.final() == dict.fromkeys("abcd", "completed")
    inputs = {job.node_id: job.inputs for job in lanes.jobs}
    assert inputs["c"] == {"image": (Value("IMAGE", data="b"),)}
    assert execution.last("d").why == "its input image from c changed; it was free"


async def test_one_that_takes_long_is_told_of_and_those_behind_it_come_by_themselves(quick: Pace) -> None:
    lanes = ScriptedLanes()
    lanes.slow, lanes.stuck = {"b"}, {"b": asyncio.Event()}
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    running = asyncio.create_task(execution.run())
    await settled()
    assert {node: execution.states(node) for node in "abcd"} == {"a": [], "b": ["running"], "c": [], "d": []}
    await execution.executor.pause()
    lanes.stuck["b"].set()
    await settled()
    # What had not begun keeps to the pause.
    assert {node: execution.states(node)[-1:] for node in "abcd"} == {
        "a": ["completed"], "b": ["completed"], "c": [], "d": [],
    }  # fmt: skip
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert [execution.states(node) for node in "abcd"] == [["running", "completed"]] * 4
    assert [job.node_id for job in lanes.jobs] == ["a", "b", "c", "d"]


async def test_unknown_types_travel_alone() -> None:
    lanes = ScriptedLanes()
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=Pace())
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert lanes.segments == []


async def test_a_branch_ends_a_segment(quick: Pace) -> None:
    lanes = ScriptedLanes()
    nodes: dict[str, str | dict[str, Any]] = {**NODES, "e": "blur"}
    execution = Execution(plan(graph(nodes, *CHAIN, "b.image > e.image")), lanes, pace=quick)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert sorted(lanes.segments) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("policy", [{"retries": 1}, {"tags": ["gpu"]}])
async def test_nodes_with_retries_or_tags_travel_alone(quick: Pace, policy: dict[str, Any]) -> None:
    lanes = ScriptedLanes()
    nodes: dict[str, str | dict[str, Any]] = {**NODES, "c": {"type": "blur", **policy}}
    execution = Execution(plan(graph(nodes, *CHAIN)), lanes, pace=quick)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert lanes.segments == [["a", "b"]]


async def test_a_failure_ends_the_segment_and_skips_what_follows(quick: Pace) -> None:
    lanes = ScriptedLanes({"b": [LOST]})
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final() == {"a": "completed", "b": "failed", "c": "skipped", "d": "skipped"}
    assert [job.node_id for job in lanes.jobs] == ["a", "b"]


async def test_a_cancel_of_a_running_segment_ends_all_of_it(quick: Pace) -> None:
    lanes = ScriptedLanes({"b": [None]})
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    running = asyncio.create_task(execution.run())
    await lanes.started.wait()
    await settled()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.final() == {"a": "completed", "b": "cancelled", "c": "cancelled", "d": "cancelled"}


async def test_a_cancel_reaches_a_segment_that_waits_for_a_lane(quick: Pace) -> None:
    lanes = ScriptedLanes(capacity=0)
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    running = asyncio.create_task(execution.run())
    await settled()
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.final() == dict.fromkeys("abcd", "cancelled")
    assert lanes.jobs == []


async def test_a_pause_sends_a_waiting_segment_back(quick: Pace) -> None:
    lanes = ScriptedLanes(capacity=0)
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, pace=quick)
    running = asyncio.create_task(execution.run())
    await settled()
    await execution.executor.pause()
    lanes.free()
    await settled()
    assert lanes.jobs == []
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert execution.final() == dict.fromkeys("abcd", "completed")


async def test_the_same_work_of_two_executions_runs_once(quick: Pace) -> None:
    lanes, flights = ScriptedLanes(), InFlight()
    lanes.stuck["b"] = asyncio.Event()
    subject = plan(graph(NODES, *CHAIN))
    first = Execution(subject, lanes, "first", flights=flights, pace=quick)
    second = Execution(subject, lanes, "second", flights=flights, pace=quick)
    both = [asyncio.create_task(execution.run()) for execution in (first, second)]
    await lanes.started.wait()
    await settled()
    lanes.stuck["b"].set()
    assert [await each for each in both] == [ExecutionStatus.COMPLETED] * 2
    assert sorted(job.node_id for job in lanes.jobs) == ["a", "b", "c", "d"]
    assert second.final() == dict.fromkeys("abcd", "cached")
    assert len(flights) == 0


async def test_a_failed_segment_lets_go_of_its_work(quick: Pace) -> None:
    lanes, flights = ScriptedLanes({"b": [LOST]}), InFlight()
    execution = Execution(plan(graph(NODES, *CHAIN)), lanes, flights=flights, pace=quick)
    await execution.run()
    assert len(flights) == 0


def test_a_job_takes_what_the_one_before_gave() -> None:
    job = Job("j", "e", "n", "t", links={"images": ("a", "b")})
    linked = job.linked({"a": Value("INT", data=1), "b": Value("INT", data=2), "c": Value("INT", data=3)})
    assert linked.inputs == {"images": (Value("INT", data=1), Value("INT", data=2))}
    assert linked.links == {}
    assert Job.from_dict(job.to_dict()) == job
    with pytest.raises(WorkerError, match="lacks b of the node before it"):
        job.linked({"a": Value("INT", data=1)})
