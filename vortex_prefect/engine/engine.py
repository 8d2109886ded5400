"""The engine: executions, their executors and their flow runs. Implements `EnginePort`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import replace
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause

from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError, WorkerError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import AdoptionReport, ExecutionStatus, Report
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.adoption import adopted_options, adopted_request, wait_for_schedule
from vortex_prefect.engine.artifacts import Artifacts
from vortex_prefect.engine.attachments import Attachments
from vortex_prefect.engine.chores import prepare as prepare_chores
from vortex_prefect.engine.dask_security import stack_security
from vortex_prefect.engine.deployments import GraphDeployments
from vortex_prefect.engine.dormant import Dormant
from vortex_prefect.engine.flow import Flows
from vortex_prefect.engine.hooks import Hooks
from vortex_prefect.engine.host_plugin import HostPlugin
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.recovery import Fallen, recover
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.runs import Runs
from vortex_prefect.engine.task_runner import VortexTaskRunner
from vortex_prefect.engine.worker_events import TOPIC
from vortex_prefect.graph.model import parse_graph

logger = logging.getLogger(__name__)

_CLOSE_PATIENCE_S = 10.0
#: Between looks for Prefect's server by a flow run that a worker has claimed.
_CLAIM_RETRY_S = 2.0
#: Between looks for Prefect's server, while it starts.
_PREPARE_S = 0.5
#: Between looks for a pool that Prefect refuses: somebody may put that right.
_REFUSED_S = 30.0


class Engine:
    """Runs executions for everybody who asks. Use it on one event loop."""

    def __init__(self, settings: Settings, dask_address: str) -> None:
        self._settings = settings
        self._home = asyncio.get_running_loop()
        security = stack_security(settings.dask_keys, dask_address)
        self._runner = VortexTaskRunner(address=dask_address, client_kwargs={"security": security} if security else {})
        self._api = PrefectApi()
        self._deployments = GraphDeployments(self._api, settings.pool, settings.url)
        self._ledger = Ledger(settings.home / "state" / "flow-runs")
        self._runs = Runs(settings, self._runner, self._api, self._deployments.use)
        self._fallen = Fallen(self._api, ())
        #: Flow runs that a worker has handed over, and that have not begun yet.
        self._claiming: set[str] = set()
        self._dormant = Dormant(self._api, self._ledger, self._runs.tell)
        self._flows = Flows(self._runner, Hooks.of(settings))
        self._attachments = Attachments(
            self._api,
            self._flows,
            self._deployments,
            self._ledger,
            Artifacts(self._api, settings.url),
            announce=self._runs.announce,
            steer=self._steer_later,
            on_other=self._steer_dormant,
            on_return=self._runs.filing.returned,
        )
        #: What is under way, and for which run.
        self._tasks: dict[asyncio.Task[Any], Run | None] = {}
        self._services: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Connect to Dask and Prefect, and make every Dask worker of the cluster a host."""
        left = self._ledger.entries()
        for entry in filter(_suspended, left):
            self._keep(entry)
        crashed = [entry for entry in left if not _suspended(entry)]
        self._fallen = Fallen(self._api, crashed)
        await asyncio.to_thread(self._connect)
        work: tuple[Coroutine[Any, Any, None], ...] = (
            recover(self._api, self._ledger, crashed, lambda known: self._runs.get(known) is not None, self._keep),
            self._runs.filing.run(),
            self._attachments.watch.run(),
            self._runs.beat(),
            self._runs.workers.run(),
        )
        self._services = [asyncio.create_task(each) for each in work]
        for service in self._services:
            service.add_done_callback(_log_failure)

    def _connect(self) -> None:
        self._runner.__enter__()
        self._runner.client.register_plugin(HostPlugin(self._settings))
        _ = self._runner.lanes  # made in this thread: it waits for the client's event loop
        self._runner.client.subscribe_topic(TOPIC, self._on_worker_event)

    def _on_worker_event(self, event: tuple[float, dict[str, Any]]) -> None:
        """A host has something to tell of its workers; called on the Dask client's event loop."""
        _, message = event
        self._home.call_soon_threadsafe(self._runs.workers.nudge, message["address"])

    def _disconnect(self) -> None:
        # All engines share the topic: the scheduler would go on sending to this client while it closes.
        with contextlib.suppress(Exception):  # of no particular class, if the scheduler went first
            self._runner.client.unsubscribe_topic(TOPIC)
        self._runner.__exit__(None, None, None)

    async def close(self) -> None:
        """Cancel what runs, wait shortly for its records, disconnect. What is suspended stays so."""
        for run in self._runs:
            if not run.dormant:
                await self.cancel(run.id)
        ending = [task for task, run in self._tasks.items() if run is None or not run.dormant]
        if ending:
            await asyncio.wait(ending, timeout=_CLOSE_PATIENCE_S)
        tasks = [*self._tasks, *self._services]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._flows.close()
        await self._api.close()
        await asyncio.to_thread(self._disconnect)

    # -- EnginePort ------------------------------------------------------------------------

    async def execute(self, request: ExecutionRequest) -> None:
        """See `EnginePort.execute`."""
        if self._runs.get(request.execution_id) is not None:
            return
        if (report := self._fallen.report(request.execution_id)) is not None:
            self._runs.tell(report)  # it was begun once, and whoever asks has not heard of that
            return
        run = self._begin(Run(request), Entry(request.execution_id))
        self._spawn(self._attachments.attach(run), run)

    async def cancel(self, execution_id: str) -> bool:
        """See `EnginePort.cancel`."""
        run = self._runs.get(execution_id)
        if run is None and execution_id in self._dormant:
            self._spawn(self._dormant.cancel(execution_id))
            return True
        if run is None or run.ended.is_set():
            return False
        await self._runs.steer(run, "cancel")
        return True

    async def knows(self, execution_id: str) -> bool:
        """See `EnginePort.knows`."""
        return self._runs.get(execution_id) is not None

    async def explain(self, request: ExecutionRequest) -> dict[str, Any]:
        """See `EnginePort.explain`."""
        return await self._runs.explain(request)

    async def deploy(self, request: DeployRequest) -> dict[str, Any]:
        """See `EnginePort.deploy`."""
        await self.catalogue()
        with _prefect_at_hand():
            return await self._deployments.publish(parse_graph(request.graph, self._settings.limits), request)

    async def run_flow_run(self, flow_run_id: str) -> None:
        """See `EnginePort.run_flow_run`."""
        # Whoever asked may go; the run stays.
        await asyncio.shield(self._spawn(self._carry_out(flow_run_id)))

    async def _carry_out(self, flow_run_id: str) -> None:
        if flow_run_id in self._claiming:
            return  # the pool has offered it again meanwhile
        self._claiming.add(flow_run_id)
        try:
            taken = await self._taken(flow_run_id)
        finally:
            self._claiming.discard(flow_run_id)
        if taken is not None:
            run, flow_run = taken
            await self._spawn(self._attachments.stand_for(run, flow_run), run)

    async def _taken(self, flow_run_id: str) -> tuple[Run, FlowRun] | None:
        """Claim a flow run and begin it; null if it is not ours, or cannot begin.

        Once the server may have granted the claim, no other worker will have the run: a server that is away is waited
        for, and an engine that dies meanwhile leaves a note.
        """
        before = self._ledger.entry(flow_run_id)
        self._ledger.put(Entry(flow_run_id, "", flow_run_id, claimed=True))
        claim_id, claimed = new_id(), False
        while True:
            try:
                claimed = claimed or await self._api.claim(flow_run_id, claim_id)
                if not claimed:
                    self._ledger.restore(flow_run_id, before)
                    return None
                flow_run = await self._api.flow_run(flow_run_id)
                run = await self._adopt(flow_run)
                break
            except OSError as error:
                logger.warning("flow run %s does not begin yet: %s", flow_run_id, error)
                await asyncio.sleep(_CLAIM_RETRY_S)
            except VortexError as error:
                self._ledger.remove(flow_run_id)
                await self._refuse(flow_run_id, error)
                return None
        if run.id != flow_run_id:
            self._ledger.remove(flow_run_id)
        return run, flow_run

    async def _refuse(self, flow_run_id: str, error: VortexError) -> None:
        with _prefect_at_hand():
            await self._flows.refuse(await self._api.flow_run(flow_run_id), error)

    async def flow_outcome(self, flow_run_id: str) -> tuple[ExecutionStatus, str]:
        """See `EnginePort.flow_outcome`."""
        with _prefect_at_hand():
            flow_run = await self._api.flow_run(flow_run_id)
            run = await self._adopt(flow_run)
        try:
            await self._attachments.outcome(run, flow_run)
        except Pause:
            self._spawn(self._attachments.stand_by(run, run.superseded), run)
            return ExecutionStatus.PAUSED, ""
        except asyncio.CancelledError:  # the process that asked is gone
            self._steer_later(run, "cancel")
            self._spawn(self._attachments.stand_by(run, run.superseded), run)
            raise
        return run.status, run.message

    async def prepare_pool(self, pool: str) -> None:
        """Wait for Prefect's server, and see that the pool is there."""
        while True:
            try:
                await self._deployments.prepare_pool(pool)
                return await prepare_chores(self._api, pool, self._settings.retention_cron)
            except OSError as error:
                logger.info("the pool %s is not served yet: %s", pool, error)
                await asyncio.sleep(_PREPARE_S)
            except VortexError as refused:
                logger.error("the pool %s cannot be served: %s", pool, refused)
                await asyncio.sleep(_REFUSED_S)

    async def catalogue(self) -> Catalogue:
        """See `EnginePort.catalogue`."""
        return await self._runs.catalogue()

    async def renew(self) -> Catalogue:
        """See `EnginePort.renew`."""
        return await self._runs.renew()

    async def status(self) -> dict[str, Any]:
        """See `EnginePort.status`."""
        hosts = await self._runs.everywhere("vortex_status")
        return {
            "workers": [worker for host in hosts.values() for worker in host["workers"]],
            "arena": next((host["arena"] for host in hosts.values()), {}),
            "hosts": list(hosts.values()),
            "engine": {"pid": os.getpid(), "dask_up": self._runner.client.status == "running", **self._runs.figures()},
            "running": [run.id for run in self._runs if not (run.ended.is_set() or run.suspended.is_set())],
            "suspended": [*(run.id for run in self._runs if run.dormant), *self._dormant],
            "dask_dashboard": self._runner.client.dashboard_link,
            "prefect_ui": self._api.ui_url,
        }

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        """See `EnginePort.read_value`."""
        hosts = await self._runs.on_dask(
            self._runs.lanes.everywhere("vortex_read", value=value.to_dict(), format=format)
        )
        for data, media_type in hosts.values():
            return data, media_type
        raise WorkerError("WK-002", "no host is connected")

    async def pin(self, value: Value, keep: bool) -> bool:
        """See `EnginePort.pin`."""
        answers = await self._runs.everywhere("vortex_pin", value=value.to_dict(), keep=keep)
        kept = [answer for answer in answers.values() if answer is not None]
        if not kept:
            raise WorkerError("WK-002", "no arena holds it under a content key")
        return any(kept)

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        """See `LocalEnginePort.hold`."""
        run = self._runs.get(execution_id)
        reports = run.history.nodes() if run else ()
        outputs = next((report.outputs for report in reports if report.node_id == node), None)
        value = (outputs or {}).get(port)
        if value is None:
            raise RequestError("RQ-002", f"execution {execution_id} has no output {node}.{port} here")
        paths = await self._runs.on_dask(
            self._runs.lanes.everywhere("vortex_hold", value=value.to_dict(), holder=holder)
        )
        for path in filter(None, paths.values()):
            return value, path
        raise WorkerError("WK-002", "no connected host has all of it")

    async def release(self, holder: str) -> None:
        """See `LocalEnginePort.release`."""
        await self._runs.everywhere("vortex_release", execution_id=holder)

    async def debug_count(self, tag: str) -> int:
        """See `EnginePort.debug_count`."""
        counts: dict[str, int] = await self._runs.everywhere("vortex_count", tag=tag)
        return sum(counts.values())

    def reports(self) -> AsyncIterator[Report]:
        """See `EnginePort.reports`; what is known of recent executions and of workers comes first."""
        return self._runs.reports(lambda: [*self._dormant.known(), *self._fallen.known()])

    # -- one execution ---------------------------------------------------------------------

    def _begin(self, run: Run, entry: Entry) -> Run:
        """Begin a run that the ledger says has begun: whatever happens from here on, it is not begun once more."""
        self._ledger.put(entry)
        self._runs.add(run)
        self._spawn(self._execute(run), run)
        return run

    async def _execute(self, run: Run) -> None:
        await self._runs.execute(run)
        if self._runs.get(run.id) is run:
            self._ledger.end(run.id, run.status, run.message)

    async def _adopt(self, flow_run: FlowRun) -> Run:
        """The run that a flow run of Prefect's wants: the one that was suspended, or one that begins."""
        publication = await self._deployments.publication(flow_run)
        execution_id = publication.execution_id or str(flow_run.id)
        run = self._runs.get(execution_id)
        if run is not None and not run.ended.is_set():
            await self._runs.steer(run, "resume")
            return run
        entry = Entry(execution_id, str(flow_run.deployment_id or ""), str(flow_run.id), claimed=True)
        with self._ledger.expecting(entry):
            await self.catalogue()
            graph, request = await asyncio.to_thread(adopted_request, flow_run, publication, self._settings.limits)
            await wait_for_schedule(flow_run)
        run = Run(request, round=(flow_run.run_count or 0) + 1, graph=graph)
        options = await asyncio.to_thread(adopted_options, request, self._settings.limits)
        self._dormant.wake(execution_id)
        self._fallen.rise(execution_id)
        graph_id = str(graph.id or flow_run.deployment_id or flow_run.id)
        adopted = AdoptionReport(
            run.id, graph_id, request.graph_hash, request.graph, options, run.round, now_ms(), request.drawn
        )
        self._runs.publish(run, adopted)
        return self._begin(run, replace(entry, claimed=False))

    def _steer_later(self, run: Run, wish: str) -> None:
        self._spawn(self._runs.steer(run, wish))

    def _steer_dormant(self, flow_run_id: str, state: dict[str, Any]) -> None:
        if self._dormant.on_state(flow_run_id, state):
            self._spawn(self._dormant.cancel(flow_run_id=flow_run_id))

    def _keep(self, entry: Entry) -> None:
        """A suspended run of an engine before this one."""
        self._dormant.add(entry)
        self._attachments.watch.add(str(entry.flow_run_id))

    def _spawn(self, work: Coroutine[Any, Any, Any], run: Run | None = None) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks[task] = run
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        _log_failure(task)


def _suspended(entry: Entry) -> bool:
    return entry.suspended and entry.flow_run_id is not None


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
