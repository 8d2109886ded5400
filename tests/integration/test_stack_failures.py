"""Nodes that fail, die and come back, through the whole stack."""

from __future__ import annotations

import pytest

from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def test_a_failing_node_takes_only_its_own_branch_down(stack: StackClient) -> None:
    nodes = {
        "source": debug("value", value=5),
        "bad": debug("fail", message="the reason"),
        "below": debug("identity"),
        "good": debug("identity"),
    }
    edges = ("source.out > bad.in", "bad.out > below.in", "source.out > good.in")
    execution = stack.run(graph("a branch fails", nodes, *edges, outputs=("good.out", "below.out")))
    assert execution["status"] == "failed"
    assert {name: node["state"] for name, node in execution["nodes"].items()} == {
        "source": "completed",
        "bad": "failed",
        "below": "skipped",
        "good": "completed",
    }
    error = execution["nodes"]["bad"]["error"]
    assert error["code"] == "WK-003"
    assert "the reason" in error["message"]
    assert "RuntimeError: the reason" in error["traceback"]
    assert execution["outputs"]["good_out"]["value"] == 5
    assert "below_out" not in execution["outputs"]

    assert stack.ended_flow_run(execution["id"])["state_type"] == "FAILED"
    stack.recorded_states(execution["id"], source="Completed", bad="Failed", below="Skipped", good="Completed")


def test_a_node_that_fails_twice_completes_at_its_third_attempt(stack: StackClient) -> None:
    execution = stack.run(graph("retries", {"shaky": debug("fail", times=2, retries=2)}))
    assert execution["status"] == "completed"
    assert execution["nodes"]["shaky"]["attempt"] == 3
    run = stack.recorded_states(execution["id"], shaky="Completed")["shaky"]
    assert run["run_count"] == 3
    states = stack.prefect.get("/task_run_states/", params={"task_run_id": run["id"]}).raise_for_status().json()
    names = [state["name"] for state in sorted(states, key=lambda state: state["timestamp"])]
    assert names == ["Running", "AwaitingRetry", "Retrying", "AwaitingRetry", "Retrying", "Completed"]


def test_a_node_that_kills_its_worker_completes_on_the_next_one(stack: StackClient) -> None:
    workers = stack.bridge.get("/api/workers").json()["workers"]
    execution = stack.run(graph("a crash", {"crash": debug("crash", times=1, retries=1)}), force=True)
    assert execution["status"] == "completed"
    assert execution["nodes"]["crash"]["attempt"] == 2
    successors = stack.bridge.get("/api/workers").json()["workers"]
    assert {worker["pid"] for worker in workers}.isdisjoint(worker["pid"] for worker in successors)
    assert successors[0]["restarts"] == workers[0]["restarts"] + 1


def test_a_lost_worker_is_told_as_such(stack: StackClient) -> None:
    execution = stack.run(graph("lost", {"crash": debug("crash", signal=11)}))
    assert execution["status"] == "failed"
    error = execution["nodes"]["crash"]["error"]
    assert error["code"] == "WK-001"
    assert "killed by signal 11" in error["message"]
