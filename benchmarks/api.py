"""Milliseconds that 200 mixed API requests a second take while a graph executes, beside a bare FastAPI route.

The requests come at fixed times from a process of their own, and a latency runs from the time at which its request was
due, so that a server that stalls is not asked more gently. The same requests go in turns to the bridge of a stack as it
ships and to a route that does nothing, in a process of its own under the same uvicorn settings, while the same graph
executes again and again in the same stack.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from benchmarks.doors import Doors, running_stack
from benchmarks.endtoend import chain_of_sums
from benchmarks.harness import ROOT, say

#: Requests a second; the lower rate shows what one request takes where none waits for another.
RATE, LOW_RATE = 200.0, 50.0
SECONDS = 12.0
ROUNDS = 3
GRAPHS = 10
NODES = 50
#: Nodes and seconds of each in the graph that executes all the time.
BUSY_NODES, BUSY_NODE_S = 20, 0.05
#: Bytes of the bare route's answer: about the median of the bridge's.
_BARE_BYTES = 2000
_LIMIT_S = 120.0

Latencies = dict[str, list[float]]


def measure() -> dict[str, float]:
    """All figures.

    Raises:
        SystemExit: a process failed, or the graph did not execute while it was measured.
    """
    ours, bare, low = _Run(), _Run(), _Run()
    with running_stack() as doors, _bare() as bare_port:
        port = urlsplit(str(doors.bridge.base_url)).port
        calls = _calls(doors)
        with executing(doors) as done:
            low.add(_load(port, calls, SECONDS, seed=ROUNDS, rate=LOW_RATE))
            for number in range(ROUNDS):
                ours.add(_load(port, calls, SECONDS, seed=number))
                bare.add(_load(bare_port, calls, SECONDS, seed=number))
        if done.count == 0:
            raise SystemExit("no figure: no graph was executed meanwhile")
    say(f"errors: {ours.errors or 'none'}; {done.count} executions meanwhile")
    return {name: round(value, 3) for name, value in figures(ours, bare, low, done.count).items()}


class _Run:
    """What several loads of one server gave."""

    def __init__(self) -> None:
        self.latencies: Latencies = {}
        self.errors: dict[str, int] = {}
        self.busy = 0.0
        self.late_p99_ms = 0.0

    def add(self, told: dict[str, Any]) -> None:
        """One more; of the generator's own figures the worst count."""
        for name, latencies in told["latencies_ms"].items():
            self.latencies.setdefault(name, []).extend(latencies)
        for name, count in told["errors"].items():
            self.errors[name] = self.errors.get(name, 0) + count
        self.busy = max(self.busy, told["busy"])
        self.late_p99_ms = max(self.late_p99_ms, told["late_p99_ms"])

    @property
    def all(self) -> list[float]:
        """Every latency, ascending."""
        return sorted(latency for latencies in self.latencies.values() for latency in latencies)


def figures(ours: _Run, bare: _Run, low: _Run, executions: int) -> dict[str, float]:
    """Quantiles of all requests and of each route, and what tells whether to believe them."""
    found, reference = ours.all, bare.all
    return {
        "api_p50_ms": quantile(found, 0.5),
        "api_p99_ms": quantile(found, 0.99),
        "api_p999_ms": quantile(found, 0.999),
        "api_low_p50_ms": quantile(low.all, 0.5),
        "api_low_p99_ms": quantile(low.all, 0.99),
        "errors": sum(low.errors.values()) + sum(ours.errors.values()),
        "requests": len(found),
        "bare_p50_ms": quantile(reference, 0.5),
        "bare_p99_ms": quantile(reference, 0.99),
        "bare_errors": sum(bare.errors.values()),
        "api_over_bare_p99": quantile(found, 0.99) / quantile(reference, 0.99),
        **{f"{name}_p99_ms": quantile(sorted(taken), 0.99) for name, taken in sorted(ours.latencies.items())},
        "executions_meanwhile": executions,
        "generator_busy": max(ours.busy, bare.busy),
        "generator_late_p99_ms": max(ours.late_p99_ms, bare.late_p99_ms),
    }


def quantile(ascending: list[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * part))]


def _calls(doors: Doors) -> list[Any]:
    """`[name, weight, [[method, path, body], …]]` for the graphs and executions that are made here."""
    documents = [chain_of_sums(NODES, float(number)) for number in range(GRAPHS)]
    graphs = [doors.create(document) for document in documents]
    executions = [doors.execute(graph)[0] for graph in graphs]
    small = doors.create(chain_of_sums(3, 1.0))
    replaced = [chain_of_sums(NODES, float(number), last=2.0 + number) for number in range(GRAPHS)]
    puts = [["PUT", f"/api/graph/{graph}", new] for new in replaced for graph in graphs]
    return [
        ["create_graph", 8, [["POST", "/api/graph", document] for document in documents]],
        ["get_graph", 22, [["GET", f"/api/graph/{graph}", None] for graph in graphs]],
        ["put_graph", 10, puts],
        ["list_graphs", 5, [["GET", "/api/graph", None]]],
        ["list_executions", 10, [["GET", "/api/execution", None]]],
        ["get_execution", 15, [["GET", f"/api/execution/{execution}", None] for execution in executions]],
        ["list_node_types", 5, [["GET", "/api/nodes", None]]],
        ["validate_graph", 8, [["POST", f"/api/graph/{graph}/validate", None] for graph in graphs]],
        ["get_queue", 8, [["GET", "/api/queue", None]]],
        ["list_workers", 8, [["GET", "/api/workers", None]]],
        ["execute_graph", 1, [["POST", f"/api/graph/{small}/execute", {}]]],
    ]


# -- the graph that executes all the time -------------------------------------------------------


class _Done:
    count = 0


@contextmanager
def executing(doors: Doors) -> Iterator[_Done]:
    """One graph again and again, each time from nothing; its nodes sleep and tell of their progress meanwhile."""
    names = [f"n{index}" for index in range(BUSY_NODES)]
    nodes = {name: {"type": "debug.sleep", "params": {"seconds": BUSY_NODE_S}} for name in names}
    graph_id = doors.create({"schema": "vortex.graph/1", "name": "busy", "nodes": nodes, "edges": []})
    done, stop, failures = _Done(), threading.Event(), list[BaseException]()

    def again() -> None:
        try:
            while not stop.is_set():
                doors.execute(graph_id, force=True)
                done.count += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join(_LIMIT_S)
    if failures:
        raise SystemExit(f"no figure: the graph stopped executing: {failures[0]}")


# -- the other processes ------------------------------------------------------------------------


@contextmanager
def _bare() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.api_bare", str(_BARE_BYTES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if not (line := process.stdout.readline()):
            raise SystemExit("no figure: the bare server did not start")
        yield int(line)
        process.stdin.close()


def _load(port: int | None, calls: list[Any], seconds: float, seed: int, rate: float = RATE) -> dict[str, Any]:
    order = json.dumps({"port": port, "rate": rate, "seconds": seconds, "calls": calls, "seed": seed})
    command = [sys.executable, "-m", "benchmarks.api_load"]
    done = subprocess.run(
        command, input=f"{order}\n", capture_output=True, text=True, cwd=ROOT, check=False, timeout=seconds + _LIMIT_S
    )
    if done.returncode != 0:
        raise SystemExit(f"no figure: the generator failed\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    taken = sorted(latency for latencies in told["latencies_ms"].values() for latency in latencies)
    say(f"port {port}: p50 {quantile(taken, 0.5):.1f} ms, p99 {quantile(taken, 0.99):.1f} ms, errors {told['errors']}")
    return told
