"""A running stack as benchmarks ask it: the bridge's HTTP and WebSocket, and Prefect's API."""

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
from typing import Any

import httpx
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from benchmarks.harness import ROOT, say
from benchmarks.prefect_record import prefect_client
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.cli.env import exports
from vortex_prefect.core.settings import Settings

_MESSAGE_LIMIT_S = 120.0
_FLOW_RUN_LIMIT_S = 60.0
_POLL_S = 0.05
_ENDINGS = ("execution.complete", "execution.failed", "execution.cancelled")


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a running stack is asked."""

    bridge: httpx.Client
    prefect: httpx.Client
    home: Path
    #: Dask's scheduler.
    dask: str

    def environment(self) -> dict[str, str]:
        """For processes that are to speak to the stack and to its Prefect server."""
        return {**os.environ, **exports(Settings(self.home))}

    def create(self, graph: dict[str, Any]) -> str:
        """Store a graph; its id."""
        return str(self.bridge.post("/api/graph", json=graph).raise_for_status().json()["id"])

    def put(self, graph_id: str, graph: dict[str, Any]) -> None:
        """Replace a stored graph."""
        self.bridge.put(f"/api/graph/{graph_id}", json=graph).raise_for_status()

    def execute(self, graph_id: str, **options: Any) -> tuple[str, float]:
        """Execute a graph: execution id, and milliseconds from the request to `execution.complete` on the WebSocket.

        Raises:
            SystemExit: it did not complete.
        """
        with self._socket(graph_id) as socket:
            started = time.perf_counter()
            answer = self.bridge.post(f"/api/graph/{graph_id}/execute", json={"options": options})
            execution_id = str(answer.raise_for_status().json()["execution_id"])
            ending = _ending(socket)
            elapsed_ms = 1000 * (time.perf_counter() - started)
        if ending["type"] != "execution.complete":
            raise SystemExit(f"no figure: {json.dumps(ending['payload'])[:2000]}")
        return execution_id, elapsed_ms

    def node_states(self, execution_id: str) -> list[str]:
        """How each node of an execution ended."""
        execution = self.bridge.get(f"/api/execution/{execution_id}").raise_for_status().json()
        return [node["state"] for node in execution["nodes"].values()]

    def flow_run_id(self, execution_id: str) -> str:
        """The execution's flow run; an execution may complete before it exists."""
        deadline = time.monotonic() + _FLOW_RUN_LIMIT_S
        while time.monotonic() < deadline:
            execution = self.bridge.get(f"/api/execution/{execution_id}").raise_for_status().json()
            if execution["flow_run_id"]:
                return str(execution["flow_run_id"])
            time.sleep(_POLL_S)
        raise SystemExit(f"no figure: execution {execution_id} has no flow run")

    def settle(self, execution_id: str) -> None:
        """Wait until Prefect has the execution's end on record, so that it does not weigh on what comes next."""
        flow_run_id = self.flow_run_id(execution_id)
        deadline = time.monotonic() + _FLOW_RUN_LIMIT_S
        while time.monotonic() < deadline:
            if self.prefect.get(f"flow_runs/{flow_run_id}").raise_for_status().json()["state_type"] == "COMPLETED":
                return
            time.sleep(_POLL_S)
        raise SystemExit(f"no figure: flow run {flow_run_id} does not complete")

    def reference(self, *arguments: str, api_url: str | None = None) -> list[float]:
        """Run `benchmarks.prefect_reference` in a process of its own; the numbers of its last line."""
        env = {
            **self.environment(),
            **({"PREFECT_API_URL": api_url} if api_url else {}),
            "PREFECT_HOME": str(self.home / "reference"),
            "PREFECT_LOGGING_LEVEL": "WARNING",
        }
        command = [sys.executable, "-m", "benchmarks.prefect_reference", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
        if done.returncode != 0:
            raise SystemExit(f"no figure: the reference {' '.join(arguments)} failed\n{done.stderr[-2000:]}")
        return [float(number) for number in done.stdout.splitlines()[-1].split()]

    def _socket(self, graph_id: str) -> Connection:
        """The graph's messages from now on."""
        url = str(self.bridge.base_url).replace("http", "ws", 1).rstrip("/")
        socket = connect(f"{url}/ws?graph_id={graph_id}", max_size=None)
        socket.recv(_MESSAGE_LIMIT_S)  # graph.sync: from here on nothing is missed
        return socket


@contextmanager
def running_stack(**settings: Any) -> Iterator[Doors]:
    """A stack with one worker, the debug nodes and else the defaults that ship."""
    with tempfile.TemporaryDirectory(prefix="vortex-bench-") as home:
        # Not the caller's environment: the defaults that ship are what is claimed.
        chosen = Settings.from_env({}, home=home, port=0, workers=1, debug_nodes=True, **settings)
        with (
            Stack(chosen, say) as info,
            httpx.Client(base_url=info.url, timeout=60) as bridge,
            prefect_client(exports(chosen)) as prefect,
        ):
            yield Doors(bridge, prefect, Path(home), info.dask)


def _ending(socket: Connection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(_MESSAGE_LIMIT_S))
        if message["type"] in _ENDINGS:
            return message
