"""The work pool type `vortex`: its worker runs flows in the warm engine, where a process would take seconds to start.

`vortex up` has such a worker in its engine. `prefect worker start --pool NAME
--type vortex` starts one more, which hands its runs to the engine of the stack
with the same VORTEX_HOME.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any, Protocol

import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.busy_server import retry_quickly
from vortex_prefect.engine.chores import carry_out, is_chore
from vortex_prefect.ipc.engine_link import EngineLink

logger = logging.getLogger(__name__)

POOL_TYPE = "vortex"
_RESTART_S = 5.0
_RECONNECT_S = 1.0
#: An event may be heard before what it tells of can be read, so after one there are further looks.
_AGAIN_S = (0.1, 1.0)
#: States in which a flow run waits for a worker.
_WAITING = ("Scheduled", "AwaitingRetry", "Resuming", "Late")
#: Job variables of the pool. `vortex deploy` and the engine write them, and the engine checks what it reads.
_VARIABLES = {
    "graph": {"description": "The frozen graph, packed."},
    "graph_hash": {"description": "SHA-256 of what decides the graph's results."},
    "targets": {"description": "Outputs of the graph to compute, as a list of names; null for all."},
    "force": {"type": "boolean", "description": "Run every node, whatever is in the cache."},
    "priority": {"type": "integer", "description": "Higher goes first."},
    "execution_id": {"description": "The execution that a run of the editor records."},
}


class FlowRuns(Protocol):
    """Who carries out flow runs: the engine, or a link to it."""

    async def run_flow_run(self, flow_run_id: str) -> None:
        """Claim a flow run that was begun in Prefect, and run it to its end. Its failure is its state, never raised."""


class Engine(FlowRuns, Protocol):
    """An engine that serves a pool of its own."""

    async def prepare_pool(self, pool: str) -> None:
        """Wait for Prefect's server, and see that the pool is there."""


class GraphResult(BaseWorkerResult):
    """The flow run has ended; how, its state says."""


class VortexWorker(BaseWorker[BaseJobConfiguration, BaseVariables, GraphResult]):
    """Hands flow runs to an engine.

    Attributes:
        flow_runs: the engine; null for the one of the stack with this process's VORTEX_HOME.
    """

    type = POOL_TYPE
    job_configuration = BaseJobConfiguration
    _description = "Runs node graphs in the warm engine of a VORTEX stack."
    _display_name = "VORTEX"

    flow_runs: FlowRuns | None = None
    _listening: asyncio.Task[None] | None = None

    @classmethod
    def get_default_base_job_template(cls) -> dict[str, Any]:
        """The template of a pool of this type.

        Prefect's server checks both the template and the variables of each run that begins. That takes 15 ms
        where processes are configured; of a run in a warm engine there is nothing to configure.
        """
        variables = {"type": "object", "description": "Written by `vortex deploy`.", "properties": _VARIABLES}
        # Prefect refuses a template that configures nothing at all.
        return {"job_configuration": {"labels": {}}, "variables": variables}

    async def setup(self) -> None:
        """Called by Prefect when the worker starts."""
        await super().setup()
        retry_quickly(self.client)
        self._nudge = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def teardown(self, *exc_info: Any) -> None:
        """Called by Prefect when the worker stops."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await super().teardown(*exc_info)

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Called by Prefect for each flow run that the pool has for us.

        Prefect's own way from here to `run` asks the server six times, and where one answer is missing, the run stays
        Pending or is called Crashed. With a warm engine there is nothing to prepare: it claims the run, and is patient.
        """
        if is_chore(flow_run):
            await super()._submit_run(flow_run)
            return
        # At once: a run that is suspended comes here again. What is offered twice is begun once.
        self._submitting_flow_run_ids.discard(flow_run.id)
        if self._cancelling_observer is not None:
            self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)
        try:
            await self._hand_over(flow_run)
        finally:
            self._release_limit_slot(flow_run.id)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,  # noqa: ARG002 - Prefect's signature
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> GraphResult:
        """Called by Prefect for a flow run that it has prepared."""
        if task_status is not None:
            task_status.started(os.getpid())
        await self._hand_over(flow_run)
        return GraphResult(status_code=0, identifier=str(os.getpid()))

    async def _hand_over(self, flow_run: FlowRun) -> None:
        try:
            if is_chore(flow_run):
                await carry_out(flow_run)
            else:
                await self._carry_out(str(flow_run.id))
        except Exception as error:
            # Prefect leaves a run alone that was told to have started, and this one would stay Pending.
            reason = f"{error}. {error.hint or error.info.hint}" if isinstance(error, VortexError) else repr(error)
            await self._propose_crashed_state(flow_run, reason)

    async def _carry_out(self, flow_run_id: str) -> None:
        if self.flow_runs is not None:
            await self.flow_runs.run_flow_run(flow_run_id)
            return
        # Prefect's command makes the worker, and tells it nothing of ours.
        link = EngineLink(Settings.from_env(os.environ).engine_socket)
        try:
            await link.run_flow_run(flow_run_id)
        finally:
            await link.close()

    async def _listen(self) -> None:
        """Prefect's worker asks its pool every few seconds; an event says that now is a good time."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._look())

    async def _hear(self) -> None:
        wanted = EventFilter(event=EventNameFilter(name=[f"prefect.flow-run.{name}" for name in _WAITING]))
        while True:
            try:
                async with get_events_subscriber(filter=wanted) as subscriber:
                    self._nudge.set()  # what came while nobody listened
                    async for _ in subscriber:
                        self._nudge.set()
            except Exception as error:  # Prefect's client lets through whatever its libraries raise
                logger.info("the pool is only looked at regularly at the moment: %s", error)
            await asyncio.sleep(_RECONNECT_S)

    async def _look(self) -> None:
        """Many events at once are one look."""
        delays: Iterator[float] = iter(())
        while True:
            try:
                await asyncio.wait_for(self._nudge.wait(), next(delays, None))
                delays = iter(_AGAIN_S)
            except TimeoutError:
                pass
            self._nudge.clear()
            try:
                await self.get_and_submit_flow_runs()
            except Exception as error:  # Prefect's worker looks again by itself
                logger.info("the pool was not looked at: %s", error)


def pool_template() -> dict[str, Any]:
    """The base job template of pools that we make."""
    return VortexWorker.get_default_base_job_template()


async def serve_pool(engine: Engine, pool: str) -> None:
    """Work for a pool until cancelled; whatever Prefect's worker stumbles over, it begins anew."""
    while True:
        try:
            # A worker that does not find the server at its first look takes half a minute for the next one.
            await engine.prepare_pool(pool)
            worker = VortexWorker(pool, name=f"vortex engine {socket.gethostname()} {os.getpid()}")
            worker.flow_runs = engine
            await worker.start(printer=logger.info)
        except Exception:
            logger.exception("the worker of pool %s stopped", pool)
        await asyncio.sleep(_RESTART_S)
