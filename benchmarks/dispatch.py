"""Nodes a second of a 200-node graph of trivial nodes, with every one recorded as a Prefect task run.

Timed from the start of the first node to the last result as the engine stamped
them and Prefect's API gives them back, with the cache off (`force`). References
on the same Prefect server in the same run: ThreadPoolTaskRunner, and
prefect-dask's DaskTaskRunner on a cluster of its own, since the stack's Dask
worker may still be held by a lane. Everything is warm before it is timed, and
chain and thread pool take turns: a machine that gets busier slows both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.doors import Doors, running_stack
from benchmarks.harness import say
from benchmarks.prefect_record import await_completed, completed_task_runs, span_s
from benchmarks.prefect_servers import stock_server
from benchmarks.shapes import chain, diamonds, document, wide

NODES = 200
REPETITIONS = 3
#: At 8 tasks a second, 200 of them would take as long as all the rest.
STOCK_DASK_TASKS = 40
#: Both record flow runs of one size; the stock server takes some 30 tasks a second, so it is given one at a time.
SUSTAINED_NODES = 2_000
STOCK_SERVER_TASKS = 400
STOCK_SERVER_REPETITIONS = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """One execution."""

    nodes_per_s: float
    #: From the HTTP request to `execution.complete` on the WebSocket.
    execute_to_complete_ms: float


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: an execution or a reference failed, or a task run is missing on record.
    """
    with running_stack() as doors:
        _run(doors, document("warm-up", chain(NODES)))
        ours: dict[str, list[Timing]] = {"chain": [], "wide": [], "diamonds": []}
        threadpool = []
        for _ in range(REPETITIONS):
            ours["chain"].append(_run(doors, document("chain", chain(NODES))))
            threadpool += doors.reference("threadpool", str(NODES))
        for _ in range(REPETITIONS):
            ours["wide"].append(_run(doors, document("wide", wide(NODES))))
            ours["diamonds"].append(_run(doors, document("diamonds", diamonds(NODES))))
        (stock_dask,) = doors.reference("dask", str(STOCK_DASK_TASKS))
        recorded = _sustained(doors, "with one event a short node")
        with stock_server(doors.home) as api_url:
            stock_recorded = median(_stock(doors, api_url) for _ in range(STOCK_SERVER_REPETITIONS))
    with running_stack(report_after_s=0.0) as doors:
        recorded_in_full = _sustained(doors, "with the full state history")
    figures = metrics(ours, threadpool, stock_dask)
    figures |= {
        "recorded_nodes_per_s": recorded,
        "recorded_in_full_nodes_per_s": recorded_in_full,
        "stock_server_recorded_per_s": stock_recorded,
        "over_stock_server": recorded / stock_recorded,
        "over_stock_server_in_full": recorded_in_full / stock_recorded,
    }
    return {name: round(value, 2) for name, value in figures.items()}


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


def _run(doors: Doors, graph: dict[str, Any]) -> Timing:
    graph_id = doors.create(graph)
    execution_id, elapsed_ms = doors.execute(graph_id, force=True)
    flow_run_id = doors.flow_run_id(execution_id)
    runs = completed_task_runs(doors.prefect, flow_run_id, len(graph["nodes"]))
    timing = Timing(len(runs) / span_s(runs), elapsed_ms)
    say(f"{graph['name']}: {timing.nodes_per_s:.0f} nodes/s, {elapsed_ms:.0f} ms from request to completion")
    return timing


def _sustained(doors: Doors, how: str) -> float:
    """Nodes a second from the first one's start until the last one reads Completed through Prefect's API.

    One graph is executed again and again, as the references' flow is: it is published to Prefect before it is timed.
    """
    graph_id = doors.create(document("sustained", chain(STOCK_SERVER_TASKS)))
    doors.settle(doors.execute(graph_id, force=True)[0])
    return median(_sustained_once(doors, graph_id, how) for _ in range(REPETITIONS))


def _sustained_once(doors: Doors, graph_id: str, how: str) -> float:
    started = time.perf_counter()
    executions = [doors.execute(graph_id, force=True)[0] for _ in range(SUSTAINED_NODES // STOCK_SERVER_TASKS)]
    await_completed(doors.prefect, [doors.flow_run_id(execution) for execution in executions], SUSTAINED_NODES)
    rate = SUSTAINED_NODES / (time.perf_counter() - started)
    say(f"{SUSTAINED_NODES} nodes {how}: {rate:.0f} recorded nodes/s")
    return rate


def _stock(doors: Doors, api_url: str) -> float:
    (rate,) = doors.reference("recorded", str(STOCK_SERVER_TASKS), api_url=api_url)
    say(f"thread pool on a server with stock settings: {rate:.1f} recorded tasks/s")
    return rate
