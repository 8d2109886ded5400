"""Flow runs that stand for executions: how they come to be, what Prefect may ask through them, how they end.

An execution never waits for any of this. Its flow run is created beside it, or
had begun it; task runs are recorded under it; a flow function waits for the
execution's end and gives it to Prefect as an explicit state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Abort, Pause
from prefect.telemetry.run_telemetry import LABELS_TRACEPARENT_KEY

from vortex_prefect.core.errors import VortexError
from vortex_prefect.engine.artifacts import Artifacts
from vortex_prefect.engine.deployments import GraphDeployments
from vortex_prefect.engine.flow import Flows, WrongEnd, final_state, suspension
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.task_events import FlowRunIdentity
from vortex_prefect.engine.watch import FlowRunWatch

logger = logging.getLogger(__name__)

#: A short execution is over before Prefect's part of it begins to take the processor away from it.
_HEAD_START_S = 0.25
_RETRY_S = 2.0
#: It has ended, or somebody wants it to begin again.
_NOT_OURS_TO_END = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED", "SCHEDULED"})
#: Prefect's engine ends a flow run so whose flow function has failed.
_FAILURES = frozenset({"FAILED", "CRASHED"})


class Attachments:
    """All executions' flow runs. Use it on one event loop.

    Args:
        announce: tells what became known of a run's flow run.
        steer: carries out what Prefect wants of a run: `cancel`, `pause`, `resume`.
        on_other: told the states of watched flow runs that stand for no run in memory.
        on_return: called whenever Prefect's server is heard (again).
    """

    def __init__(
        self,
        api: PrefectApi,
        flows: Flows,
        deployments: GraphDeployments,
        ledger: Ledger,
        artifacts: Artifacts,
        announce: Callable[[Run], None],
        steer: Callable[[Run, str], None],
        on_other: Callable[[str, dict[str, Any]], None],
        on_return: Callable[[], None],
    ) -> None:
        self._api = api
        self._flows = flows
        self._deployments = deployments
        self._ledger = ledger
        self._artifacts = artifacts
        self._announce = announce
        self._steer = steer
        self._runs: dict[str, Run] = {}
        self._on_other = on_other
        self.watch = FlowRunWatch(api, self._on_state, on_return)

    async def attach(self, run: Run) -> None:
        """Create the flow run of an execution that we began, and stand for it to its end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(run.ended.wait(), _HEAD_START_S)
        flow_run = await self._created(run)
        if flow_run is None:
            self._ledger.remove(run.id)
        else:
            await self.stand_for(run, flow_run)

    async def stand_for(self, run: Run, flow_run: FlowRun) -> None:
        """Record a run under its flow run, and end that when the run has ended. The flow run may have begun the run."""
        superseded = self._bind(run, flow_run)
        name = run.graph.name if run.graph and run.graph.name else "graph"
        try:
            await self._flows.run(_traced(run, flow_run), name, lambda: self._outcome(run))
        except Pause:
            await self.stand_by(run, superseded)
            return
        except (Exception, Abort) as error:  # Prefect's server may be away, or have its own idea of the run
            logger.warning("flow run %s is ended without its flow: %r", flow_run.id, error)
            run.misled = isinstance(error, WrongEnd)
        await self._finish(run)

    async def outcome(self, run: Run, flow_run: FlowRun) -> State[Any]:
        """The final state of a run whose flow function runs in another process.

        Raises:
            Pause: the run was suspended.
        """
        self._bind(run, flow_run)
        state = await self._outcome(run)
        self._release(run)
        return state

    async def stand_by(self, run: Run, superseded: asyncio.Event) -> None:
        """Nobody waits in Prefect for the run any more; see to its end, unless another flow function takes over."""
        await _first(run.ended.wait(), superseded.wait())
        if not superseded.is_set():
            await self._finish(run)

    # -- the way there ---------------------------------------------------------------------

    async def _created(self, run: Run) -> FlowRun | None:
        await run.planned.wait()
        if run.graph is None:
            return None  # it cannot run at all, and Prefect has nothing to show of it
        while True:
            try:
                deployment_id = await self._deployments.of(run.graph, run.request)
                self._ledger.put(_entry(run, deployment_id))
                trace = run.trace if run.traced else None
                begun = await self._deployments.begin(deployment_id, run.graph, run.request, trace)
                if begun is not None:
                    return begun
                logger.warning("the deployment of execution %s was deleted in Prefect, it is made anew", run.id)
                await asyncio.sleep(_RETRY_S)
            except OSError as error:
                logger.warning("no flow run yet for execution %s: %s", run.id, error)
                await asyncio.sleep(_RETRY_S)
            except VortexError as refused:
                logger.error("execution %s is not recorded in Prefect: %s", run.id, refused)
                return None

    def _bind(self, run: Run, flow_run: FlowRun) -> asyncio.Event:
        """Let this flow run stand for the run; gives what is set once another flow function has taken over."""
        flow_run_id = str(flow_run.id)
        self._ledger.put(_entry(run, str(flow_run.deployment_id or ""), flow_run_id))
        run.suspended.clear()
        run.superseded.set()
        run.superseded = superseded = asyncio.Event()
        run.flow_run = FlowRunIdentity(flow_run_id, flow_run.name, run.round)
        self._runs[flow_run_id] = run
        self.watch.add(flow_run_id)
        self._announce(run)
        if run.recording is None:
            run.recording = asyncio.create_task(self._record(run, run.flow_run))
        return superseded

    async def _record(self, run: Run, flow_run: FlowRunIdentity) -> None:
        await run.planned.wait()
        if run.recorder is not None:
            async with self._artifacts.of(run, flow_run):
                await run.recorder.record(flow_run, run.ended)

    # -- the end ---------------------------------------------------------------------------

    async def _outcome(self, run: Run) -> State[Any]:
        await _first(run.ended.wait(), run.suspended.wait())
        if not run.ended.is_set():
            raise suspension()
        await self._record_of(run)
        if run.overruled:
            raise suspension()  # the flow run is to stay as somebody has put it
        await self._answered(run)
        return final_state(run.status, run.message)

    async def _answered(self, run: Run) -> None:
        """Wait for a server that is away: Prefect's engine would in the end record that the flow has failed."""
        while self._api.unheard and run.flow_run is not None:
            try:
                await self._api.flow_run_states([run.flow_run.id])
            except OSError:
                await asyncio.sleep(_RETRY_S)
            except VortexError:
                return

    async def _finish(self, run: Run) -> None:
        """See that Prefect knows the end, whatever became of the flow function."""
        await run.ended.wait()
        await self._record_of(run)
        if run.flow_run is not None:
            await self._see_to_end(run, run.flow_run.id, final_state(run.status, run.message))
        self._release(run)

    async def _record_of(self, run: Run) -> None:
        """Wait until Prefect has an ended run's task runs; a defect on that way keeps no flow run from ending."""
        if run.flow_run is not None:
            self.watch.discard(run.flow_run.id)  # whatever is wanted of it now, it is too late
        try:
            if run.recording is not None:
                await asyncio.shield(run.recording)  # others may wait for it too
        except Exception:
            logger.exception("execution %s is not recorded in full", run.id)

    async def _see_to_end(self, run: Run, flow_run_id: str, final: State[Any]) -> None:
        # Whoever has asked Prefect for a retry meanwhile is not to find it ended once more.
        while self._runs.get(flow_run_id) is run:
            try:
                state = (await self._api.flow_run_states([flow_run_id])).get(flow_run_id)
                if state is not None and state["type"] not in _NOT_OURS_TO_END - (_FAILURES if run.misled else set()):
                    name, message = final.name or final.type.value, final.message or ""
                    await self._api.set_flow_run_state(flow_run_id, final.type.value, name, message)
                return
            except OSError as error:
                logger.warning("flow run %s is not ended yet: %s", flow_run_id, error)
                await asyncio.sleep(_RETRY_S)
            except VortexError as refused:
                logger.error("flow run %s cannot be ended: %s", flow_run_id, refused)
                return

    def _release(self, run: Run) -> None:
        if run.flow_run is None or self._runs.get(run.flow_run.id) is not run:
            return  # the next round has begun, and everything is that one's
        self._ledger.remove(run.id)
        self.watch.discard(run.flow_run.id)
        del self._runs[run.flow_run.id]

    # -- what Prefect wants ----------------------------------------------------------------

    def _on_state(self, flow_run_id: str, state: dict[str, Any]) -> None:
        run = self._runs.get(flow_run_id)
        if run is None:
            self._on_other(flow_run_id, state)
            return
        if run.ended.is_set():
            return
        match state["type"]:
            case "CANCELLING":
                self._steer(run, "cancel")
            case "CANCELLED" | "COMPLETED" | "FAILED" | "CRASHED" | "DELETED":
                self._overrule(run, state)
            case "PAUSED":
                self._steer(run, "pause")
                if state["name"] == "Suspended":
                    self._ledger.suspend(run.id)
                    run.suspended.set()
            case "RUNNING" if run.paused and not run.suspended.is_set():
                self._steer(run, "resume")

    def _overrule(self, run: Run, state: dict[str, Any]) -> None:
        """Somebody has ended the flow run in Prefect, or deleted it: nothing goes on that nobody could stop there."""
        if not run.overruled:
            logger.info("execution %s ends, since its flow run is %s", run.id, state["name"])
        run.overruled = True
        if state["type"] == "DELETED" and run.recorder is not None:
            run.recorder.abandon()
        self._steer(run, "cancel")


def _entry(run: Run, deployment_id: str, flow_run_id: str | None = None) -> Entry:
    status = run.status.value if run.ended.is_set() else None
    return Entry(run.id, deployment_id, flow_run_id, status=status, message=run.message)


def _traced(run: Run, flow_run: FlowRun) -> FlowRun:
    """A flow run of which Prefect's own span comes under the execution's, also where Prefect began it."""
    if not run.traced:
        return flow_run
    labels = {**flow_run.labels, LABELS_TRACEPARENT_KEY: run.trace.traceparent}
    return flow_run.model_copy(update={"labels": labels})


async def _first(*waits: Awaitable[Any]) -> None:
    """Wait for one of several."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
