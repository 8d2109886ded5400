"""Steps that map over lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.engine.scripted import LOST, RAISED, Act, Execution, ScriptedLanes, settled
from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import Job, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine.in_flight import InFlight

Nodes = dict[str, str | dict[str, Any]]

#: numbers → number (mapped) → mean; the mapped one doubles.
NODES: Nodes = {"r": "range", "n": "number", "m": "mean"}
EDGES = ("r.out > n.value", "n.out > m.items")


def numbers(*values: float) -> dict[str, Value]:
    return {"out": Value("LIST[FLOAT]", data=list(values))}


def doubled(job: Job) -> Act:
    return {"out": Value("FLOAT", data=2 * job.inputs["value"][0].data)}


def mean(job: Job) -> Act:
    items = job.inputs["items"][0].listed()
    return {"out": Value("FLOAT", data=sum(item.data for item in items if item is not None))}


def lanes_of(*values: float, **script: list[Act] | Callable[[Job], Act]) -> ScriptedLanes:
    return ScriptedLanes({"r": [numbers(*values)], "n": doubled, "m": mean, **script})


def failing(*bad: float) -> Callable[[Job], Act]:
    return lambda job: RAISED if job.inputs["value"][0].data in bad else doubled(job)


def counts(execution: Execution, node_id: str = "n") -> dict[str, int]:
    return execution.last(node_id).items or {}


def ran(lanes: ScriptedLanes, node_id: str) -> list[Any]:
    return [job.inputs["value"][0].data for job in lanes.jobs if job.node_id == node_id]


async def test_what_an_item_says_is_the_items() -> None:
    lanes = lanes_of(1, 2)
    lanes.says = {"n": [LogLine(20, "doubling", 5)]}
    execution = Execution(plan(graph(NODES, *EDGES)), lanes)
    await execution.run()
    assert sorted((report.node_id, report.item, report.text) for report in execution.logs) == [
        ("n", 0, "doubling"),
        ("n", 1, "doubling"),
    ]


async def test_what_an_item_shows_its_node_does() -> None:
    lanes = lanes_of(1, 2)
    lanes.shows = {"n": [b"picture"]}
    execution = Execution(plan(graph(NODES, *EDGES)), lanes)
    await execution.run()
    assert [(report.node_id, report.jpeg) for report in execution.previews] == [("n", b"picture")] * 2


async def test_a_node_runs_once_an_item_and_gives_a_list() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_of(1, 2, 3))
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.last("n").outputs == numbers(2, 4, 6)
    assert execution.last("m").outputs == {"out": Value("FLOAT", data=12)}
    assert counts(execution) == {"total": 3, "completed": 3, "cached": 0, "failed": 0, "skipped": 0}
    assert [(report.item, report.state.value) for report in execution.items if report.state.final] == [
        (0, "completed"), (1, "completed"), (2, "completed"),
    ]  # fmt: skip
    assert len({job.job_id for job in execution.lanes.jobs}) == 5
    assert execution.states("n") == ["running", "running", "completed"]


async def test_a_failed_item_stops_no_other_and_skips_what_is_made_of_it() -> None:
    nodes: Nodes = {**NODES, "n2": "number"}
    subject = plan(graph(nodes, "r.out > n.value", "n.out > n2.value", "n2.out > m.items"))
    execution = Execution(subject, lanes_of(1, 2, 3, n=failing(2), n2=doubled))
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final() == {"r": "completed", "n": "failed", "n2": "completed", "m": "skipped"}
    assert ran(execution.lanes, "n") == [1, 2, 3]
    assert ran(execution.lanes, "n2") == [2, 6]
    assert counts(execution) == {"total": 3, "completed": 2, "cached": 0, "failed": 1, "skipped": 0}
    assert counts(execution, "n2") == {"total": 3, "completed": 2, "cached": 0, "failed": 0, "skipped": 1}
    (told,) = execution.last("n").item_errors
    assert (told["item"], told["error"]["code"]) == (1, "WK-003")
    error = execution.last("n").error
    assert error is not None
    assert (error["code"], error["message"]) == ("WK-003", "1 of 3 items failed; item 1: as told")
    assert execution.last("m").why == "its input items takes the whole list of n2, of which items failed"
    outputs = execution.last("n2").outputs
    assert outputs is not None
    assert outputs["out"].items == (Value("FLOAT", data=4), None, Value("FLOAT", data=12))
    skipped = next(report for report in execution.items if report.state is NodeState.SKIPPED)
    assert (skipped.node_id, skipped.item, skipped.why) == ("n2", 1, "item 1 of its input from n.out failed")


async def test_survivors_go_on_but_are_no_result_to_reuse() -> None:
    nodes: Nodes = {**NODES, "s": "survivors"}
    subject = plan(graph(nodes, "r.out > n.value", "n.out > s.items", "s.out > m.items"))

    def survivors(job: Job) -> Act:
        items = job.inputs["items"][0].listed()
        return {"out": Value("LIST[ANY]", data=[item.data for item in items if item is not None])}

    lanes = lanes_of(1, 2, 3, n=failing(2), s=survivors)
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.FAILED
    assert execution.final()["m"] == "completed"
    assert execution.last("m").outputs == {"out": Value("FLOAT", data=8)}
    assert {job.node_id: job.key for job in lanes.jobs if job.node_id in "sm"} == {"s": None, "m": None}
    lanes._script = {**lanes._script, "n": doubled}
    again = Execution(subject, lanes)
    assert await again.run() is ExecutionStatus.COMPLETED
    assert again.last("m").outputs == {"out": Value("FLOAT", data=12)}


async def test_items_are_tried_again_each_by_itself() -> None:
    nodes: Nodes = {**NODES, "n": {"type": "number", "retries": 1, "retry_delay_s": 0}}

    def act(job: Job) -> Act:
        return LOST if job.inputs["value"][0].data == 2 and job.attempt == 1 else doubled(job)

    execution = Execution(plan(graph(nodes, *EDGES)), lanes_of(1, 2, 3, n=act))
    assert await execution.run() is ExecutionStatus.COMPLETED
    states = [report.state.value for report in execution.items if report.item == 1]
    assert states == ["running", "retrying", "running", "completed"]


async def test_only_new_items_run() -> None:
    lanes = lanes_of(1, 2, 3)
    assert await Execution(plan(graph(NODES, *EDGES)), lanes).run() is ExecutionStatus.COMPLETED
    lanes._script = {**lanes._script, "r": [numbers(1, 5, 2, 3)]}
    again = Execution(plan(graph({**NODES, "r": {"type": "range", "params": {"count": 4}}}, *EDGES)), lanes)
    assert await again.run() is ExecutionStatus.COMPLETED
    assert ran(lanes, "n") == [1, 2, 3, 5]
    assert counts(again) == {"total": 4, "completed": 1, "cached": 3, "failed": 0, "skipped": 0}
    assert again.last("m").outputs == {"out": Value("FLOAT", data=22)}


async def test_an_unchanged_mapped_node_is_cached() -> None:
    lanes = lanes_of(1, 2)
    subject = plan(graph({"r": "range", "n": "number"}, "r.out > n.value"))
    await Execution(subject, lanes).run()
    again = Execution(subject, lanes)
    assert await again.run() is ExecutionStatus.COMPLETED
    assert again.final() == {"r": "cached", "n": "cached"}
    assert again.last("n").outputs == numbers(2, 4)
    assert len(lanes.jobs) == 3


async def test_what_comes_after_a_volatile_list_is_reused_item_by_item_and_as_a_whole() -> None:
    files = {"out": Value("LIST[PATH]", data=["a", "b"])}
    images: dict[str, Any] = {"load": lambda job: {"image": Value("IMAGE", data=job.inputs["path"][0].data)}}
    nodes: Nodes = {"f": "folder", "load": "load", "all": "stack"}
    subject = plan(graph(nodes, "f.out > load.path", "load.image > all.images"))
    contents = {"a": "1", "b": "2"}
    lanes = ScriptedLanes({"f": [files], **images})
    for expected in (("completed", "completed"), ("cached", "cached")):
        execution = Execution(subject, lanes, file_identity=contents.__getitem__)
        assert await execution.run() is ExecutionStatus.COMPLETED
        assert (execution.final()["load"], execution.final()["all"]) == expected
    contents["b"] = "3"
    changed = Execution(subject, lanes, file_identity=contents.__getitem__)
    assert await changed.run() is ExecutionStatus.COMPLETED
    assert counts(changed, "load") == {"total": 2, "completed": 1, "cached": 1, "failed": 0, "skipped": 0}


async def test_a_file_that_an_edge_names_counts_by_its_content() -> None:
    nodes: Nodes = {"t": "tag", "load": "load"}
    subject = plan(graph(nodes, "t.out > load.path"))
    assert subject.steps["load"].key is None
    contents = {"a.png": "1"}
    lanes = ScriptedLanes({"t": [{"out": Value("PATH", data="a.png")}]})
    states = []
    for content in ("1", "1", "2"):
        contents["a.png"] = content
        execution = Execution(subject, lanes, file_identity=contents.__getitem__)
        await execution.run()
        states.append(execution.final()["load"])
    assert states == ["completed", "cached", "completed"]


async def test_tensors_of_a_list_are_known_by_their_makers_key_and_place() -> None:
    def tensor(place: int) -> Value:
        return Value("IMAGE", TensorRef("h", place + 1, place * 64, 64, (1,), "float32", 0))

    subject = plan(graph({"f": "frames", "b": "blur"}, "f.out > b.image"))
    frames = {"out": Value("LIST[IMAGE]", items=(tensor(0), tensor(1)))}
    lanes = ScriptedLanes({"f": [frames], "b": lambda job: {"image": job.inputs["image"][0]}})
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.last("b").outputs == {"image": Value("LIST[IMAGE]", items=(tensor(0), tensor(1)))}
    keys = [job.key for job in lanes.jobs if job.node_id == "b"]
    assert None not in keys
    assert len(set(keys)) == 2


async def test_a_port_for_many_edges_takes_the_items_together() -> None:
    nodes: Nodes = {"f": "frames", "c": "canvas", "s": "stack"}
    subject = plan(graph(nodes, "f.out > s.images", "c.image > s.images"))
    assert subject.steps["s"].mapped == ()
    lanes = ScriptedLanes({"f": [{"out": Value("LIST[IMAGE]", data=["x", "y"])}]})
    execution = Execution(subject, lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert [value.data for value in lanes.jobs[-1].inputs["images"]] == ["x", "y", "c"]


async def test_other_inputs_go_to_every_item() -> None:
    nodes: Nodes = {"f": "frames", "n": "number", "b": "scale"}
    subject = plan(graph(nodes, "f.out > b.image", "n.out > b.factor"))
    frames, number = {"out": Value("LIST[IMAGE]", data=["x", "y"])}, {"out": Value("FLOAT", data=3.0)}
    lanes = ScriptedLanes({"f": [frames], "n": [number]})
    assert await Execution(subject, lanes).run() is ExecutionStatus.COMPLETED
    jobs = [job for job in lanes.jobs if job.node_id == "b"]
    assert [(job.inputs["image"][0].data, job.inputs["factor"][0].data) for job in jobs] == [("x", 3.0), ("y", 3.0)]


@pytest.mark.parametrize("lengths", [(3, 2), (2, 3)])
async def test_two_lists_must_be_of_one_length(lengths: tuple[int, int]) -> None:
    nodes: Nodes = {"f": "frames", "r": "range", "b": "scale"}
    subject = plan(graph(nodes, "f.out > b.image", "r.out > b.factor"))
    assert set(subject.steps["b"].mapped) == {"image", "factor"}
    frames = {"out": Value("LIST[IMAGE]", data=["x"] * lengths[0])}
    execution = Execution(subject, ScriptedLanes({"f": [frames], "r": [numbers(*range(lengths[1]))]}))
    assert await execution.run() is ExecutionStatus.FAILED
    error = execution.last("b").error
    assert error is not None
    assert error["code"] == "VE-006"
    assert f"image from f.out has {lengths[0]}" in error["message"]
    assert f"factor from r.out {lengths[1]}" in error["message"]


async def test_an_empty_list_gives_empty_lists() -> None:
    execution = Execution(plan(graph(NODES, *EDGES)), lanes_of())
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert execution.last("n").outputs == numbers()
    assert counts(execution)["total"] == 0


async def test_no_more_items_run_at_once_than_allowed() -> None:
    for max_parallel, expected in ((3, 3), (None, 4)):
        most = now = 0

        class Counting(ScriptedLanes):
            async def _play(self, job: Job) -> Any:
                nonlocal most, now
                now += job.node_id == "n"
                most = max(most, now)
                await asyncio.sleep(0)
                now -= job.node_id == "n"
                return await super()._play(job)

        nodes: Nodes = {**NODES, "n": {"type": "number", "max_parallel": max_parallel}}
        lanes = Counting({"r": [numbers(*range(20))], "n": doubled, "m": mean})
        assert await Execution(plan(graph(nodes, *EDGES)), lanes).run() is ExecutionStatus.COMPLETED
        assert most == expected


async def test_a_cancel_ends_what_runs_and_starts_no_more_items() -> None:
    nodes: Nodes = {**NODES, "n": {"type": "number", "max_parallel": 2}}
    lanes = lanes_of(*range(50), n=lambda job: None)
    execution = Execution(plan(graph(nodes, *EDGES)), lanes)
    running = asyncio.create_task(execution.run())
    while len(lanes.jobs) < 3:
        await asyncio.sleep(0)
    await execution.executor.cancel()
    assert await running is ExecutionStatus.CANCELLED
    assert execution.final() == {"r": "completed", "n": "cancelled", "m": "cancelled"}
    assert len(lanes.jobs) == 3
    assert {report.item for report in execution.items} == {0, 1}


async def test_a_pause_stops_between_items() -> None:
    nodes: Nodes = {**NODES, "n": {"type": "number", "max_parallel": 1}}
    lanes = lanes_of(*range(5))
    lanes.stuck["n"] = asyncio.Event()
    execution = Execution(plan(graph(nodes, *EDGES)), lanes)
    running = asyncio.create_task(execution.run())
    await settled()
    await execution.executor.pause()
    lanes.stuck["n"].set()
    await settled()
    assert len(ran(lanes, "n")) == 1
    await execution.executor.resume()
    assert await running is ExecutionStatus.COMPLETED
    assert len(ran(lanes, "n")) == 5


async def test_how_far_items_are_is_how_far_their_node_is() -> None:
    lanes = lanes_of(1, 2)
    lanes.stuck["n"] = asyncio.Event()
    execution = Execution(plan(graph(NODES, *EDGES)), lanes)
    running = asyncio.create_task(execution.run())
    await settled()
    lanes.on_progress["n"](0.5)
    assert execution.last("n").progress == 25
    lanes.stuck["n"].set()
    assert await running is ExecutionStatus.COMPLETED
    assert execution.last("n").progress == 100


async def test_equal_items_run_once() -> None:
    lanes = lanes_of(1, 1, 1, 2)
    execution = Execution(plan(graph(NODES, *EDGES)), lanes, flights=InFlight())
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert sorted(ran(lanes, "n")) == [1, 2]
    assert execution.last("n").outputs == numbers(2, 2, 2, 4)


async def test_only_the_first_hundred_errors_are_told() -> None:
    lanes = lanes_of(*range(150), n=lambda job: RAISED)
    execution = Execution(plan(graph(NODES, *EDGES)), lanes)
    assert await execution.run() is ExecutionStatus.FAILED
    assert len(execution.last("n").item_errors) == 100
    assert counts(execution)["failed"] == 150
    assert execution.final()["m"] == "skipped"


async def test_ten_thousand_items_are_told_of_in_few_reports_of_their_node() -> None:
    lanes = lanes_of(*range(10_000))
    execution = Execution(plan(graph(NODES, *EDGES)), lanes)
    assert await execution.run() is ExecutionStatus.COMPLETED
    assert len(execution.items) == 20_000
    assert len([report for report in execution.reports if report.node_id == "n"]) < 200
    assert lanes.called.count("vortex_lookup") < 20
