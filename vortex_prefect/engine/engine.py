"""The engine: executions, their executors and their flow runs. Implements `EnginePort`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause

from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, ExecutionStatus, NodeReport, Report
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.engine.adoption import adopted_request, wait_for_schedule
from vortex_prefect.engine.artifacts import Artifacts
from vortex_prefect.engine.attachments import Attachments
from vortex_prefect.engine.backlog import Backlog
from vortex_prefect.engine.deployments import GraphDeployments
from vortex_prefect.engine.executor import Executor
from vortex_prefect.engine.fingerprints import Fingerprints
from vortex_prefect.engine.flow import Flows
from vortex_prefect.engine.hooks import Hooks
from vortex_prefect.engine.host_plugin import HostPlugin
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.journal import Journal
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.limits import TagLimits
from vortex_prefect.engine.outbox import Outbox
from vortex_prefect.engine.pace import Pace
from vortex_prefect.engine.planner import Planner
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.recovery import recover
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.sizes import Sizes
from vortex_prefect.engine.task_runner import VortexTaskRunner
from vortex_prefect.graph.explanation import explanation
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import Plan

logger = logging.getLogger(__name__)

#: Ended executions whose reports are kept for a bridge that reconnects.
_HISTORY = 200
_CLOSE_PATIENCE_S = 10.0
#: How often hosts hear which executions somebody waits for.
_BEAT_S = 2.0
#: Between looks for Prefect's server, while it starts.
_PREPARE_S = 0.5
#: Between looks for a pool that Prefect refuses: somebody may put that right.
_REFUSED_S = 30.0


class Engine:
    """Runs executions for everybody who asks. Use it on one event loop."""

    def __init__(self, settings: Settings, dask_address: str) -> None:
        self._settings = settings
        self._runner = VortexTaskRunner(address=dask_address)
        self._api = PrefectApi()
        self._deployments = GraphDeployments(self._api, settings.pool, settings.url)
        self._ledger = Ledger(settings.home / "state" / "flow-runs")
        self._journal = Journal()
        self._flows = Flows(self._runner, Hooks.of(settings))
        self._attachments = Attachments(
            self._api,
            self._flows,
            self._deployments,
            self._ledger,
            Artifacts(self._api, settings.url),
            announce=self._announce,
            steer=self._steer_later,
        )
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._services: list[asyncio.Task[Any]] = []
        self._catalogue: Catalogue | None = None
        self._flights = InFlight()
        self._limits = TagLimits(self._concurrency_limits)
        self._planner = Planner()
        self._pace = Pace()
        self._sizes = Sizes()

    async def start(self) -> None:
        """Connect to Dask and Prefect, and make every Dask worker of the cluster a host."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._connect)
        work: tuple[Coroutine[Any, Any, None], ...] = (
            recover(self._api, self._ledger, self._ledger.entries()),
            self._attachments.watch.run(),
            self._beat(),
        )
        self._services = [asyncio.create_task(each) for each in work]
        for service in self._services:
            service.add_done_callback(_log_failure)

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
        tasks = [*self._tasks, *self._services]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._flows.close()
        await self._api.close()
        await asyncio.to_thread(self._runner.__exit__, None, None, None)

    # -- EnginePort ------------------------------------------------------------------------

    async def execute(self, request: ExecutionRequest) -> None:
        """See `EnginePort.execute`."""
        if request.execution_id not in self._runs:
            self._spawn(self._attachments.attach(self._begin(Run(request))))

    async def cancel(self, execution_id: str) -> bool:
        """See `EnginePort.cancel`."""
        run = self._runs.get(execution_id)
        if run is None or run.ended.is_set():
            return False
        await self._steer(run, "cancel")
        return True

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        """See `EnginePort.explain`."""
        _, plan = await self._plan(request)
        keys = [step.key for step in plan.steps.values() if step.key is not None]
        hosts: dict[str, list[str]] = await self._on_dask(self._lanes.everywhere("vortex_known", keys=keys))
        # As in an execution: of several hosts the one that knows most of them.
        known: list[str] = max(hosts.values(), key=len, default=[])
        return explanation(plan, frozenset(known), self._sizes.of(plan))

    async def deploy(self, request: DeployRequest) -> dict[str, Any]:
        """See `EnginePort.deploy`."""
        await self.catalogue()
        with _prefect_at_hand():
            return await self._deployments.publish(parse_graph(request.graph, Limits()), request)

    async def run_flow_run(self, flow_run_id: str) -> None:
        """See `EnginePort.run_flow_run`."""
        with _prefect_at_hand():
            flow_run = await self._api.flow_run(flow_run_id)
            try:
                run = await self._adopt(flow_run)
            except VortexError as error:
                await self._flows.refuse(flow_run, error)
                return
        # Whoever asked may go; the run stays.
        await asyncio.shield(self._spawn(self._attachments.stand_for(run, flow_run)))

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        """See `EnginePort.flow_outcome`."""
        with _prefect_at_hand():
            flow_run = await self._api.flow_run(flow_run_id)
            run = await self._adopt(flow_run)
        try:
            await self._attachments.outcome(run, flow_run)
        except Pause:
            self._spawn(self._attachments.stand_by(run, run.superseded))
            return ExecutionStatus.PAUSED, ""
        except asyncio.CancelledError:  # the process that asked is gone
            self._steer_later(run, "cancel")
            self._spawn(self._attachments.stand_by(run, run.superseded))
            raise
        return run.status, run.message

    async def prepare_pool(self, pool: str) -> None:
        """Wait for Prefect's server, and see that the pool is there."""
        while True:
            try:
                return await self._deployments.prepare_pool(pool)
            except OSError as error:
                logger.info("the pool %s is not served yet: %s", pool, error)
                await asyncio.sleep(_PREPARE_S)
            except VortexError as refused:
                logger.error("the pool %s cannot be served: %s", pool, refused)
                await asyncio.sleep(_REFUSED_S)

    async def catalogue(self) -> Catalogue:
        """See `EnginePort.catalogue`."""
        if self._catalogue is None:
            self._catalogue = await self._on_dask(self._lanes.catalogue())
            self._deployments.use(self._catalogue)
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

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        """See `LocalEnginePort.hold`."""
        run = self._runs.get(execution_id)
        reports = run.history.nodes() if run else ()
        outputs = next((report.outputs for report in reports if report.node_id == node), None)
        value = (outputs or {}).get(port)
        if value is None:
            raise RequestError("RQ-002", f"execution {execution_id} has no output {node}.{port} here")
        paths = await self._on_dask(self._lanes.everywhere("vortex_hold", value=value.to_dict(), holder=holder))
        for path in filter(None, paths.values()):
            return value, path
        raise WorkerError("WK-002", "no connected host has all of it")

    async def release(self, holder: str) -> None:
        """See `LocalEnginePort.release`."""
        await self._on_dask(self._lanes.everywhere("vortex_release", execution_id=holder))

    async def debug_count(self, tag: str) -> int:
        """See `EnginePort.debug_count`."""
        counts: dict[str, int] = await self._on_dask(self._lanes.everywhere("vortex_count", tag=tag))
        return sum(counts.values())

    def reports(self) -> AsyncIterator[Report]:
        """See `EnginePort.reports`; what is known of recent executions comes first."""
        return self._journal.listen([report for run in self._runs.values() for report in run.history.in_order()])

    # -- one execution ---------------------------------------------------------------------

    def _begin(self, run: Run) -> Run:
        self._runs[run.id] = run
        self._runs.move_to_end(run.id)
        self._trim()
        self._spawn(self._execute(run))
        return run

    async def _adopt(self, flow_run: FlowRun) -> Run:
        """The run that a flow run of Prefect's wants: the one that was suspended, or one that begins."""
        publication = await self._deployments.publication(flow_run)
        execution_id = publication.execution_id or str(flow_run.id)
        run = self._runs.get(execution_id)
        if run is not None and not run.ended.is_set():
            await self._steer(run, "resume")
            return run
        with self._ledger.expecting(Entry(execution_id, str(flow_run.deployment_id or ""), str(flow_run.id))):
            await self.catalogue()
            graph, request = await asyncio.to_thread(adopted_request, flow_run, publication)
            await wait_for_schedule(flow_run)
        run = Run(request, round=(flow_run.run_count or 0) + 1, graph=graph)
        options = {"targets": request.targets and list(request.targets), "force": False, "priority": request.priority}
        graph_id = str(graph.id or flow_run.deployment_id or flow_run.id)
        self._publish(
            run, AdoptionReport(run.id, graph_id, request.graph_hash, request.graph, options, run.round, now_ms())
        )
        return self._begin(run)

    async def _execute(self, run: Run) -> None:
        self._publish(run, ExecutionReport(run.id, ExecutionStatus.RUNNING, at_ms=now_ms()))
        try:
            run.graph, plan = await self._plan(run.request)
            run.plan = plan
            backlog = Backlog(self._api.filed_task_runs)
            run.recorder = Recorder(run.id, plan, self._api.post_events, self._settings.report_after_s, backlog)
            run.executor = await self._on_dask(self._executor(run, plan))
            run.planned.set()
            paused, run.paused = run.paused, False
            for wish, asked in (("pause", paused), ("cancel", run.cancelled)):
                if asked:
                    await self._steer(run, wish)
            run.status = await self._on_dask(run.executor.run())
        except VortexError as failure:
            run.status, run.error = ExecutionStatus.FAILED, failure
        except Exception as failure:
            logger.exception("execution %s failed in the engine", run.id)
            run.status, run.error = ExecutionStatus.FAILED, WorkerError("WK-001", f"the engine failed: {failure}")
        run.message = str(run.error) if run.error else run.summary()
        self._tell(run, run.status)
        run.ended.set()
        run.planned.set()

    async def _plan(self, request: ExecutionRequest) -> tuple[Graph, Plan]:
        catalogue = await self.catalogue()
        fingerprints = Fingerprints(self._lanes, self._runner.run_on_loop)
        return await asyncio.to_thread(self._planner.plan, request, catalogue, fingerprints)

    async def _executor(self, run: Run, plan: Plan) -> Executor:
        emit = Outbox(self._loop, lambda report: self._publish(run, report)).put
        return Executor(
            run.id,
            plan,
            self._lanes,
            emit,
            run.request.priority,
            round=run.round,
            limiter=self._limits,
            flights=self._flights,
            file_identity=self._planner.files,
            pace=self._pace,
        )

    async def _steer(self, run: Run, wish: str) -> None:
        """Cancel, pause or resume; repeating does nothing. A run without an executor yet is steered when it has one."""
        match wish:
            case "cancel":
                run.cancelled = True
                if run.executor is not None:
                    await self._on_dask(run.executor.cancel())
            case "pause" if run.executor is not None and not run.paused:
                run.paused = True
                await self._on_dask(run.executor.pause())
                self._tell_steered(run, ExecutionStatus.PAUSED)
            case "resume" if run.executor is not None and run.paused:
                run.paused = False
                await self._on_dask(run.executor.resume())
                self._tell_steered(run, ExecutionStatus.RUNNING)
            case "pause" | "resume":
                run.paused = wish == "pause"

    def _steer_later(self, run: Run, wish: str) -> None:
        self._spawn(self._steer(run, wish))

    # -- what is told ----------------------------------------------------------------------

    def _announce(self, run: Run) -> None:
        self._tell(run, run.status if run.ended.is_set() else ExecutionStatus.RUNNING)

    def _tell_steered(self, run: Run, status: ExecutionStatus) -> None:
        if not run.ended.is_set():  # it may have ended meanwhile, and that was the last word
            self._tell(run, status)

    def _tell(self, run: Run, status: ExecutionStatus) -> None:
        flow_run_id = run.flow_run.id if run.flow_run else None
        url = self._api.flow_run_url(flow_run_id) if flow_run_id else None
        told = run.error.to_dict() if run.error and status.final else None
        self._publish(run, ExecutionReport(run.id, status, flow_run_id, url, told, now_ms()))

    def _publish(self, run: Run, report: Report) -> None:
        if isinstance(report, NodeReport) and run.recorder is not None:
            run.recorder.note(report)
        if isinstance(report, NodeReport) and report.item is not None:
            return  # items are for the record; of their node everybody hears how far they are
        if isinstance(report, NodeReport) and report.outputs and run.plan is not None:
            self._sizes.note(run.plan.steps[report.node_id], report.outputs)
        run.history.put(report)
        self._journal.publish(report)

    # -- housekeeping ----------------------------------------------------------------------

    async def _beat(self) -> None:
        """Tell the hosts what somebody waits for; what nobody does is cancelled there, and its memory freed."""
        while True:
            wanted = [run.id for run in self._runs.values() if not run.ended.is_set()]
            try:
                # A host that stands still must not keep the others from hearing it.
                async with asyncio.timeout(_BEAT_S):
                    await self._on_dask(self._lanes.everywhere("vortex_beat", executions=wanted))
            except TimeoutError:
                logger.warning("not every host has heard in time what is wanted")
            except Exception:
                logger.exception("the hosts were not told what is wanted")
            await asyncio.sleep(_BEAT_S)

    async def _concurrency_limits(self) -> frozenset[str]:
        """Called on the Dask client's loop, where the executors are."""
        asked = asyncio.run_coroutine_threadsafe(self._api.concurrency_limits(), self._loop)
        return await asyncio.wrap_future(asked)

    async def _on_dask(self, work: Any) -> Any:
        return await asyncio.wrap_future(self._runner.run_on_loop(work))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        _log_failure(task)

    def _trim(self) -> None:
        ended = [execution_id for execution_id, run in self._runs.items() if run.ended.is_set()]
        for execution_id in ended[: max(len(ended) - _HISTORY, 0)]:
            del self._runs[execution_id]


def _log_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a background task failed", exc_info=error)


@contextlib.contextmanager
def _prefect_at_hand() -> Iterator[None]:
    """Whoever waits for an answer is told that Prefect's server is away."""
    try:
        yield
    except OSError as error:
        raise SystemFault("SY-008", str(error)) from error
