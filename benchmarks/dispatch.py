"""Nodes a second of a 200-node graph of trivial nodes, with every one recorded as a Prefect task run.

Timed from the start of the flow's first node to the last result, with the
defaults that ship and the cache off (`force`). References on the same Prefect
server in the same run: ThreadPoolTaskRunner, and prefect-dask's DaskTaskRunner
on a cluster of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from statistics import median
from typing import Any

import httpx

from benchmarks.harness import say
from vortex_prefect.bootstrap.stack import Stack, StackInfo
from vortex_prefect.cli.client import Client
from vortex_prefect.core.settings import Settings

NODES = 200
STOCK_DASK_TASKS = 40
REPETITIONS = 3
_RECORD_LIMIT_S = 120.0
_FINAL = ("completed", "failed", "cancelled", "crashed")


def measure() -> dict[str, float]:
    """All figures. Exits with a message if a task run is missing: a figure without its record is void."""
    with tempfile.TemporaryDirectory(prefix="vortex-bench-") as home:
        settings = Settings.from_env({}, home=home, port=0, workers=1, debug_nodes=True)
        with Stack(settings, say) as info, Client(info.url) as client:
            _run(client, info, _graph("warm-up", _chain()))
            rates = {name: _rates(client, info, _graph(name, edges)) for name, edges in _shapes().items()}
            end_to_end = [_run(client, info, _graph("chain", _chain()))[1] for _ in range(REPETITIONS)]
            say("reference: ThreadPoolTaskRunner")
            threadpool = median(_reference(info, "threadpool", NODES) for _ in range(REPETITIONS))
            say("reference: DaskTaskRunner")
            stock_dask = _reference(info, "dask", STOCK_DASK_TASKS)
    ours = rates["chain"]
    return {
        "nodes_per_s": round(ours, 1),
        "wide_nodes_per_s": round(rates["wide"], 1),
        "diamond_nodes_per_s": round(rates["diamond"], 1),
        "threadpool_tasks_per_s": round(threadpool, 1),
        "dask_runner_tasks_per_s": round(stock_dask, 2),
        "over_threadpool": round(ours / threadpool, 2),
        "over_stock_dask": round(ours / stock_dask, 1),
        "execute_to_complete_ms": round(median(end_to_end), 1),
    }


def _chain() -> list[tuple[int, int, str]]:
    return [(index, index + 1, "in") for index in range(NODES - 1)]


def _shapes() -> dict[str, list[tuple[int, int, str]]]:
    wide = [(0, index, "in") for index in range(1, NODES)]
    # Rows of one, two, one, …: every other row joins the two before it.
    diamond = []
    for top in range(0, NODES - 3, 3):
        diamond += [(top, top + 1, "in"), (top, top + 2, "in"), (top + 1, top + 3, "a"), (top + 2, top + 3, "b")]
    return {"chain": _chain(), "wide": wide, "diamond": diamond}


def _graph(name: str, edges: list[tuple[int, int, str]]) -> dict[str, Any]:
    ports: dict[int, set[str]] = {}
    for _, target, port in edges:
        ports.setdefault(target, set()).add(port)
    used = sorted({index for edge in edges for index in edge[:2]})
    kinds = {frozenset(): "debug.value", frozenset({"in"}): "debug.identity", frozenset({"a", "b"}): "debug.add"}
    nodes = {f"n{index}": {"type": kinds[frozenset(ports.get(index, set()))]} for index in used}
    nodes["n0"]["params"] = {"value": 1}  # type: ignore[assignment]
    return {
        "schema": "vortex.graph/1",
        "name": f"bench {name}",
        "nodes": nodes,
        "edges": [
            {"source": {"node": f"n{source}", "port": "out"}, "target": {"node": f"n{target}", "port": port}}
            for source, target, port in edges
        ],
    }


def _rates(client: Client, info: StackInfo, graph: dict[str, Any]) -> float:
    rate = median(_run(client, info, graph)[0] for _ in range(REPETITIONS))
    say(f"{graph['name']}: {rate:.0f} nodes/s")
    return rate


def _run(client: Client, info: StackInfo, graph: dict[str, Any]) -> tuple[float, float]:
    """Nodes a second of one forced execution, and milliseconds from request to completion."""
    graph_id = client.store(graph)
    with httpx.Client(base_url=info.url, timeout=60) as http:
        started = time.perf_counter()
        answer = http.post(f"/api/graph/{graph_id}/execute", json={"options": {"force": True}}).json()
        execution_id = answer["execution_id"]
        while (execution := client.execution(execution_id))["status"] not in _FINAL:
            time.sleep(0.005)
        end_to_end_ms = 1000 * (time.perf_counter() - started)
    if execution["status"] != "completed":
        sys.exit(f"execution {execution_id} ended {execution['status']}: {execution['error']}")
    runs = _recorded(info, execution_id, len(graph["nodes"]))
    first = min(run["start_time"] for run in runs)
    last = max(run["end_time"] for run in runs)
    return len(runs) / (_seconds(last) - _seconds(first)), end_to_end_ms


def _recorded(info: StackInfo, execution_id: str, expected: int) -> list[dict[str, Any]]:
    """The execution's task runs, once Prefect's API shows all of them Completed."""
    deadline = time.monotonic() + _RECORD_LIMIT_S
    runs: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        flow_run_id = _flow_run(info, execution_id)
        if flow_run_id is not None:
            body = {"flow_runs": {"id": {"any_": [flow_run_id]}}, "limit": 200, "offset": 0}
            runs = _pages(info, body)
            if len(runs) == expected and all(run["state_type"] == "COMPLETED" for run in runs):
                return runs
        time.sleep(0.25)
    sys.exit(f"only {len(runs)} of {expected} task runs are recorded as completed: no figure")


def _flow_run(info: StackInfo, execution_id: str) -> str | None:
    body = {"flow_runs": {"name": {"like_": execution_id[:8]}}}
    found = httpx.post(f"{info.prefect_api_url}/flow_runs/filter", json=body, timeout=30).json()
    return str(found[0]["id"]) if found else None


def _pages(info: StackInfo, body: dict[str, Any]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    while True:
        page = httpx.post(
            f"{info.prefect_api_url}/task_runs/filter", json={**body, "offset": len(runs)}, timeout=30
        ).json()
        runs += page
        if len(page) < body["limit"]:
            return runs


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def _reference(info: StackInfo, runner: str, tasks: int) -> float:
    """Tasks a second of Prefect's own runner, in a process of its own."""
    env = {**os.environ, "PREFECT_API_URL": info.prefect_api_url, "PREFECT_LOGGING_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "benchmarks.prefect_reference", runner, str(tasks)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        sys.exit(f"the reference {runner} failed:\n{done.stderr[-2000:]}")
    rate = float(json.loads(done.stdout.splitlines()[-1]))
    say(f"{runner}: {rate:.1f} tasks/s")
    return rate
