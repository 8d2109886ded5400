"""Graphs over HTTP, and what Prefect says of them."""

from __future__ import annotations

import io
import os
import signal

import pytest
from PIL import Image

from tests.integration.polling import eventually
from tests.integration.processes import state
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def test_a_graph_runs_and_prefect_shows_one_task_run_a_node(stack: StackClient) -> None:
    nodes = {
        "one": debug("value", value=1),
        "two": debug("value", value=2),
        "sum": debug("add"),
        "same": debug("identity"),
        "big": debug("allocate", mb=1, seed=3),
        "digest": debug("checksum"),
    }
    edges = ("one.out > sum.a", "two.out > sum.b", "sum.out > same.in", "big.out > digest.in")
    # Whatever other tests have left in the cache of the stack.
    execution = stack.run(graph("six nodes", nodes, *edges, outputs=("same.out", "digest.out")), force=True)
    assert execution["status"] == "completed"
    assert {name: node["state"] for name, node in execution["nodes"].items()} == dict.fromkeys(nodes, "completed")
    assert execution["outputs"]["same_out"]["value"] == 3.0
    assert len(execution["outputs"]["digest_out"]["value"]) == 64

    flow_run = stack.ended_flow_run(execution["id"])
    assert flow_run["state_type"] == "COMPLETED"
    runs = stack.recorded_states(execution["id"], **dict.fromkeys(nodes, "Completed"))
    assert all(run["flow_run_id"] == flow_run["id"] for run in runs.values())
    assert _parents(runs, "sum") == {"a": ["one"], "b": ["two"]}
    assert _parents(runs, "same") == {"in": ["sum"]}
    assert _parents(runs, "one") == {}
    assert all(run["start_time"] and run["end_time"] for run in runs.values())


def test_a_long_node_reads_running_in_prefect_and_ends_by_a_cancel(stack: StackClient) -> None:
    document = graph(
        "sleeper", {"sleep": debug("sleep", seconds=120), "after": debug("identity")}, "sleep.out > after.in"
    )
    execution_id = stack.start(stack.create(document))
    stack.recorded_states(execution_id, sleep="Running")
    assert stack.bridge.post(f"/api/execution/{execution_id}/cancel").status_code == 202
    execution = stack.ended(execution_id)
    assert execution["status"] == "cancelled"
    assert {name: node["state"] for name, node in execution["nodes"].items()} == {
        "sleep": "cancelled",
        "after": "cancelled",
    }
    stack.recorded_states(execution_id, sleep="Cancelled", after="Cancelled")
    assert stack.ended_flow_run(execution_id)["state_type"] == "CANCELLED"


def test_a_cancel_reaches_nodes_that_wait_for_a_worker(stack: StackClient) -> None:
    """One worker: the second sleeper waits for it, and must not begin once the first is stopped."""
    nodes = {"first": debug("sleep", seconds=120), "second": debug("sleep", seconds=121)}
    execution_id = stack.start(stack.create(graph("two sleepers", nodes)))
    eventually(lambda: "running" in [node["state"] for node in stack.execution(execution_id)["nodes"].values()])
    stack.bridge.post(f"/api/execution/{execution_id}/cancel")
    execution = stack.ended(execution_id)
    assert [node["state"] for node in execution["nodes"].values()] == ["cancelled", "cancelled"]


def test_an_unchanged_graph_is_not_computed_again(stack: StackClient) -> None:
    nodes = {"counted": debug("count", tag="unchanged"), "after": debug("identity")}
    graph_id = stack.create(graph("cached", nodes, "counted.out > after.in", outputs=("after.out",)))
    first = stack.ended(stack.start(graph_id))
    second = stack.ended(stack.start(graph_id))
    assert [first["outputs"]["after_out"]["value"], second["outputs"]["after_out"]["value"]] == [1, 1]
    assert [node["cached"] for node in second["nodes"].values()] == [True, True]
    assert stack.count("unchanged") == 1
    stack.recorded_states(second["id"], counted="Cached", after="Cached")
    assert stack.ended(stack.start(graph_id, force=True))["outputs"]["after_out"]["value"] == 2
    assert stack.count("unchanged") == 2


def test_a_picture_is_served_as_png(stack: StackClient) -> None:
    solid = {"type": "image.solid", "params": {"width": 8, "height": 4, "color": "#ff0000"}}
    execution = stack.run(graph("red", {"red": solid}, outputs=("red.image",)))
    answer = stack.bridge.get(execution["outputs"]["red_image"]["url"])
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (8, 4)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_every_problem_of_an_invalid_graph_is_told(stack: StackClient) -> None:
    nodes = {"odd": {"type": "debug.unknown"}, "slow": debug("sleep", seconds=-1), "lonely": debug("identity")}
    graph_id = stack.create(graph("invalid", nodes))
    answer = stack.bridge.post(f"/api/graph/{graph_id}/execute", json={})
    assert answer.status_code == 400
    problems = {(problem["code"], problem["node_id"]) for problem in answer.json()["error"]["problems"]}
    assert problems == {("VE-003", "odd"), ("VE-010", "slow"), ("VE-007", "lonely")}


def test_nothing_runs_while_the_dask_worker_stands_still(stack: StackClient) -> None:
    """Dask's worker is in the way of every job: stop it, and jobs stop."""
    worker = next(int(process["pid"]) for process in stack.processes() if process["role"] == "dask-worker")
    nodes = {f"n{index}": debug("count", tag="stopped") for index in range(3)}
    graph_id = stack.create(graph("stopped", nodes))
    os.kill(worker, signal.SIGSTOP)
    try:
        eventually(lambda: state(worker) == "T")
        execution_id = stack.start(graph_id, force=True)
        eventually(lambda: stack.execution(execution_id)["status"] == "running")
        # The same engine goes on with what needs no host: its flow run comes up while the nodes stand.
        stack.flow_run_id(execution_id)
        execution = stack.execution(execution_id)
        assert execution["status"] == "running"
        assert not [node for node in execution["nodes"].values() if node["state"] in ("completed", "cached")]
    finally:
        os.kill(worker, signal.SIGCONT)
    assert stack.ended(execution_id)["status"] == "completed"
    assert stack.count("stopped") == 3


def _parents(runs: dict[str, dict[str, object]], name: str) -> dict[str, list[str]]:
    names = {run["id"]: other for other, run in runs.items()}
    inputs = runs[name]["task_inputs"]
    assert isinstance(inputs, dict)
    return {port: [names[source["id"]] for source in sources] for port, sources in inputs.items() if sources}
