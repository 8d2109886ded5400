"""Messages a second from one bridge process to 200 clients, and milliseconds from publish to receipt.

20 of the clients read nothing at all. Beside it the same messages at the same
times through a bare Starlette endpoint to the 180 that read: one that does not
would hold up all others there. Clients are in a process of their own, which
notes when bytes came and reads them later.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import Any

from benchmarks.fanout_clients import connect
from benchmarks.harness import ROOT, say

READERS = 180
SILENT = 20
#: Messages a second that are published: each goes to every client.
RATE = 40.0
HIGH_RATE = 120.0
SECONDS = 15.0


def measure() -> dict[str, float]:
    """At the ordinary rate and at three times that, both servers.

    Raises:
        SystemExit: a process failed.
    """
    ours, ours_high = _run("bridge", RATE), _run("bridge", HIGH_RATE)
    bare, bare_high = _run("bare", RATE), _run("bare", HIGH_RATE)
    figures = {
        **ours,
        **{f"high_{name}": value for name, value in ours_high.items()},
        **{f"bare_{name}": value for name, value in bare.items()},
        **{f"bare_high_{name}": value for name, value in bare_high.items()},
        "delivery_p99_over_bare": ours["delivery_p99_ms"] / bare["delivery_p99_ms"],
        "high_delivery_p99_over_bare": ours_high["delivery_p99_ms"] / bare_high["delivery_p99_ms"],
    }
    return {name: round(value, 3) for name, value in figures.items()}


def _run(kind: str, rate: float) -> dict[str, float]:
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="vortex-bench-"))
        server = _start(stack, "benchmarks.fanout_server", kind, home)
        port, graph_id = _line(server).split()
        if kind == "bridge":
            for _ in range(SILENT):
                stack.enter_context(connect(int(port), graph_id))
        clients = _start(stack, "benchmarks.fanout_clients", port, graph_id, str(READERS))
        _line(clients)
        published = json.loads(_ask(server, f"{rate} {SECONDS}"))
        told = json.loads(_ask(clients, "stop"))
    figures = _figures(published, told)
    say(f"{kind} at {rate:g}/s: {figures}")
    return figures


def _figures(published: dict[str, int], told: dict[str, Any]) -> dict[str, float]:
    delays = told["delays_us"]
    return {
        "messages_per_s": told["received"] / told["span_s"],
        "delivery_p50_ms": delays[len(delays) // 2] / 1000,
        "delivery_p99_ms": delays[len(delays) * 99 // 100] / 1000,
        "lost": sum(published["certain"] - found for found in told["certain"]),
        "out_of_order": told["out_of_order"],
        "clients_busy": told["busy"],
    }


def _start(stack: ExitStack, module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return process


def _ask(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return _line(process)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if not (line := process.stdout.readline()):
        raise SystemExit("no figure: a process ended")
    return line
