"""`EnginePort` without an engine: takes requests, and tells what a test scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, NodeReport, NodeState, Report
from vortex_prefect.core.settings import Limits
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.graph.explanation import explanation
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.plan import compile_plan

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def unreachable() -> SystemFault:
    return SystemFault("SY-004", "engine not reachable")


def image_value(generation: int = 1) -> Value:
    """An IMAGE in an arena."""
    return Value("IMAGE", TensorRef("host", generation, 4096, 1024, (1, 4, 4, 3), "float32", 7))


class FakeEngine:
    """Every call may be made to fail by setting `fault`.

    Attributes:
        requests: what was accepted, in order; a repeated id is not accepted again.
        submitted: the same as a queue, for tests that wait for the next one.
        running: execution ids as `status` tells them.
        suspended: so too, of those that wait for being resumed.
        known: content keys that `explain` finds in the cache.
        gate: `execute` answers only while this is set.
    """

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.requests: list[ExecutionRequest] = []
        self.submitted: asyncio.Queue[ExecutionRequest] = asyncio.Queue()
        self.attempts = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.suspended: set[str] = set()
        #: What `knows` knows.
        self.on_its_way: set[str] = set()
        self.running: set[str] = set()
        self.cancelled: list[str] = []
        self.deployed: list[DeployRequest] = []
        self.explained: list[ExecutionRequest] = []
        self.known: set[str] = set()
        self.flow_runs: list[str] = []
        self.fault: VortexError | None = None
        self.refusal: VortexError | None = None
        self.read_fault: VortexError | None = None
        self.reads: list[tuple[Value, str]] = []
        told = {"host": "host", "device": "cpu", "job": None, "restarts": 0}
        self.workers: list[dict[str, Any]] = [{"id": "w0", "pid": 1, "state": "idle", **told}]
        self._catalogue = catalogue or Catalogue()
        #: How often the workers were replaced, and what they declare from then on.
        self.renewed = 0
        self.next_catalogue: Catalogue | None = None
        self._streams: list[asyncio.Queue[Report | VortexError]] = []

    async def execute(self, request: ExecutionRequest) -> None:
        self.attempts += 1
        self._check()
        if self.refusal is not None:
            raise self.refusal
        if request.execution_id in {known.execution_id for known in self.requests}:
            return
        self.requests.append(request)
        self.running.add(request.execution_id)
        self.submitted.put_nowait(request)
        await self.gate.wait()

    async def cancel(self, execution_id: str) -> bool:
        self._check()
        if execution_id not in self.running:
            return False
        self.cancelled.append(execution_id)
        self.running.discard(execution_id)
        self.tell(ExecutionReport(execution_id, ExecutionStatus.CANCELLED, at_ms=3000))
        return True

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        self._check()
        self.explained.append(request)
        graph = parse_graph(request.graph, Limits())
        plan = compile_plan(
            graph, self._catalogue, targets=request.targets, force=request.force, file_identity="content of {}".format
        )
        return explanation(plan, self.known, {})

    async def deploy(self, request: DeployRequest) -> dict[str, Any]:
        self._check()
        self.deployed.append(request)
        return {
            "deployment_id": "d1",
            "name": "graph/d1",
            "url": "http://prefect/d1",
            "pool": "vortex",
            "parameters": {},
        }

    async def run_flow_run(self, flow_run_id: str) -> None:
        self._check()
        self.flow_runs.append(flow_run_id)

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        self._check()
        self.flow_runs.append(flow_run_id)
        return ExecutionStatus.COMPLETED, "1 completed"

    async def catalogue(self) -> Catalogue:
        self._check()
        return self._catalogue

    async def renew(self) -> Catalogue:
        self._check()
        self.renewed += 1
        self._catalogue = self.next_catalogue or self._catalogue
        return self._catalogue

    async def knows(self, execution_id: str) -> bool:
        self._check()
        return execution_id in self.on_its_way

    async def status(self) -> dict[str, Any]:
        self._check()
        return {
            "workers": self.workers,
            "arena": {"capacity_bytes": 1 << 30, "in_use_bytes": 0},
            "suspended": list(self.suspended),
            "running": sorted(self.running),
            "dask_dashboard": "http://127.0.0.1:8787",
            "prefect_ui": "http://127.0.0.1:4200",
        }

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        self._check()
        self.reads.append((value, format))
        if self.read_fault is not None:
            raise self.read_fault
        return (PNG, "image/png") if format == "png" else (b"ARROW1", "application/vnd.apache.arrow.stream")

    async def pin(self, value: Value, keep: bool) -> bool:
        self._check()
        if self.read_fault is not None:
            raise self.read_fault
        return keep

    async def debug_count(self, tag: str) -> int:
        self._check()
        return len(tag)

    def reports(self) -> AsyncIterator[Report]:
        stream: asyncio.Queue[Report | VortexError] = asyncio.Queue()
        self._streams.append(stream)
        return _iterate(stream)

    # What a test scripts

    def tell(self, *reports: Report) -> None:
        """Send reports to everybody who listens."""
        for report in reports:
            for stream in self._streams:
                stream.put_nowait(report)

    def started(self, execution_id: str, flow_run_id: str | None = None) -> None:
        """The execution began at 1,000 ms."""
        url = None if flow_run_id is None else f"http://127.0.0.1:4200/runs/flow-run/{flow_run_id}"
        self.tell(ExecutionReport(execution_id, ExecutionStatus.RUNNING, flow_run_id, url, at_ms=1000))

    def node(self, execution_id: str, node_id: str, state: NodeState, **fields: Any) -> None:
        """A node's report."""
        self.tell(NodeReport(execution_id, node_id, state, **fields))

    def ended(self, execution_id: str, status: ExecutionStatus, error: dict[str, Any] | None = None) -> None:
        """The execution ended at 2,000 ms."""
        self.running.discard(execution_id)
        self.tell(ExecutionReport(execution_id, status, error=error, at_ms=2000))

    def break_off(self) -> None:
        """Let the streams fail as they do when the engine dies, and forget all executions."""
        self.running.clear()
        for stream in self._streams:
            stream.put_nowait(unreachable())
        self._streams.clear()

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault


async def _iterate(stream: asyncio.Queue[Report | VortexError]) -> AsyncIterator[Report]:
    while True:
        item = await stream.get()
        if isinstance(item, VortexError):
            raise item
        yield item
