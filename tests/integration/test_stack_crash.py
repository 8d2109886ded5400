"""What becomes of a flow run whose engine is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.processes import descendants, state
from tests.integration.stack_client import StackClient, debug, graph, prefect_client
from vortex_prefect.bootstrap.stack import StackInfo, running_stack
from vortex_prefect.core.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def up(tmp_path: Path) -> Iterator[StackClient]:
    """`vortex up` as a process of its own: it starts again what dies. It ends by Ctrl-C, and leaves nothing behind."""
    command = [sys.executable, "-m", "vortex_prefect.cli.main", "up", "--home", str(tmp_path), "--port", "0"]
    env = {**os.environ, "VORTEX_DEBUG_NODES": "1", "VORTEX_DEVICE": "cpu", "VORTEX_ARENA_BYTES": str(8 << 30)}
    with ExitStack() as resources, (tmp_path / "up.log").open("w") as log:
        process = resources.enter_context(subprocess.Popen(command, stderr=log, env=env))
        resources.callback(process.kill)
        info = _started(process, Settings(tmp_path))
        bridge = resources.enter_context(httpx.Client(base_url=info.url, timeout=30.0))
        prefect = resources.enter_context(prefect_client(tmp_path))
        eventually(lambda: _answers(bridge), limit_s=120.0)
        yield StackClient(info, tmp_path, bridge, prefect)
        arena = Path(bridge.get("/api/arena").json()["path"])
        ours = {process.pid, *descendants(process.pid)}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, (tmp_path / "up.log").read_text()
        eventually(lambda: not list(filter(state, ours)), limit_s=10.0)
        assert not arena.exists()


def _started(process: subprocess.Popen[bytes], settings: Settings) -> StackInfo:
    def look() -> StackInfo | None:
        assert process.poll() is None, "it ended before it was up"
        return found if (found := running_stack(settings)) and len(found.processes) >= 5 else None

    found = eventually(look, limit_s=180.0)
    assert found is not None
    return found


def _answers(bridge: httpx.Client) -> bool:
    try:
        return bridge.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def _kill_the_engine(up: StackClient) -> None:
    info = running_stack(Settings(up.home))
    assert info is not None
    os.kill(next(int(process["pid"]) for process in info.processes if process["role"] == "engine"), signal.SIGKILL)


def test_a_killed_engine_leaves_nothing_running_and_a_retry_goes_on(up: StackClient) -> None:
    steps = {f"step{index}": debug("sleep", seconds=5 + index / 10) for index in range(3)}
    waits = up.start(up.create(graph("waits", steps, "step0.out > step1.in", "step1.out > step2.in")))
    suspended = up.running(waits)
    assert up.set_state(suspended, "PAUSED", "Suspended", pause_reschedule=True) == "ACCEPT"
    eventually(lambda: up.execution(waits)["status"] == "paused" and "running" not in up.nodes(waits).values())

    nodes = {"counted": debug("count", tag="crash"), "long": debug("sleep", seconds=120), "after": debug("identity")}
    document = graph("crash", nodes, "counted.out > long.in", "long.out > after.in")
    execution_id = up.start(up.create(document))
    flow_run_id = up.running(execution_id, "long")
    up.recorded_states(execution_id, counted="Completed", long="Running")
    eventually(lambda: up.bridge.get("/api/arena").json()["leases"] > 0 or _busy(up))

    _kill_the_engine(up)

    crashed = up.reaches(flow_run_id, "Crashed", limit_s=30.0)
    assert "Retry the run" in crashed["state"]["message"]
    up.recorded_states(execution_id, counted="Completed", long="Crashed")
    assert up.ended(execution_id)["status"] == "crashed"
    # The node would sleep for two minutes: its host gave it up.
    eventually(lambda: _free(up), limit_s=60.0)
    assert up.flow_run(suspended)["state_name"] == "Suspended"

    assert up.set_state(flow_run_id, "SCHEDULED", "AwaitingRetry") == "ACCEPT"
    eventually(lambda: up.nodes(execution_id)["long"] == "running")
    assert up.nodes(execution_id) == {"counted": "cached", "long": "running", "after": "pending"}
    assert up.execution(execution_id)["nodes"]["long"]["attempt"] == 2
    assert up.count("crash") == 1
    up.reaches(flow_run_id, "Running")
    up.set_state(flow_run_id, "CANCELLING")
    up.reaches(flow_run_id, "Cancelled")
    assert up.ended(execution_id)["status"] == "cancelled"
    up.recorded_states(execution_id, counted="Cached", long="Cancelled", after="Cancelled")

    up.resume(suspended)
    up.reaches(suspended, "Completed")
    assert eventually(lambda: _status(up, waits, "completed"))
    assert up.nodes(waits)["step0"] == "cached"


def _status(up: StackClient, execution_id: str, status: str) -> dict[str, Any]:
    found = up.execution(execution_id)
    return found if found["status"] == status else {}


def _busy(up: StackClient) -> bool:
    return any(worker["state"] == "busy" for worker in up.bridge.get("/api/workers").json()["workers"])


def _free(up: StackClient) -> bool:
    """No worker works, and nothing is held in the arena; the bridge may wait for the engine's successor."""
    workers, arena = up.bridge.get("/api/workers"), up.bridge.get("/api/arena")
    if not (workers.is_success and arena.is_success):
        return False
    found = workers.json()["workers"]
    return bool(found) and not _busy(up) and arena.json()["leases"] == 0
