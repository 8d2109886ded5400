"""What was damaged, or lost with its host, is computed again; the nodes that needed it run on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.engine.scripted import Act, Execution, ScriptedLanes
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.pace import Pace

FORK = ("top.image > left.image", "top.image > right.image", "left.image > mix.a", "right.image > mix.b")
NODES: dict[str, str | dict[str, Any]] = {"top": "canvas", "left": "blur", "right": "blur", "mix": "mix"}


class Host:
    """Lanes that give tensors, and refuse those that are lost."""

    def __init__(self, lanes: ScriptedLanes, code: str) -> None:
        self.lanes = lanes
        self._code = code
        self._offsets = itertools.count(4096, 64)
        #: Nodes whose first outputs are lost as soon as somebody reads them.
        self.breaks: set[str] = set()

    def act(self, name: str) -> Callable[[Job], Act]:
        def run(job: Job) -> Act:
            refs = {ref for values in job.inputs.values() for value in values for ref in value.refs()}
            self.lanes.lost |= {ref for ref in refs if ref.dtype in self.breaks and ref.generation == 1}
            if refs & self.lanes.lost:
                self.lanes.known.clear()
                return WorkerError(self._code, "as told")
            times = sum(each.node_id == name for each in self.lanes.jobs)
            # The dtype says who made it, the generation how often.
            return {"image": Value("IMAGE", TensorRef("h", times, next(self._offsets), 64, (1,), name, 0))}

        return run


def host(code: str = "WK-007") -> Host:
    script: dict[str, Any] = {}
    made = Host(ScriptedLanes(script), code)
    made.lanes._script.update({name: made.act(name) for name in ("top", "left", "right", "mix")})
    return made


def ran(execution: Execution) -> dict[str, int]:
    names = [job.node_id for job in execution.lanes.jobs]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize("code", ["WK-007", "WK-002"])
@pytest.mark.parametrize("flights", [False, True])
async def test_a_parent_whose_output_was_lost_runs_again_once_for_all(code: str, flights: bool) -> None:
    hurt = host(code)
    hurt.breaks = {"top"}
    execution = Execution(plan(graph(NODES, *FORK)), hurt.lanes, flights=InFlight() if flights else None)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert ran(execution)["top"] == 2
    assert ran(execution)["mix"] == 1
    # Both blurs are the same work, which is shared where anything is.
    assert set(execution.final().values()) <= {"completed", "cached"}
    assert "its input from top was lost or damaged, and computed again" in str(execution.last("left").why)
    assert execution.states("top") == ["running", "completed"]


async def test_what_the_parent_needs_is_made_again_too() -> None:
    hurt = host()
    hurt.breaks = {"top", "left"}
    # By the time that left is to run again, what it once read is lost as well.
    plain = hurt.lanes._script["left"]
    assert callable(plain)

    def left(job: Job) -> Act:
        (value,) = job.inputs["image"]
        if (
            value.ref is not None
            and value.ref.generation == 1
            and job.node_id in [j.node_id for j in hurt.lanes.jobs[:-1]]
        ):
            hurt.lanes.lost.add(value.ref)
        return plain(job)

    hurt.breaks = {"left"}
    hurt.lanes._script["left"] = left
    execution = Execution(plan(graph(NODES, *FORK)), hurt.lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert ran(execution) == {"top": 2, "left": 3, "right": 1, "mix": 2}


async def test_cached_results_that_are_damaged_are_computed_from_what_was_never_looked_up() -> None:
    subject = graph(NODES, *FORK)
    hurt = host()
    first = Execution(plan(subject), hurt.lanes)
    assert await first.run() is ExecutionStatus.COMPLETED
    hurt.lanes.known = {
        key: outputs for key, outputs in hurt.lanes.known.items() if outputs["image"]["ref"]["dtype"] != "mix"
    }
    hurt.breaks = {"left", "right"}  # one key, one tensor
    again = Execution(plan(subject), hurt.lanes, "again")
    assert await again.run() is ExecutionStatus.COMPLETED
    assert again.final()["left"] == "cached"
    assert again.final()["mix"] == "completed"
    assert ran(again)["left"] == 2


async def test_what_is_lost_again_and_again_is_a_failure_in_the_end() -> None:
    hurt = host()
    hurt.breaks = {"top"}
    plain = hurt.lanes._script["left"]
    assert callable(plain)

    def left(job: Job) -> Act:
        hurt.lanes.lost |= {ref for values in job.inputs.values() for value in values for ref in value.refs()}
        return plain(job)

    hurt.lanes._script["left"] = left
    execution = Execution(plan(graph({"top": "canvas", "left": "blur"}, FORK[0])), hurt.lanes)
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("left").error
    assert error is not None
    assert error["code"] == "WK-007"
    assert ran(execution)["left"] == 4


async def test_a_failure_of_that_code_with_sound_inputs_stands() -> None:
    lanes = ScriptedLanes({"left": [WorkerError("WK-002", "came without a value")]})
    execution = Execution(plan(graph({"top": "canvas", "left": "blur"}, FORK[0])), lanes)
    assert await execution.run() is ExecutionStatus.FAILED
    assert ran(execution) == {"top": 1, "left": 1}


async def test_nodes_that_travelled_together_are_mended_one_by_one() -> None:
    pace = Pace()
    for kind in ("t.canvas", "t.blur"):
        for _ in range(3):
            pace.note(kind, JobOutcome("j", started_ms=1, finished_ms=1))
    hurt = host()
    hurt.breaks = {"top"}
    nodes: dict[str, str | dict[str, Any]] = {"top": "canvas", "left": "blur", "right": "blur"}
    subject = plan(graph(nodes, "top.image > left.image", "left.image > right.image"))
    execution = Execution(subject, hurt.lanes, pace=pace)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert hurt.lanes.segments[0] == ["top", "left", "right"]
    assert ran(execution)["top"] == 2
