"""`VortexTaskRunner` in an ordinary Prefect flow, on the stack's own Prefect server and Dask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient

pytestmark = pytest.mark.integration

# Prefect reads its address at import, and its imports warn: a process of its own.
_FLOW = """
import json, os, sys
from prefect import flow, task
from prefect.states import State
from vortex_prefect.engine.task_runner import VortexTaskRunner

@task
def where(x):
    return x, os.getpid()

@task
def fails():
    raise ValueError("as told")

@task(retries=2, retry_delay_seconds=0)
def unsteady(path):
    with open(path, "a") as file:
        file.write(".")
    if os.path.getsize(path) < 3:
        raise RuntimeError("not yet")
    return os.path.getsize(path)

@task
async def awaited(x):
    return x + 1

@flow(task_runner=VortexTaskRunner(address=sys.argv[1]), name="ordinary")
def ordinary():
    one = where.submit(1)
    doubled = where.map([10, 20])
    failed = fails.submit()
    failed.wait()
    downstream = where.submit(failed)
    downstream.wait()
    return {
        "one": one.result(),
        "map": [future.result()[0] for future in doubled],
        "chained": where.submit(one).result()[0],
        "failed": failed.state.name,
        "downstream": downstream.state.name,
        "shaky": unsteady.submit(sys.argv[2]).result(),
        "awaited": awaited.submit(1).result(),
        "pid": os.getpid(),
    }

print(json.dumps(ordinary()))
"""


def test_an_ordinary_flow_runs_its_tasks_on_dask(stack: StackClient, tmp_path: Path) -> None:
    env = {**os.environ, "PREFECT_API_URL": stack.info.prefect_api_url, "PREFECT_HOME": str(tmp_path / "prefect")}
    script = tmp_path / "ordinary.py"
    script.write_text(_FLOW)
    command = [sys.executable, str(script), stack.info.dask, str(tmp_path / "attempts")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    worker_pid = next(process["pid"] for process in stack.processes() if process["role"] == "dask-worker")
    assert result.pop("one") == [1, worker_pid]
    assert result.pop("pid") != worker_pid
    assert result == {
        "map": [10, 20],
        "chained": [1, worker_pid],
        "failed": "Failed",
        "downstream": "NotReady",
        "shaky": 3,
        "awaited": 2,
    }

    def recorded() -> list[str]:
        found = stack.prefect.post("/task_runs/filter", json={"task_runs": {"name": {"like_": "unsteady"}}}).json()
        return [run["state_name"] for run in found if run["state_name"] == "Completed" and run["run_count"] == 3]

    assert eventually(recorded) == ["Completed"]
