"""Flow runs that stand for executions: begun, steered, repeated and shown in Prefect."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def form(name: str, seconds: float = 0.0) -> dict[str, Any]:
    """Two exposed inputs, one output."""
    nodes = {"value": debug("value", value=3), "sleep": debug("sleep", seconds=seconds)}
    document = graph(name, nodes, "value.out > sleep.in", outputs=("sleep.out",))
    exposed = [{"name": "start", "node": "value", "param": "value"}]
    return {**document, "inputs": [*exposed, {"name": "seconds", "node": "sleep", "param": "seconds"}]}


def chain(name: str, seconds: float, count: int = 4) -> dict[str, Any]:
    """Nodes that sleep one after the other, the first so long; what slept as long before is in the cache."""
    lengths = [seconds, *(seconds / 10 + index / 1000 for index in range(1, count))]
    nodes = {f"s{index}": debug("sleep", seconds=length) for index, length in enumerate(lengths)}
    return graph(name, nodes, *(f"s{index}.out > s{index + 1}.in" for index in range(count - 1)))


# -- deployments -----------------------------------------------------------------------------


def test_a_run_belongs_to_a_deployment_of_its_graph(stack: StackClient) -> None:
    graph_id = stack.create(form("of a deployment"))
    first, second = (stack.flow_run(stack.flow_run_id(stack.start(graph_id, inputs=i))) for i in ({}, {"start": 4}))
    assert first["deployment_id"] == second["deployment_id"]
    assert (first["parameters"], second["parameters"]) == (
        {"start": 3.0, "seconds": 0.0},
        {"start": 4.0, "seconds": 0.0},
    )
    deployment = stack.prefect.get(f"/deployments/{first['deployment_id']}").raise_for_status().json()
    assert deployment["work_pool_name"] == "vortex"
    assert set(deployment["parameter_openapi_schema"]["properties"]) == {"start", "seconds"}
    pool = stack.prefect.get("/work_pools/vortex").raise_for_status().json()
    assert pool["type"] == "vortex"


def test_a_run_that_prefect_begins_takes_parameters_and_is_an_execution(stack: StackClient) -> None:
    graph_id = stack.create(form("published"))
    deployment = stack.deploy(graph_id, name="nightly", parameters={"start": 5})
    assert deployment["name"] == "published/nightly"
    began = time.monotonic()
    flow_run_id = stack.begin(deployment["deployment_id"], parameters={"start": 13})
    eventually(lambda: stack.known(flow_run_id) and stack.execution(flow_run_id)["started_at"], limit_s=20.0)
    assert time.monotonic() - began < 5.0
    execution = stack.ended(flow_run_id)
    assert (execution["status"], execution["outputs"]["sleep_out"]["value"]) == ("completed", 13.0)
    assert stack.reaches(flow_run_id, "Completed")["parameters"]["start"] == 13

    listed = stack.bridge.get("/api/execution", params={"graph_id": graph_id}).json()["executions"]
    assert [(item["id"], item["graph_id"], item["flow_run_id"]) for item in listed] == [
        (flow_run_id, graph_id, flow_run_id)
    ]
    events = stack.bridge.get(f"/api/graph/{flow_run_id}/events").json()["events"]
    assert [event["event_type"] for event in events] == ["ExecutionQueued", "ExecutionStarted", "ExecutionCompleted"]
    assert events[0]["metadata"]["user"] == "prefect"

    # What nobody says is the deployment's own.
    other = stack.begin(deployment["deployment_id"])
    eventually(lambda: stack.known(other))
    assert stack.ended(other)["outputs"]["sleep_out"]["value"] == 5.0


def test_what_is_too_old_is_removed_by_a_deployment_of_our_own(stack: StackClient) -> None:
    wanted = {"deployments": {"tags": {"all_": ["vortex-retention"]}}}

    def found() -> Any:
        return stack.prefect.post("/deployments/filter", json=wanted).raise_for_status().json()

    [deployment] = eventually(found)
    assert (deployment["work_pool_name"], deployment["schedules"][0]["schedule"]["cron"]) == ("vortex", "17 3 * * *")
    flow_run_id = stack.begin(deployment["id"], parameters={"dry_run": True})
    flow_run = stack.reaches(flow_run_id, "Completed", "Failed", "Crashed")
    assert flow_run["state_name"] == "Completed"
    assert flow_run["parameters"] == {"dry_run": True}
    assert not stack.known(flow_run_id)  # it is no execution
    shown = stack.prefect.post("/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [flow_run_id]}}})
    assert [artifact["key"] for artifact in shown.raise_for_status().json()] == ["vortex-retention"]


def test_a_run_begins_when_it_is_due_and_not_when_the_worker_hears_of_it(stack: StackClient) -> None:
    deployment = stack.deploy(stack.create(form("later")))
    due = datetime.now(UTC) + timedelta(seconds=6)
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due.isoformat()}}
    flow_run_id = stack.begin(deployment["deployment_id"], state=state)
    eventually(lambda: stack.known(flow_run_id), limit_s=30.0)
    execution = stack.ended(flow_run_id)
    assert datetime.fromisoformat(execution["started_at"]) >= due - timedelta(milliseconds=50)


def test_parameters_that_the_graph_refuses_fail_the_flow_run_with_the_code(stack: StackClient) -> None:
    deployment = stack.deploy(stack.create(form("refused")))
    body = {"parameters": {"seconds": -1}, "enforce_parameter_schema": False}
    flow_run = stack.reaches(stack.begin(deployment["deployment_id"], **body), "Failed", "Crashed")
    assert flow_run["state_name"] == "Failed"
    assert "VE-010" in flow_run["state"]["message"]
    # Where the form is asked, Prefect itself refuses.
    answer = stack.prefect.post(
        f"/deployments/{deployment['deployment_id']}/create_flow_run", json={"parameters": {"seconds": -1}}
    )
    assert answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY)


def test_what_prefect_refuses_is_a_bad_request(stack: StackClient) -> None:
    graph_id = stack.create(form("no such schedule"))
    for options in ({"cron": "never"}, {"cron": "* * * * *", "timezone": "Nowhere"}):
        answer = stack.bridge.post(f"/api/graph/{graph_id}/deploy", json=options)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "RQ-001"), answer.text


def test_a_deployment_that_was_deleted_in_prefect_is_made_anew(stack: StackClient) -> None:
    graph_id = stack.create(form("deleted"))
    first = stack.flow_run(stack.flow_run_id(stack.start(graph_id)))["deployment_id"]
    stack.prefect.delete(f"/deployments/{first}").raise_for_status()
    second = stack.flow_run(stack.flow_run_id(stack.start(graph_id)))["deployment_id"]
    assert second != first


# -- steering --------------------------------------------------------------------------------


def test_a_cancel_in_prefect_stops_the_node(stack: StackClient) -> None:
    document = graph(
        "cancelled", {"long": debug("sleep", seconds=120), "after": debug("identity")}, "long.out > after.in"
    )
    execution_id = stack.start(stack.create(document))
    flow_run_id = stack.running(execution_id, "long")
    assert stack.set_state(flow_run_id, "CANCELLING") == "ACCEPT"
    asked = time.monotonic()
    stack.reaches(flow_run_id, "Cancelled")
    assert time.monotonic() - asked < 2.0
    assert stack.ended(execution_id)["status"] == "cancelled"
    assert stack.nodes(execution_id) == {"long": "cancelled", "after": "cancelled"}


def test_a_pause_in_prefect_starts_no_node_until_it_is_resumed(stack: StackClient) -> None:
    execution_id = stack.start(stack.create(chain("paused", 4.5)))
    flow_run_id = stack.running(execution_id, "s0")
    assert stack.set_state(flow_run_id, "PAUSED", pause_reschedule=False) == "ACCEPT"
    eventually(lambda: stack.execution(execution_id)["status"] == "paused")
    held = eventually(lambda: {} if "running" in (now := stack.nodes(execution_id)).values() else now)
    assert held["s3"] == "pending"
    # Were the gate open, the next node would run within this second.
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        assert stack.nodes(execution_id) == held
        time.sleep(0.05)  # a client may ask 500 times a second, no more
    stack.resume(flow_run_id)
    assert stack.ended(execution_id)["status"] == "completed"
    stack.reaches(flow_run_id, "Completed")


def test_a_suspended_run_goes_on_where_it_stood(stack: StackClient) -> None:
    execution_id = stack.start(stack.create(chain("suspended", 4.6)))
    flow_run_id = stack.running(execution_id, "s0")
    assert stack.set_state(flow_run_id, "PAUSED", "Suspended", pause_reschedule=True) == "ACCEPT"
    eventually(lambda: stack.execution(execution_id)["status"] == "paused")
    held = eventually(lambda: {} if "running" in (now := stack.nodes(execution_id)).values() else now)
    assert held["s0"] == "completed"
    assert stack.flow_run(flow_run_id)["state_name"] == "Suspended"
    stack.resume(flow_run_id)
    assert stack.ended(execution_id)["status"] == "completed"
    stack.reaches(flow_run_id, "Completed")
    assert {node["attempt"] for node in stack.execution(execution_id)["nodes"].values()} == {1}


def test_a_suspended_run_can_be_cancelled(stack: StackClient) -> None:
    execution_id = stack.start(stack.create(chain("suspended and cancelled", 4.7)))
    flow_run_id = stack.running(execution_id)
    assert stack.set_state(flow_run_id, "PAUSED", "Suspended", pause_reschedule=True) == "ACCEPT"
    eventually(lambda: stack.execution(execution_id)["status"] == "paused")
    stack.set_state(flow_run_id, "CANCELLING")
    assert stack.ended(execution_id)["status"] == "cancelled"
    stack.reaches(flow_run_id, "Cancelled")


def test_a_retry_in_prefect_runs_what_failed_and_nothing_else(stack: StackClient) -> None:
    nodes = {"counted": debug("count", tag="retried"), "shaky": debug("fail", message="first", times=1)}
    document = graph("retried", nodes, "counted.out > shaky.in", outputs=("shaky.out",))
    execution_id = stack.start(stack.create(document))
    assert stack.ended(execution_id)["status"] == "failed"
    flow_run_id = stack.flow_run_id(execution_id)
    stack.reaches(flow_run_id, "Failed")
    stack.recorded_states(execution_id, counted="Completed", shaky="Failed")
    assert stack.set_state(flow_run_id, "SCHEDULED", "AwaitingRetry") == "ACCEPT"
    assert stack.reaches(flow_run_id, "Completed", "Crashed")["run_count"] == 2
    execution = stack.ended(execution_id)
    assert execution["status"] == "completed"
    assert stack.nodes(execution_id) == {"counted": "cached", "shaky": "completed"}
    assert execution["nodes"]["shaky"]["attempt"] == 2
    assert stack.count("retried") == 1
    runs = stack.recorded_states(execution_id, counted="Cached", shaky="Completed")
    assert runs["shaky"]["run_count"] == 2
    events = stack.bridge.get(f"/api/graph/{execution_id}/events").json()["events"]
    assert [
        (event["event_type"], event["metadata"]["user"]) for event in events if "Queued" in event["event_type"]
    ] == [
        ("ExecutionQueued", "local"),
        ("ExecutionQueued", "prefect"),
    ]


# -- what is shown ---------------------------------------------------------------------------


def test_an_execution_that_ends_before_its_flow_run_exists_is_recorded_in_full(stack: StackClient) -> None:
    nodes = {"one": debug("value", value=1), "same": debug("identity")}
    graph_id = stack.create(graph("tiny", nodes, "one.out > same.in"))
    stack.ended(stack.start(graph_id))  # the next one is all in the cache, and takes no time
    execution_id = stack.start(graph_id)
    execution = stack.ended(execution_id)
    flow_run = stack.ended_flow_run(execution_id)
    created, ended = (datetime.fromisoformat(t) for t in (flow_run["created"], execution["finished_at"]))
    assert ended < created, "it did not end first"
    assert flow_run["state_name"] == "Completed"
    stack.recorded_states(execution_id, one="Cached", same="Cached")


def test_prefect_draws_the_edges_of_the_graph(stack: StackClient) -> None:
    nodes = {
        "one": debug("value", value=1),
        "two": debug("value", value=2),
        "sum": debug("add"),
        "left": debug("identity"),
        "right": debug("identity"),
    }
    edges = ("one.out > sum.a", "two.out > sum.b", "sum.out > left.in", "sum.out > right.in")
    execution_id = stack.start(stack.create(graph("drawn", nodes, *edges)), force=True)
    stack.ended(execution_id)
    stack.recorded_states(execution_id, **dict.fromkeys(nodes, "Completed"))
    flow_run_id = stack.flow_run_id(execution_id)
    drawn = stack.prefect.get(f"/flow_runs/{flow_run_id}/graph-v2").raise_for_status().json()
    label = {node_id: node["label"] for node_id, node in drawn["nodes"]}
    wanted = {tuple(part.partition(".")[0] for part in edge.split(" > ")) for edge in edges}
    assert set(label.values()) == set(nodes)
    assert {
        (label[node_id], label[child["id"]]) for node_id, node in drawn["nodes"] for child in node["children"]
    } == wanted
    assert {
        (label[parent["id"]], label[node_id]) for node_id, node in drawn["nodes"] for parent in node["parents"]
    } == wanted
    assert {label[node_id] for node_id in drawn["root_node_ids"]} == {"one", "two"}


def test_artifacts_show_the_graph_and_its_picture(stack: StackClient) -> None:
    solid = {"type": "image.solid", "params": {"width": 8, "height": 4, "color": "#00ff00"}}
    execution = stack.run(graph("green", {"green": solid}, outputs=("green.image",)))
    flow_run_id = stack.ended_flow_run(execution["id"])["id"]
    wanted = {"artifacts": {"flow_run_id": {"any_": [flow_run_id]}}}
    found = stack.prefect.post("/artifacts/filter", json=wanted).raise_for_status().json()
    shown = {artifact["type"]: artifact for artifact in found}
    assert set(shown) == {"markdown", "image"}
    assert "```mermaid\nflowchart LR" in shown["markdown"]["data"]
    assert "| green | image.solid | completed | 1 |" in shown["markdown"]["data"]
    picture = httpx.get(shown["image"]["data"])
    assert picture.headers["content-type"] == "image/png"
    stack.recorded_states(execution["id"], green="Completed")
    assert shown["image"]["task_run_id"] == stack.task_runs(execution["id"])["green"]["id"]


# -- limits ----------------------------------------------------------------------------------


def test_a_node_waits_for_a_place_under_its_tag(stack: StackClient) -> None:
    limit = stack.prefect.post("/v2/concurrency_limits/", json={"name": "tag:crowded", "limit": 1}).raise_for_status()
    occupied = {"names": ["tag:crowded"], "slots": 1, "mode": "concurrency"}
    stack.prefect.post("/v2/concurrency_limits/increment", json=occupied).raise_for_status()
    nodes = {"tagged": {**debug("count", tag="crowded"), "tags": ["crowded"]}, "free": debug("count", tag="roomy")}
    execution_id = stack.start(stack.create(graph("crowded", nodes)))
    eventually(lambda: stack.nodes(execution_id)["free"] == "completed")
    stack.running(execution_id)
    assert stack.nodes(execution_id)["tagged"] == "pending"
    stack.prefect.post("/v2/concurrency_limits/decrement", json=occupied).raise_for_status()
    assert stack.ended(execution_id)["status"] == "completed"
    assert "crowded" in stack.recorded_states(execution_id, tagged="Completed", free="Completed")["tagged"]["tags"]
    now = stack.prefect.get(f"/v2/concurrency_limits/{limit.json()['id']}").raise_for_status().json()
    assert now["active_slots"] == 0
