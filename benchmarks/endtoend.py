"""Milliseconds from `POST …/execute` to `execution.complete` on the WebSocket, for chains of trivial nodes.

Each chain three ways: all nodes new, nothing changed, the last node changed.
Beside it the same 50 steps written by hand as a Prefect flow with
ThreadPoolTaskRunner on the same server, from the call of the flow to its end;
and how long a run that was begun in Prefect takes to its first line, in our
work pool and in a stock process pool.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.doors import Doors, running_stack
from benchmarks.harness import say

SIZES = (10, 50, 200, 500)
REFERENCE_NODES = 50
REPETITIONS = 5
STARTS = 3
_START_LIMIT_S = 120.0
_POLL_S = 0.02


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: something did not complete, or a node did not run or was not cached as it should.
    """
    figures: dict[str, float] = {}
    with running_stack() as doors:
        _chain(doors, 10, repetitions=2)  # warm-up
        for size in SIZES:
            figures |= _chain(doors, size, REPETITIONS)
        by_hand_ms = median(doors.reference("flow", str(REFERENCE_NODES), str(REPETITIONS)))
        say(f"{REFERENCE_NODES} steps by hand as a Prefect flow: {by_hand_ms:.0f} ms")
        figures["prefect_flow_ms"] = by_hand_ms
        figures["execute_to_complete_ms"] = figures["chain50_new_ms"]
        for how in ("new", "unchanged", "late"):
            figures[f"over_prefect_{how}"] = by_hand_ms / figures[f"chain50_{how}_ms"]
        figures["over_prefect"] = figures["over_prefect_new"]
        figures |= _starts(doors)
    return {name: round(value, 3) for name, value in figures.items()}


def _chain(doors: Doors, size: int, repetitions: int) -> dict[str, float]:
    times: dict[str, list[float]] = {"new": [], "unchanged": [], "late": []}
    for repetition in range(repetitions):
        start = time.time_ns() / 1e6 + repetition  # a value that no cache has seen
        graph_id = doors.create(chain_of_sums(size, start))
        times["new"].append(_timed(doors, graph_id, completed=size))
        times["unchanged"].append(_timed(doors, graph_id, completed=0))
        doors.put(graph_id, chain_of_sums(size, start, last=2.0))
        times["late"].append(_timed(doors, graph_id, completed=1))
    figures = {f"chain{size}_{how}_ms": median(taken) for how, taken in times.items()}
    say(", ".join(f"{name} {value:.0f}" for name, value in figures.items()))
    return figures


def _timed(doors: Doors, graph_id: str, completed: int) -> float:
    execution_id, elapsed_ms = doors.execute(graph_id)
    states = doors.node_states(execution_id)
    if states.count("completed") != completed or states.count("cached") != len(states) - completed:
        raise SystemExit(f"no figure: {completed} nodes should have run, but {states.count('completed')} did")
    doors.settle(execution_id)
    return elapsed_ms


def chain_of_sums(size: int, start: float, last: float = 1.0) -> dict[str, Any]:
    """Nodes that each add to the sum before; `last` is what the last one adds."""
    names = [f"n{index}" for index in range(size)]
    addends = [start, *[1.0] * (size - 2), last]
    return {
        "schema": "vortex.graph/1",
        "name": f"chain {size}",
        "nodes": {
            name: {"type": "core.add", "params": {"b": value}} for name, value in zip(names, addends, strict=True)
        },
        "edges": [
            {"source": {"node": above, "port": "value"}, "target": {"node": below, "port": "a"}}
            for above, below in pairwise(names)
        ],
        "outputs": [{"name": "sum", "node": names[-1], "port": "value"}],
    }


# -- runs that are begun in Prefect -----------------------------------------------------------


def _starts(doors: Doors) -> dict[str, float]:
    graph_id = doors.create(chain_of_sums(2, 1.0))
    warm = [_start_s(doors, _deployment(doors, graph_id)) for _ in range(STARTS)]
    doors.prefect.post("work_pools/", json={"name": "stock", "type": "process"}).raise_for_status()
    with _process_worker(doors):
        stock = [_start_s(doors, _deployment(doors, graph_id, pool="stock", name="stock")) for _ in range(STARTS)]
    say(f"begun in Prefect, to its first line: {median(warm):.2f} s, in a process pool {median(stock):.2f} s")
    return {
        "start_s": median(warm),
        "process_pool_start_s": median(stock),
        "start_over_process_pool": median(stock) / median(warm),
    }


def _deployment(doors: Doors, graph_id: str, **options: Any) -> str:
    answer = doors.bridge.post(f"/api/graph/{graph_id}/deploy", json=options).raise_for_status()
    return str(answer.json()["deployment_id"])


def _start_s(doors: Doors, deployment_id: str) -> float:
    """Seconds from the creation of a flow run to its start, by the server's own times."""
    deadline = time.monotonic() + _START_LIMIT_S
    # The server's SQLite may be locked at the moment, and then it says so.
    while (answer := doors.prefect.post(f"deployments/{deployment_id}/create_flow_run", json={})).status_code == 503:
        time.sleep(_POLL_S)
    begun = answer.raise_for_status().json()
    while time.monotonic() < deadline:
        run = doors.prefect.get(f"flow_runs/{begun['id']}").raise_for_status().json()
        if run["state_type"] == "COMPLETED":
            started, created = (datetime.fromisoformat(run[name]) for name in ("start_time", "created"))
            return (started - created).total_seconds()
        time.sleep(_POLL_S)
    raise SystemExit(f"no figure: flow run {begun['id']} is {run['state_name']}")


@contextmanager
def _process_worker(doors: Doors) -> Iterator[None]:
    """Prefect's own process worker, once it has looked at its pool for the first time."""
    env = {
        **doors.environment(),
        "PREFECT_HOME": str(doors.home / "worker"),
        # As quick as it goes: what is measured is the start of its process, not the wait for its poll.
        "PREFECT_WORKER_QUERY_SECONDS": "0.5",
    }
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "stock", "--type", "process"]
    worker = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while not doors.prefect.post("work_pools/stock/workers/filter", json={}).raise_for_status().json():
            if time.monotonic() >= deadline or worker.poll() is not None:
                raise SystemExit("no figure: the process worker did not start")
            time.sleep(_POLL_S)
        yield
    finally:
        worker.send_signal(signal.SIGINT)
        worker.wait(30)
