"""The control plane: all use cases wired together, and the tasks that keep them going."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self

from vortex_prefect.collab.rooms import Rooms
from vortex_prefect.core.contracts import EnginePort, ExecutionRequest, StorePort, StoreStatistics
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.files.packs import PackFault
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.comfyui import Converted, convert
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.subgraphs import subgraphs
from vortex_prefect.service import messages
from vortex_prefect.service.audit import Audit
from vortex_prefect.service.catalogue import CatalogueCache, CatalogueChange
from vortex_prefect.service.deployments import Deployments
from vortex_prefect.service.engine_status import EngineStatus
from vortex_prefect.service.executions import Executions
from vortex_prefect.service.files import Files
from vortex_prefect.service.graphs import Graphs
from vortex_prefect.service.messages import Publish
from vortex_prefect.service.outputs import Outputs
from vortex_prefect.service.publishing import Publishing
from vortex_prefect.service.queue import Queue
from vortex_prefect.service.read_graphs import ReadGraphs
from vortex_prefect.service.reports import Reports
from vortex_prefect.service.retention import DAY_MS, HOUR_MS, Retention, Rules
from vortex_prefect.service.shared import GraphLedger
from vortex_prefect.service.worker_events import WorkerEvents

_log = logging.getLogger(__name__)

#: Seconds before the engine is tried again after its link broke.
_RECONNECT_S = 0.5


class ControlPlane:
    """Used as an async context manager: it runs inside, and leaves nothing running behind.

    What happens is told to `publish`, which must neither block nor raise.
    """

    def __init__(
        self,
        store: StorePort,
        engine: EnginePort,
        settings: Settings,
        publish: Publish,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        limits = limits or Limits()
        outputs = Outputs(settings.output_dir, engine)
        self._publish = publish
        self._engine = engine
        self._status = EngineStatus(engine)
        self._store = store
        self._publish = publish
        self._limits = limits
        self._sleep = sleep
        self._tasks: list[asyncio.Task[None]] = []
        self.audit = Audit(store)
        self.catalogue = CatalogueCache(store, engine)
        self.workers = WorkerEvents(store, sleep=sleep)
        self.reports = Reports(store, engine, outputs, publish, self.workers, sleep=sleep)
        self.queue = Queue(store, engine, self.reports, concurrency=settings.concurrency, sleep=sleep)
        read = ReadGraphs(limits)
        self.rooms = Rooms(store, GraphLedger(read, publish), limits, sleep=sleep)
        self.catalogue.on_change(self.rooms.use)
        self.publishing = Publishing(store, self.catalogue, limits, self.rooms, publish)
        self.graphs = Graphs(store, self.catalogue, publish, limits, read, self.rooms, lambda: self.publishing.library)
        self.executions = Executions(
            store,
            engine,
            self.catalogue,
            self.queue,
            self.reports,
            outputs,
            publish,
            limits,
            self.rooms,
            self.publishing,
        )
        self.deployments = Deployments(store, engine, self.catalogue, self.publishing, limits)
        self.retention = Retention(store, settings.output_dir, _rules(settings))
        self.files = Files(
            settings.file_dir,
            limit_bytes=settings.upload_bytes,
            at_once=settings.uploads,
            floor_bytes=settings.disk_floor_bytes,
        )

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.files.tidy)
        await self.catalogue.load()
        await self.publishing.load()
        await self.queue.load()
        await self.rooms.recover()
        regularly = (self.queue.check_regularly, self.queue.watch_the_clock, self.reports.flush_regularly)
        for work in (self._listen, self.queue.run, self.workers.run, self.audit.run, self.rooms.run, *regularly):
            self._start(work())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._status.close()
        await self.rooms.close()
        await self.reports.settle()
        await self.reports.flush()
        with contextlib.suppress(VortexError):  # the engine tells them again
            await self.workers.flush()

    async def status(self) -> dict[str, Any]:
        """The engine's status (`EnginePort.status`); SY-004."""
        return await self._engine.status()

    async def recent_status(self) -> dict[str, Any]:
        """The engine's status, or where it is slow the last one that it gave within a second; SY-004."""
        return await self._status.current()

    def store_statistics(self) -> StoreStatistics:
        """See `StorePort.statistics`."""
        return self._store.statistics()

    async def explain(self, document: Any, targets: tuple[str, ...] | None, force: bool) -> dict[str, Any]:
        """What would happen to each node of a document if it ran now, and why (`EnginePort.explain`).

        Raises:
            GraphError: VE-…, everything that keeps the graph from running.
            SystemFault: SY-004.
        """
        graph = await asyncio.to_thread(parse_graph, document, self._limits)
        if subgraphs(graph, self.publishing.library):
            graph = await asyncio.to_thread(self.publishing.runnable, graph, await self.catalogue.current())
        digest = await asyncio.to_thread(graph_hash, graph)
        return await self._engine.explain(ExecutionRequest(new_id(), graph.to_document(), digest, targets, force))

    async def reload_nodes(self) -> CatalogueChange:
        """Take up what has changed in packs, and tell everybody who shows node types; see `CatalogueCache.renew`."""
        change = await self.catalogue.renew()
        self._publish(messages.nodes_changed(change))
        return change

    def tell_fault(self, fault: PackFault) -> None:
        """Tell everybody who shows node types that a pack cannot be used as it is now."""
        self._publish(messages.nodes_fault(fault))

    async def convert(self, content: bytes, name: str) -> Converted:
        """A workflow of ComfyUI as a graph, which is not stored.

        Raises:
            GraphError: VE-001 for what holds none, VE-012 for what is too much.
        """
        return await asyncio.to_thread(convert, content, await self.catalogue.current(), self._limits, name)

    async def debug_count(self, tag: str) -> int:
        """How often `debug.count` has run with that tag; SY-004."""
        return await self._engine.debug_count(tag)

    @property
    def healthy(self) -> bool:
        """Whether every background task still runs."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def unready(self) -> str | None:
        """Why nothing can be executed now, or null."""
        try:
            status = await self._engine.status()
        except VortexError as error:
            return str(error)
        if not status["workers"]:
            return "no worker runs"
        return None if self.catalogue.live else "no worker has declared its node types yet"

    async def _listen(self) -> None:
        """Take in the engine's reports for as long as it takes, over every restart of the engine."""
        while True:
            refresh = asyncio.create_task(self._refresh_catalogue())
            try:
                await self.reports.consume(self._engine.reports())
            except VortexError as error:
                _log.warning("the engine's reports broke off: %s", error)
            finally:
                refresh.cancel()
                await asyncio.gather(refresh, return_exceptions=True)
            await self._sleep(_RECONNECT_S)

    async def _refresh_catalogue(self) -> None:
        while True:
            try:
                return await self.catalogue.refresh()
            except VortexError as error:
                _log.info("no catalogue from the engine yet: %s", error)
                await self._sleep(_RECONNECT_S)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_log_death)
        self._tasks.append(task)


def _rules(settings: Settings) -> Rules:
    return Rules(
        queue_ms=int(settings.keep_queue_hours * HOUR_MS),
        executions_ms=int(settings.keep_executions_days * DAY_MS),
        outputs_ms=int(settings.keep_outputs_days * DAY_MS),
        outputs_bytes=settings.keep_outputs_bytes,
    )


def _log_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("a task of the control plane died", exc_info=error)
