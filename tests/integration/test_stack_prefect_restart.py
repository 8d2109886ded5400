"""Prefect's server dies, and hangs, in the middle of runs: they go on, and Prefect has all of them in the end."""

from __future__ import annotations

import os
import signal
from datetime import datetime

import httpx
import pytest

from tests.integration import test_stack_crash
from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph
from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.settings import Settings

pytestmark = pytest.mark.integration
up = test_stack_crash.up


def _server(up: StackClient) -> int:
    """Pid of the stack's own Prefect server, as it is now."""
    info = running_stack(Settings(up.home))
    assert info is not None
    return next(int(process["pid"]) for process in info.processes if process["role"] == "prefect-server")


def _answers(up: StackClient) -> bool:
    try:
        return up.prefect.get("/health").status_code == 200
    except httpx.HTTPError:
        return False


def _time(text: str) -> datetime:
    """A time as Prefect writes it: a whole second has no fraction, so the texts themselves do not sort."""
    return datetime.fromisoformat(text)


def test_prefects_server_is_killed_in_the_middle_of_a_run_and_hangs_in_another(up: StackClient) -> None:
    short = {f"v{index}": debug("value", value=1000 + index) for index in range(20)}
    long = {"first": debug("sleep", seconds=3.1), "second": debug("sleep", seconds=3.2), "last": debug("identity")}
    edges = ("first.out > second.in", "second.out > last.in")
    going = up.start(up.create(graph("goes on", {**short, **long}, *edges, outputs=("last.out",))))
    doomed = up.start(up.create(graph("doomed", {"ever": debug("sleep", seconds=300)})))
    for execution_id in (going, doomed):
        up.running(execution_id)
    # What the server has taken in this moment it has not filed yet, and takes along.
    eventually(lambda: all(state == "completed" for name, state in up.nodes(going).items() if name in short))
    killed = _server(up)
    os.kill(killed, signal.SIGKILL)

    up.bridge.post(f"/api/execution/{doomed}/cancel").raise_for_status()
    assert up.ended(doomed)["status"] == "cancelled"
    while_away = up.start(up.create(graph("begun while it was away", {"one": debug("count", tag="away")})))
    assert up.ended(while_away)["status"] == "completed"
    finished = up.ended(going)
    assert finished["status"] == "completed"
    assert {node["attempt"] for node in finished["nodes"].values()} == {1}

    eventually(lambda: _server(up) != killed and _answers(up), limit_s=120.0)
    recorded = {
        going: ("Completed", dict.fromkeys([*short, *long], "Completed")),
        doomed: ("Cancelled", {"ever": "Cancelled"}),
        while_away: ("Completed", {"one": "Completed"}),
    }
    for execution_id, (flow_state, task_states) in recorded.items():
        flow_run_id = up.flow_run_id(execution_id)
        up.reaches(flow_run_id, flow_state, limit_s=120.0)
        runs = up.recorded_states(execution_id, **task_states)
        times = {name: (run["start_time"], run["end_time"]) for name, run in runs.items()}
        assert not {name: found for name, found in times.items() if found[0] and _time(found[0]) > _time(found[1])}
    assert up.count("away") == 1

    # It hangs: no run waits for it, and afterwards it hears of everything.
    os.kill(_server(up), signal.SIGSTOP)
    try:
        hung = up.start(up.create(graph("while it hung", {"one": debug("sleep", seconds=1.5)})))
        assert up.ended(hung)["status"] == "completed"
    finally:
        os.kill(_server(up), signal.SIGCONT)
    up.reaches(up.flow_run_id(hung), "Completed", limit_s=120.0)
    up.recorded_states(hung, one="Completed")
