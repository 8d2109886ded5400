"""`VortexTaskRunner` in an ordinary Prefect flow, on the stack's own Prefect server and Dask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    env = stack.environment(PREFECT_HOME=str(tmp_path / "prefect"))
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


def environment(stack: StackClient, home: Path) -> dict[str, str]:
    return stack.environment(PREFECT_HOME=str(home))


def run_flow(stack: StackClient, home: Path, name: str, *arguments: str, limit_s: float = 120) -> Any:
    """What a flow of `runner_flows` saw. It leaves nothing in shared memory, not even after a kill."""
    before = arenas()
    command = [sys.executable, "-m", "tests.integration.runner_flows", name, *arguments]
    done = subprocess.run(
        command, env=environment(stack, home), capture_output=True, text=True, timeout=limit_s, check=False
    )
    assert done.returncode == 0, done.stderr
    assert arenas() <= before
    return json.loads(done.stdout.splitlines()[-1])


def arenas() -> set[Path]:
    return set(Path("/dev/shm").glob("vortex-*-*-*.arena"))


def in_use(stack: StackClient) -> int:
    return int(stack.bridge.get("/api/arena").json()["in_use_bytes"])


def total(nbytes: int) -> float:
    count = nbytes // 8
    return count * (count - 1) / 2


def test_between_tasks_a_large_tensor_moves_as_a_reference(stack: StackClient, tmp_path: Path) -> None:
    before = in_use(stack)
    seen = run_flow(stack, tmp_path, "tensors", stack.info.dask)
    arena = stack.bridge.get("/api/arena").json()["path"]
    worker_pid = next(process["pid"] for process in stack.processes() if process["role"] == "dask-worker")
    assert seen["file"] == seen["here"] == arena
    assert seen["pid"] == worker_pid
    assert seen["sum"] == total(64 << 20)
    assert seen["moved"] < 64 << 10
    # What the flow returned has outlived its hold, in a copy.
    assert seen["afterwards"] == ""
    assert seen["kept_sum"] == total(64 << 20)
    assert eventually(lambda: in_use(stack) == before)


def test_a_flow_that_is_killed_holds_nothing(stack: StackClient, tmp_path: Path) -> None:
    before = in_use(stack)
    command = [sys.executable, "-m", "tests.integration.runner_flows", "holds", stack.info.dask]
    with subprocess.Popen(command, env=environment(stack, tmp_path), stdout=subprocess.PIPE, text=True) as flow:
        assert flow.stdout is not None
        assert flow.stdout.readline().strip() == stack.bridge.get("/api/arena").json()["path"]
        assert in_use(stack) >= before + (64 << 20)
        flow.send_signal(signal.SIGKILL)
    assert eventually(lambda: in_use(stack) == before)


def test_processes_of_an_own_cluster_read_each_others_tensors(stack: StackClient, tmp_path: Path) -> None:
    seen = run_flow(stack, tmp_path, "local_tensors")
    file = seen["here"]
    assert file.startswith("/dev/shm/vortex-")
    assert [seen[name]["file"] for name in ("own", "other", "nested")] == [file] * 3
    assert len({seen[name]["pid"] for name in ("own", "other", "nested")}) == 3
    assert seen["passed"]["file"] == file, "a tensor that a task returns as it got it stays where it is"
    assert seen["part"]["file"] == "", "a slice is not the view"
    assert not any(seen[name]["writeable"] for name in ("own", "other"))
    assert [seen[name]["sum"] for name in ("own", "other", "passed", "part", "nested")] == [total(8 << 20)] * 5
    assert seen["kept"]
    assert (tmp_path / "storage" / "kept").stat().st_size > 8 << 20, "a persisted result has the bytes"


def test_a_full_arena_costs_time_and_nothing_else(stack: StackClient, tmp_path: Path) -> None:
    seen = run_flow(stack, tmp_path, "full_arena")
    assert [bool(one["file"]) for one in seen] == [True, False, True]
    assert [one["sum"] for one in seen] == [total(1 << 19), total(8 << 20), total(1 << 18)]


def test_a_task_may_write_to_its_torch_tensors(stack: StackClient, tmp_path: Path) -> None:
    file, *values = run_flow(stack, tmp_path, "torch_tensors")
    assert file.startswith("/dev/shm/vortex-")
    assert values == [2.0, 2.0, 3.0, 1.0]


def test_tasks_keep_what_prefect_promises_of_them(stack: StackClient, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    assert run_flow(stack, tmp_path, "semantics", str(folder)) == {
        "context": {
            "flow": "semantics-run",
            "flow_name": "semantics",
            "task": "context",
            "run_count": 2,
            "tags": ["tagged"],
        },
        "cached": ["x", "x"],
        "generated": [[0, 1, 2], [0, 1, 2]],
        "timed_out": ["TimedOut", "TimedOut"],
        "hooks": ["Failed", "Completed"],
        "nested": [1, 2],
    }
    assert sorted(path.name for path in folder.iterdir()) == ["cached", "hook-Completed", "hook-Failed"]
    assert (folder / "cached").stat().st_size == 1

    def messages() -> set[str]:
        runs = stack.prefect.post("/task_runs/filter", json={"task_runs": {"name": {"like_": "context-"}}}).json()
        ids = [run["id"] for run in runs]
        if not ids:
            return set()
        logs = stack.prefect.post("/logs/filter", json={"logs": {"task_run_id": {"any_": ids}}}).json()
        return {log["message"] for log in logs}

    assert eventually(lambda: messages() >= {"logged in the task", "printed in the task"})


def test_workers_that_die_neither_hang_a_task_nor_run_it_again_for_nothing(stack: StackClient, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    seen = run_flow(stack, tmp_path, "killed", str(folder))
    assert seen["sum"] == total(8 << 20), "the flow's view outlives the worker that made it"
    assert (folder / "counted").stat().st_size == 1
    assert seen["once"] == 2
    name, message = seen["always"]
    assert name == "Failed"
    assert "WK-001" in message


def test_cancel_all_ends_what_runs_and_what_waits(stack: StackClient, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    seen = run_flow(stack, tmp_path, "cancelled", str(folder))
    assert seen["waited_s"] < 2
    assert seen["ended"] == ["CancelledError"] * 20
    started = {path.name.removesuffix(".end") for path in folder.iterdir()}
    assert len(started) == 2, "only what had started before"


def test_resources_and_priorities_are_dasks(stack: StackClient, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    order = run_flow(stack, tmp_path, "placed", str(folder))
    assert order[:3] == ["first", "free", "high"]


def test_hundreds_of_mapped_tasks(stack: StackClient, tmp_path: Path) -> None:
    """As many as are asked for: VORTEX_MAPPED_TASKS=2000."""
    seen = run_flow(stack, tmp_path, "many", os.environ.get("VORTEX_MAPPED_TASKS", "500"), limit_s=180)
    assert seen["right"]
    assert seen["threads"] < 64
