"""What nodes say, and why they failed, as Prefect shows it for their task runs."""

from __future__ import annotations

import re

import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def lines(stack: StackClient, task_run_id: str, count: int, level: int = 0) -> list[tuple[int, str]]:
    """Level and text of the first 200 of a task run's logs from that level on, once there are so many."""
    logs = {"task_run_id": {"any_": [task_run_id]}, "level": {"ge_": level}}
    wanted = {"logs": logs, "sort": "TIMESTAMP_ASC"}

    def look() -> list[tuple[int, str]]:
        found = stack.prefect.post("/logs/filter", json=wanted).raise_for_status().json()
        return [(row["level"], row["message"]) for row in found] if len(found) >= count else []

    return eventually(look)


def test_lines_of_a_node_are_logs_of_its_task_run(stack: StackClient) -> None:
    nodes = {"speak": debug("log", text="héllo\0", level=30), "long": debug("sleep", seconds=0.8)}
    execution = stack.run(graph("speaking", nodes, "speak.out > long.in"))
    runs = stack.recorded_states(execution["id"], speak="Completed", long="Completed")
    # The first job of a stack may take long enough for a line of its own.
    assert lines(stack, runs["speak"]["id"], 3)[:3] == [
        (20, "printed héllo\ufffd"),
        (30, "logged héllo\ufffd"),
        (20, "noted héllo\ufffd"),
    ]
    ((level, text),) = lines(stack, runs["long"]["id"], 1)
    assert level == 20
    assert re.match(r"completed after \d+\.\d s on ", text)
    assert "1 of 1 worker(s) free" in text
    of_the_flow_run = {"logs": {"flow_run_id": {"any_": [stack.flow_run_id(execution["id"])]}}}
    found = stack.prefect.post("/logs/filter", json=of_the_flow_run).raise_for_status().json()
    assert {row["task_run_id"] for row in found} >= {runs["speak"]["id"], runs["long"]["id"]}


def test_a_failure_is_logged_with_its_traceback(stack: StackClient) -> None:
    execution = stack.run(graph("failing", {"fail": debug("fail", retries=1, message="as told")}))
    assert execution["status"] == "failed"
    runs = stack.recorded_states(execution["id"], fail="Failed")
    (first, why), (last, how) = lines(stack, runs["fail"]["id"], 2)
    assert (first, last) == (30, 40)
    assert why.startswith("attempt 1 failed, the next one begins in 0.2 s: WK-003 RuntimeError: as told\nTraceback")
    assert how.startswith("WK-003 RuntimeError: as told\nTraceback")
    assert how.rstrip().endswith("RuntimeError: as told")


def test_nodes_that_travel_together_are_heard_one_by_one(stack: StackClient) -> None:
    for turn in range(4):  # short ones are known to be short after three
        nodes = {name: debug("log", text=f"{name}{turn}") for name in "abc"}
        execution = stack.run(graph("chain", nodes, "a.out > b.in", "b.out > c.in"))
    runs = stack.recorded_states(execution["id"], **dict.fromkeys("abc", "Completed"))
    for name in "abc":
        assert lines(stack, runs[name]["id"], 3) == [(20, f"{verb} {name}3") for verb in ("printed", "logged", "noted")]


def test_a_node_without_measure_is_cut_off_and_says_so(stack: StackClient) -> None:
    execution = stack.run(graph("flood", {"flood": debug("log", text="x" * 5000, times=1000)}))
    assert execution["status"] == "completed"
    runs = stack.recorded_states(execution["id"], flood="Completed")
    found = lines(stack, runs["flood"]["id"], 200)
    ((_, note),) = lines(stack, runs["flood"]["id"], 1, level=30)
    assert "more lines were dropped" in note
    assert max(len(text.encode()) for _, text in found) == 4096
