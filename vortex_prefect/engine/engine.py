"""The engine: executions, their executors and their flow runs. Implements `EnginePort`."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import GraphError, VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, NodeReport, NodeState, Report
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.engine.executor import Executor
from vortex_prefect.engine.flow import run_attached
from vortex_prefect.engine.host_plugin import HostPlugin
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.task_events import FlowRunIdentity
from vortex_prefect.engine.task_runner import VortexTaskRunner
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import Plan, compile_plan
from vortex_prefect.graph.validate import validate

logger = logging.getLogger(__name__)

#: Ended executions whose reports are kept for a bridge that reconnects.
_HISTORY = 200
_ATTACH_RETRY_S = 2.0
_CLOSE_PATIENCE_S = 10.0


@dataclass(slots=True)
class _Run:
    """One execution while the engine knows it."""

    request: ExecutionRequest
    executor: Executor | None = None
    recorder: Recorder | None = None
    cancelled: bool = False
    status: ExecutionStatus = ExecutionStatus.RUNNING
    message: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    recorded: asyncio.Event = field(default_factory=asyncio.Event)
    #: node → its last report; under the empty name the execution's own.
    reports: dict[str, Report] = field(default_factory=dict)


class Engine:
    """Runs executions for everybody who asks. Use it on one event loop."""

    def __init__(self, settings: Settings, dask_address: str) -> None:
        self._settings = settings
        self._runner = VortexTaskRunner(address=dask_address)
        self._api = PrefectApi()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: set[asyncio.Queue[Report]] = set()
        self._catalogue: Catalogue | None = None
        self._flights = InFlight()

    async def start(self) -> None:
        """Connect to Dask and Prefect, and make every Dask worker of the cluster a host."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._connect)

    def _connect(self) -> None:
        self._runner.__enter__()
        self._runner.client.register_plugin(HostPlugin(self._settings))
        self._lanes = self._runner.lanes

    async def close(self) -> None:
        """Cancel what runs, wait shortly for its records, disconnect."""
        for execution_id in list(self._runs):
            await self.cancel(execution_id)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_PATIENCE_S)
        for task in self._tasks:
            task.cancel()
        await self._api.close()
        await asyncio.to_thread(self._runner.__exit__, None, None, None)

    # -- EnginePort ------------------------------------------------------------------------

    async def execute(self, request: ExecutionRequest) -> None:
        """See `EnginePort.execute`."""
        if request.execution_id in self._runs:
            return
        run = _Run(request)
        self._runs[request.execution_id] = run
        self._trim()
        self._spawn(self._execute(run))

    async def cancel(self, execution_id: str) -> bool:
        """See `EnginePort.cancel`."""
        run = self._runs.get(execution_id)
        if run is None or run.ended.is_set():
            return False
        run.cancelled = True
        if run.executor is not None:
            await self._on_dask(run.executor.cancel())
        return True

    async def catalogue(self) -> Catalogue:
        """See `EnginePort.catalogue`."""
        if self._catalogue is None:
            self._catalogue = await self._on_dask(self._lanes.catalogue())
        return self._catalogue

    async def status(self) -> dict[str, Any]:
        """See `EnginePort.status`."""
        hosts = await self._on_dask(self._lanes.everywhere("vortex_status"))
        return {
            "workers": [worker for host in hosts.values() for worker in host["workers"]],
            "arena": next((host["arena"] for host in hosts.values()), {}),
            "hosts": list(hosts.values()),
            "running": [execution_id for execution_id, run in self._runs.items() if not run.ended.is_set()],
            "dask_dashboard": self._runner.client.dashboard_link,
            "prefect_ui": self._api.ui_url,
        }

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        """See `EnginePort.read_value`."""
        hosts = await self._on_dask(self._lanes.everywhere("vortex_read", value=value.to_dict(), format=format))
        for data, media_type in hosts.values():
            return data, media_type
        raise WorkerError("WK-002", "no host is connected")

    async def debug_count(self, tag: str) -> int:
        """See `EnginePort.debug_count`."""
        counts: dict[str, int] = await self._on_dask(self._lanes.everywhere("vortex_count", tag=tag))
        return sum(counts.values())

    async def reports(self) -> AsyncIterator[Report]:
        """See `EnginePort.reports`; what is known of recent executions comes first."""
        queue: asyncio.Queue[Report] = asyncio.Queue()
        for run in self._runs.values():
            # The execution's own report last: with it everything of a run that ended is known.
            for report in sorted(run.reports.values(), key=lambda report: isinstance(report, ExecutionReport)):
                queue.put_nowait(report)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    # -- one execution ---------------------------------------------------------------------

    async def _execute(self, run: _Run) -> None:
        execution_id = run.request.execution_id
        self._publish(run, ExecutionReport(execution_id, ExecutionStatus.RUNNING, at_ms=now_ms()))
        error: VortexError | None = None
        try:
            graph, plan = await self._plan(run.request)
            run.recorder = Recorder(execution_id, plan, self._api.post_events, self._settings.report_after_s)
            self._spawn(self._attach(run, graph))
            run.executor = await self._on_dask(self._executor(run, plan))
            if run.cancelled:
                await self._on_dask(run.executor.cancel())
            run.status = await self._on_dask(run.executor.run())
        except VortexError as failure:
            run.status, error = ExecutionStatus.FAILED, failure
        except Exception as failure:
            logger.exception("execution %s failed in the engine", execution_id)
            run.status, error = ExecutionStatus.FAILED, WorkerError("WK-001", f"the engine failed: {failure}")
        run.message = str(error) if error else _summary(run)
        final = self._runs[execution_id].reports.get("")
        known = final if isinstance(final, ExecutionReport) else None
        self._publish(
            run,
            ExecutionReport(
                execution_id,
                run.status,
                flow_run_id=known.flow_run_id if known else None,
                prefect_url=known.prefect_url if known else None,
                error=error.to_dict() if error else None,
                at_ms=now_ms(),
            ),
        )
        run.ended.set()

    async def _plan(self, request: ExecutionRequest) -> tuple[Graph, Plan]:
        catalogue = await self.catalogue()
        return await asyncio.to_thread(_compile, request, catalogue)

    async def _executor(self, run: _Run, plan: Plan) -> Executor:
        def emit(report: NodeReport) -> None:
            self._loop.call_soon_threadsafe(self._publish, run, report)

        return Executor(run.request.execution_id, plan, self._lanes, emit, run.request.priority, flights=self._flights)

    async def _attach(self, run: _Run, graph: Graph) -> None:
        """Create the flow run beside the execution, record into it, and let its flow wait for the end."""
        request, recorder = run.request, run.recorder
        if recorder is None:
            return
        parameters = {"execution_id": request.execution_id, "graph": request.graph}
        name = graph.name or "graph"
        while True:
            try:
                flow_run = await self._api.create_flow_run(
                    name, f"{name} {request.execution_id[:8]}", parameters, request.execution_id
                )
                break
            except OSError as error:
                logger.warning("no flow run yet for execution %s: %s", request.execution_id, error)
                await asyncio.sleep(_ATTACH_RETRY_S)
        flow_run_id = str(flow_run.id)
        self._announce(run, flow_run_id)
        recording = asyncio.create_task(recorder.record(FlowRunIdentity(flow_run_id, flow_run.name), run.ended))

        async def outcome() -> tuple[ExecutionStatus, str]:
            await run.ended.wait()
            await recording
            return run.status, run.message

        await run_attached(flow_run, name, parameters, self._runner, outcome)
        run.recorded.set()

    def _announce(self, run: _Run, flow_run_id: str) -> None:
        self._publish(
            run,
            ExecutionReport(
                run.request.execution_id,
                run.status if run.ended.is_set() else ExecutionStatus.RUNNING,
                flow_run_id=flow_run_id,
                prefect_url=self._api.flow_run_url(flow_run_id),
                at_ms=now_ms(),
            ),
        )

    def _publish(self, run: _Run, report: Report) -> None:
        run.reports[report.node_id if isinstance(report, NodeReport) else ""] = report
        if isinstance(report, NodeReport) and run.recorder is not None:
            run.recorder.note(report)
        for queue in self._listeners:
            queue.put_nowait(report)

    # -- housekeeping ----------------------------------------------------------------------

    async def _on_dask(self, work: Any) -> Any:
        return await asyncio.wrap_future(self._runner.run_on_loop(work))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)

    def _trim(self) -> None:
        ended = [execution_id for execution_id, run in self._runs.items() if run.ended.is_set()]
        for execution_id in ended[: max(len(ended) - _HISTORY, 0)]:
            del self._runs[execution_id]


def _compile(request: ExecutionRequest, catalogue: Catalogue) -> tuple[Graph, Plan]:
    graph = parse_graph(request.graph, Limits())
    if graph_hash(graph) != request.graph_hash:
        raise GraphError("VE-011", f"the graph of execution {request.execution_id} is not the one that was queued")
    if problems := validate(graph, catalogue):
        raise GraphError.of(problems)
    plan = compile_plan(graph, catalogue, targets=request.targets, force=request.force, file_identity=file_identity)
    return graph, plan


def file_identity(path: str) -> str:
    """SHA-256 of a file's content.

    Raises:
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(run: _Run) -> str:
    states = [report.state for report in run.reports.values() if isinstance(report, NodeReport)]
    counts = ((state, states.count(state)) for state in NodeState)
    return ", ".join(f"{count} {state.value}" for state, count in counts if count) or "nothing to run"
