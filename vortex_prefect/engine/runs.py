"""Executions as the engine runs them: planned, executed, steered, told."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import (
    ExecutionReport,
    ExecutionStatus,
    LogReport,
    NodeReport,
    PreviewReport,
    Report,
)
from vortex_prefect.core.settings import Settings
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.backlog import Backlog
from vortex_prefect.engine.drawn_text import drawn_text
from vortex_prefect.engine.executor import Executor
from vortex_prefect.engine.filing import Filing
from vortex_prefect.engine.fingerprints import Fingerprints
from vortex_prefect.engine.in_flight import InFlight
from vortex_prefect.engine.journal import Journal
from vortex_prefect.engine.lanes import LanePool
from vortex_prefect.engine.limits import TagLimits
from vortex_prefect.engine.logs import NodeLogs
from vortex_prefect.engine.outbox import Outbox
from vortex_prefect.engine.pace import Pace
from vortex_prefect.engine.planner import Planner
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.sizes import Sizes
from vortex_prefect.engine.spans import execution_span, note_end
from vortex_prefect.engine.task_runner import VortexTaskRunner
from vortex_prefect.engine.worker_watch import WorkerWatch
from vortex_prefect.files.roots import roots_of
from vortex_prefect.graph.explanation import explanation
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.plan import Plan

logger = logging.getLogger(__name__)

#: Ended executions whose reports are kept for a bridge that reconnects.
_HISTORY = 200
#: How often hosts hear which executions somebody waits for.
_BEAT_S = 2.0


class Runs:
    """All executions that the engine knows. Make and use it on one event loop.

    Args:
        on_catalogue: told the node types of the hosts, once they are known.
    """

    def __init__(
        self,
        settings: Settings,
        runner: VortexTaskRunner,
        api: PrefectApi,
        on_catalogue: Callable[[Catalogue], None],
    ) -> None:
        self._settings = settings
        self._runner = runner
        self._api = api
        self._on_catalogue = on_catalogue
        self._home = asyncio.get_running_loop()
        self._journal = Journal()
        #: The way of all task runs to Prefect.
        self.filing = Filing(api)
        #: What happened to the workers of the hosts.
        self.workers = WorkerWatch(self, self._journal.publish)
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._catalogue: Catalogue | None = None
        self._flights = InFlight()
        self._limits = TagLimits(self._concurrency_limits)
        self._planner = Planner(roots_of(settings), limits=settings.limits)
        self._pace = Pace()
        self._sizes = Sizes()

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    @property
    def lanes(self) -> LanePool:
        """The lanes of the connected runner; use them through `on_dask`."""
        return self._runner.lanes

    def figures(self) -> dict[str, Any]:
        """What the engine has done since it began, for metrics."""
        return {"compiles": self._planner.compiles.snapshot().to_dict(), "jobs_dispatched": self.lanes.dispatched}

    async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """See `LanePool.everywhere`."""
        answers: dict[str, Any] = await self.on_dask(self.lanes.everywhere(operation, **arguments))
        return answers

    async def hosts(self) -> list[str]:
        """See `LanePool.hosts`."""
        addresses: list[str] = await self.on_dask(self.lanes.hosts())
        return addresses

    async def ask(self, address: str, operation: str, **arguments: Any) -> Any:
        """See `LanePool.ask`."""
        return await self.on_dask(self.lanes.ask(address, operation, **arguments))

    def get(self, execution_id: str) -> Run | None:
        """An execution of which anything is known still."""
        return self._runs.get(execution_id)

    def add(self, run: Run) -> None:
        """Know a run from now on; it may be a new round of one that ended."""
        self._runs[run.id] = run
        self._runs.move_to_end(run.id)
        self._trim()

    def reports(self, others: Callable[[], Iterable[Report]] = tuple) -> AsyncIterator[Report]:
        """What is known of recent executions and of workers, then everything that happens.

        Args:
            others: gives what else is known.
        """

        def known() -> list[Report]:
            ours = [report for run in self._runs.values() for report in run.history.in_order()]
            return [*ours, *others(), *self.workers.known()]

        return self._journal.listen(known)

    def tell(self, report: Report) -> None:
        """Tell all listeners of what is no run of ours."""
        self._journal.publish(report)

    async def catalogue(self) -> Catalogue:
        """All node types of the hosts; waits for the first worker."""
        if self._catalogue is None:
            self._catalogue = await self.on_dask(self.lanes.catalogue())
            self._on_catalogue(self._catalogue)
        return self._catalogue

    async def renew(self) -> Catalogue:
        """See `EnginePort.renew`."""
        self._catalogue = await self.on_dask(self.lanes.renew())
        self._on_catalogue(self._catalogue)
        return self._catalogue

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        """See `EnginePort.explain`."""
        _, plan = await self._plan(request, request.trace or TraceContext())
        keys = [step.key for step in plan.steps.values() if step.key is not None]
        hosts: dict[str, list[str]] = await self.everywhere("vortex_known", keys=keys)
        # As in an execution: of several hosts the one that knows most of them.
        known: list[str] = max(hosts.values(), key=len, default=[])
        return explanation(plan, frozenset(known), self._sizes.of(plan))

    async def execute(self, run: Run) -> None:
        """Run it to its end, which its status then tells; never raises what a node did."""
        with execution_span(run.request, run.round) as begun:
            run.trace, run.traced = begun.trace, begun.traced
            logger.info("execution %s begins", run.id)
            await self._execute(run)
            logger.info("execution %s: %s, %s", run.id, run.status.value, run.message)
            note_end(begun, run.status, run.message, run.error, run.flow_run.id if run.flow_run else None)

    # -- steps -----------------------------------------------------------------------------

    async def _execute(self, run: Run) -> None:
        self.publish(run, ExecutionReport(run.id, ExecutionStatus.RUNNING, at_ms=now_ms()))
        try:
            run.graph, plan = await self._plan(run.request, run.trace)
            run.plan = plan
            run.recorder = self._recorder(run, plan)
            outbox = Outbox(asyncio.get_running_loop(), lambda report: self.publish(run, report))
            run.executor = await self.on_dask(self._executor(run, plan, outbox))
            run.planned.set()
            paused, run.paused = run.paused, False
            for wish, asked in (("pause", paused), ("cancel", run.cancelled)):
                if asked:
                    await self.steer(run, wish)
            run.status = await self.on_dask(run.executor.run())
        except VortexError as failure:
            run.status, run.error = ExecutionStatus.FAILED, failure
        except Exception as failure:
            logger.exception("execution %s failed in the engine", run.id)
            run.status, run.error = ExecutionStatus.FAILED, WorkerError("WK-001", f"the engine failed: {failure}")
        run.message = str(run.error) if run.error else run.summary()
        self._tell(run, run.status)
        run.ended.set()
        run.planned.set()

    async def _plan(self, request: ExecutionRequest, trace: TraceContext) -> tuple[Graph, Plan]:
        catalogue = await self.catalogue()
        fingerprints = Fingerprints(self.lanes, self._runner.run_on_loop, trace)
        return await asyncio.to_thread(self._planner.plan, request, catalogue, fingerprints)

    def _recorder(self, run: Run, plan: Plan) -> Recorder:
        report_after_s = self._settings.report_after_s
        backlog = Backlog(self._api.filed_task_runs)
        logs = NodeLogs(run.id, self._api.post_logs, report_after_s)
        return Recorder(run.id, plan, self.filing.post, report_after_s, backlog, logs)

    async def _executor(self, run: Run, plan: Plan, outbox: Outbox) -> Executor:
        return Executor(
            run.id,
            plan,
            self.lanes,
            outbox.put,
            run.request.priority,
            round=run.round,
            limiter=self._limits,
            flights=self._flights,
            file_identity=self._planner.files,
            pace=self._pace,
            trace=run.trace,
            graph_json=cache(partial(drawn_text, run.request)),
        )

    async def steer(self, run: Run, wish: str) -> None:
        """Cancel, pause or resume; repeating does nothing. A run without an executor yet is steered when it has one."""
        match wish:
            case "cancel":
                run.cancelled = True
                if run.executor is not None:
                    await self.on_dask(run.executor.cancel())
            case "pause" if run.executor is not None and not run.paused:
                run.paused = True
                await self.on_dask(run.executor.pause())
                self._tell_steered(run, ExecutionStatus.PAUSED)
            case "resume" if run.executor is not None and run.paused:
                run.paused = False
                await self.on_dask(run.executor.resume())
                self._tell_steered(run, ExecutionStatus.RUNNING)
            case "pause" | "resume":
                run.paused = wish == "pause"

    def announce(self, run: Run) -> None:
        """Tell what became known of its flow run."""
        self._tell(run, run.status if run.ended.is_set() else ExecutionStatus.RUNNING)

    def _tell_steered(self, run: Run, status: ExecutionStatus) -> None:
        if not run.ended.is_set():  # it may have ended meanwhile, and that was the last word
            self._tell(run, status)

    def _tell(self, run: Run, status: ExecutionStatus) -> None:
        flow_run_id = run.flow_run.id if run.flow_run else None
        url = self._api.flow_run_url(flow_run_id) if flow_run_id else None
        told = run.error.to_dict() if run.error and status.final else None
        self.publish(run, ExecutionReport(run.id, status, flow_run_id, url, told, now_ms()))

    def publish(self, run: Run, report: Report) -> None:
        """Tell all listeners, and the record."""
        if isinstance(report, NodeReport | LogReport) and run.recorder is not None:
            run.recorder.note(report)
        if isinstance(report, NodeReport) and report.item is not None:
            return  # items are for the record; of their node everybody hears how far they are
        if isinstance(report, NodeReport) and report.outputs and run.plan is not None:
            self._sizes.note(run.plan.steps[report.node_id], report.outputs)
        if not isinstance(report, LogReport | PreviewReport):  # whoever comes later reads lines in Prefect
            run.history.put(report)
        self._journal.publish(report)

    async def beat(self) -> None:
        """Tell the hosts what somebody waits for; what nobody does is cancelled there, and its memory freed."""
        while True:
            wanted = [run.id for run in self._runs.values() if not run.ended.is_set()]
            try:
                # A host that stands still must not keep the others from hearing it.
                async with asyncio.timeout(_BEAT_S):
                    answered = await self.everywhere("vortex_beat", executions=wanted)
                self.workers.see(answered)
            except TimeoutError:
                logger.warning("not every host has heard in time what is wanted")
            except Exception:
                logger.exception("the hosts were not told what is wanted")
            await asyncio.sleep(_BEAT_S)

    async def _concurrency_limits(self) -> frozenset[str]:
        """Called on the Dask client's loop, where the executors are."""
        asked = asyncio.run_coroutine_threadsafe(self._api.concurrency_limits(), self._home)
        return await asyncio.wrap_future(asked)

    async def on_dask(self, work: Any) -> Any:
        """Run a coroutine on the Dask client's event loop."""
        return await asyncio.wrap_future(self._runner.run_on_loop(work))

    def _trim(self) -> None:
        ended = [execution_id for execution_id, run in self._runs.items() if run.ended.is_set()]
        for execution_id in ended[: max(len(ended) - _HISTORY, 0)]:
            del self._runs[execution_id]
