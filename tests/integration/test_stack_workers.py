"""Workers that are not the stack's own: started by Prefect's command, they hand their runs to its engine."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


def environment(stack: StackClient, folder: Path) -> dict[str, str]:
    """For commands of Prefect that are to speak to the stack."""
    return stack.environment(PREFECT_HOME=str(folder / "prefect"))


@contextmanager
def worker(stack: StackClient, folder: Path, pool: str, pool_type: str) -> Iterator[None]:
    """`prefect worker start`, ended by Ctrl-C."""
    env = environment(stack, folder)
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", pool_type]
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=folder)
    try:
        yield
        assert process.poll() is None, (folder / "worker.log").read_text()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()


def form(stack: StackClient, name: str) -> str:
    """A stored graph with two exposed inputs."""
    nodes = {"value": debug("value", value=3), "sleep": debug("sleep", seconds=0)}
    document = graph(name, nodes, "value.out > sleep.in", outputs=("sleep.out",))
    inputs = [
        {"name": "start", "node": "value", "param": "value"},
        {"name": "seconds", "node": "sleep", "param": "seconds"},
    ]
    return stack.create({**document, "inputs": inputs})


def pool_of_processes(stack: StackClient) -> None:
    """The pool `processes`, made where there is none."""
    made = stack.prefect.post("/work_pools/", json={"name": "processes", "type": "process"})
    assert made.status_code in (201, 409), made.text


def test_a_process_pool_runs_graphs_in_the_warm_engine(stack: StackClient, tmp_path: Path) -> None:
    pool_of_processes(stack)
    deployment = stack.deploy(form(stack, "in a process"), pool="processes")
    with worker(stack, tmp_path, "processes", "process"):
        flow_run_id = stack.begin(deployment["deployment_id"], parameters={"start": 77191, "seconds": 0.01})
        flow_run = stack.reaches(flow_run_id, "Completed", "Failed", "Crashed", limit_s=120.0)
        assert (flow_run["state_name"], flow_run["state"]["message"]) == ("Completed", "2 completed")
        execution = stack.ended(flow_run_id)
        assert (execution["status"], execution["outputs"]["sleep_out"]["value"]) == ("completed", 77191.0)
        stack.recorded_states(flow_run_id, value="Completed", sleep="Completed")

        # Prefect ends the process, and with it goes what it waited for.
        long = stack.begin(deployment["deployment_id"], parameters={"seconds": 300})
        eventually(lambda: stack.known(long) and stack.nodes(long)["sleep"] == "running", limit_s=120.0)
        stack.set_state(long, "CANCELLING")
        stack.reaches(long, "Cancelled")
        assert stack.ended(long)["status"] == "cancelled"


def test_a_worker_of_prefects_command_serves_a_pool_of_ours(stack: StackClient, tmp_path: Path) -> None:
    deployment = stack.deploy(form(stack, "of another worker"), pool="extra", name="elsewhere")
    pool = stack.prefect.get("/work_pools/extra").raise_for_status().json()
    assert pool["type"] == "vortex"
    with worker(stack, tmp_path, "extra", "vortex"):
        flow_run_id = stack.begin(deployment["deployment_id"], parameters={"start": 17})
        assert stack.reaches(flow_run_id, "Completed", "Failed", "Crashed", limit_s=120.0)["state_name"] == "Completed"
        assert stack.ended(flow_run_id)["outputs"]["sleep_out"]["value"] == 17.0


def test_prefect_deploys_the_flows_that_come_along(stack: StackClient, tmp_path: Path) -> None:
    pool_of_processes(stack)
    command = (sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all")
    subprocess.run(
        [*command, "--prefect-file", "deployments/prefect.yaml"],
        cwd=ROOT, env=environment(stack, tmp_path), stdin=subprocess.DEVNULL, check=True, timeout=120,
    )  # fmt: skip
    name = "photo%20grade%2C%20stored/nightly"
    deployment = stack.prefect.get(f"/deployments/name/{name}").raise_for_status().json()
    assert list(deployment["parameter_openapi_schema"]["properties"]) == ["photo"]
    assert [schedule["active"] for schedule in deployment["schedules"]] == [False]
    with worker(stack, tmp_path, "processes", "process"):
        flow_run_id = stack.begin(deployment["id"])
        assert stack.reaches(flow_run_id, "Completed", "Failed", "Crashed", limit_s=120.0)["state_name"] == "Completed"
