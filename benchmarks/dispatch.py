"""Nodes a second of a 200-node graph of trivial nodes, with every one recorded as a Prefect task run.

Timed from the start of the first node to the last result as the engine stamped
them and Prefect's API gives them back, with the cache off (`force`). References
on the same Prefect server in the same run: ThreadPoolTaskRunner, and
prefect-dask's DaskTaskRunner on a cluster of its own, since the stack's Dask
worker may still be held by a lane. Everything is warm before it is timed, and
chain and thread pool take turns: a machine that gets busier slows both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from benchmarks.harness import ROOT, say
from benchmarks.prefect_record import completed_task_runs, span_s
from benchmarks.shapes import chain, diamonds, document, wide
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.core.settings import Settings

NODES = 200
REPETITIONS = 3
#: At 8 tasks a second, 200 of them would take as long as all the rest.
STOCK_DASK_TASKS = 40
_MESSAGE_LIMIT_S = 60.0
_FLOW_RUN_LIMIT_S = 60.0
_POLL_S = 0.05
_ENDINGS = ("execution.complete", "execution.failed", "execution.cancelled")


@dataclass(frozen=True, slots=True)
class Timing:
    """One execution."""

    nodes_per_s: float
    #: From the HTTP request to `execution.complete` on the WebSocket.
    execute_to_complete_ms: float


@dataclass(frozen=True, slots=True)
class _Doors:
    """Where a running stack is asked."""

    bridge: httpx.Client
    prefect: httpx.Client
    home: Path

    def socket(self, graph_id: str) -> Connection:
        """The graph's messages from now on."""
        url = str(self.bridge.base_url).replace("http", "ws", 1).rstrip("/")
        socket = connect(f"{url}/ws?graph_id={graph_id}", max_size=None)
        socket.recv(_MESSAGE_LIMIT_S)  # graph.sync: from here on nothing is missed
        return socket


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: an execution or a reference failed, or a task run is missing on record.
    """
    with _stack() as doors:
        _run(doors, document("warm-up", chain(NODES)))
        ours: dict[str, list[Timing]] = {"chain": [], "wide": [], "diamonds": []}
        threadpool = []
        for _ in range(REPETITIONS):
            ours["chain"].append(_run(doors, document("chain", chain(NODES))))
            threadpool.append(_reference(doors, "threadpool", NODES))
        for _ in range(REPETITIONS):
            ours["wide"].append(_run(doors, document("wide", wide(NODES))))
            ours["diamonds"].append(_run(doors, document("diamonds", diamonds(NODES))))
        stock_dask = _reference(doors, "dask", STOCK_DASK_TASKS)
    return metrics(ours, threadpool, stock_dask)


def metrics(ours: dict[str, list[Timing]], threadpool: list[float], stock_dask: float) -> dict[str, float]:
    """Medians, and how many times the references' the chain's is."""
    rates = {shape: median(timing.nodes_per_s for timing in timings) for shape, timings in ours.items()}
    pool = median(threadpool)
    figures = {
        "nodes_per_s": rates["chain"],
        "wide_nodes_per_s": rates["wide"],
        "diamond_nodes_per_s": rates["diamonds"],
        "threadpool_tasks_per_s": pool,
        "dask_runner_tasks_per_s": stock_dask,
        "over_threadpool": rates["chain"] / pool,
        "over_stock_dask": rates["chain"] / stock_dask,
        "execute_to_complete_ms": median(timing.execute_to_complete_ms for timing in ours["chain"]),
    }
    return {name: round(value, 2) for name, value in figures.items()}


@contextmanager
def _stack() -> Iterator[_Doors]:
    with tempfile.TemporaryDirectory(prefix="vortex-bench-") as home:
        # Not the caller's environment: the defaults that ship are what is claimed.
        settings = Settings.from_env({}, home=home, port=0, workers=1, debug_nodes=True)
        with (
            Stack(settings, say) as info,
            httpx.Client(base_url=info.url, timeout=60) as bridge,
            httpx.Client(base_url=info.prefect_api_url, timeout=60) as prefect,
        ):
            yield _Doors(bridge, prefect, Path(home))


def _run(doors: _Doors, graph: dict[str, Any]) -> Timing:
    graph_id = doors.bridge.post("/api/graph", json=graph).raise_for_status().json()["id"]
    with doors.socket(graph_id) as socket:
        started = time.perf_counter()
        answer = doors.bridge.post(f"/api/graph/{graph_id}/execute", json={"options": {"force": True}})
        execution_id = answer.raise_for_status().json()["execution_id"]
        ending = _ending(socket)
        elapsed_ms = 1000 * (time.perf_counter() - started)
    if ending["type"] != "execution.complete":
        raise SystemExit(f"no figure: {json.dumps(ending['payload'])[:2000]}")
    runs = completed_task_runs(doors.prefect, _flow_run_id(doors, execution_id), len(graph["nodes"]))
    timing = Timing(len(runs) / span_s(runs), elapsed_ms)
    say(f"{graph['name']}: {timing.nodes_per_s:.0f} nodes/s, {elapsed_ms:.0f} ms from request to completion")
    return timing


def _ending(socket: Connection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(_MESSAGE_LIMIT_S))
        if message["type"] in _ENDINGS:
            return message


def _flow_run_id(doors: _Doors, execution_id: str) -> str:
    """An execution may complete before its flow run exists."""
    deadline = time.monotonic() + _FLOW_RUN_LIMIT_S
    while time.monotonic() < deadline:
        execution = doors.bridge.get(f"/api/execution/{execution_id}").raise_for_status().json()
        if execution["flow_run_id"]:
            return str(execution["flow_run_id"])
        time.sleep(_POLL_S)
    raise SystemExit(f"no figure: execution {execution_id} has no flow run")


def _reference(doors: _Doors, runner: str, tasks: int) -> float:
    """Tasks a second of Prefect's own runner, in a process of its own."""
    env = {
        **os.environ,
        "PREFECT_API_URL": str(doors.prefect.base_url).rstrip("/"),
        "PREFECT_HOME": str(doors.home / "reference"),
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "benchmarks.prefect_reference", runner, str(tasks)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SystemExit(f"no figure: the reference {runner} failed\n{done.stderr[-2000:]}")
    rate = float(done.stdout.splitlines()[-1])
    say(f"{runner}: {rate:.1f} tasks/s")
    return rate
