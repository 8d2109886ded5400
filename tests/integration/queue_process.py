"""Both ends of the queue as processes that may be killed: `python -m tests.integration.queue_process ROLE FOLDER`.

`control` is a control plane over a real store; it queues what the folder's `wanted` says, once. `engine` is an engine
that takes each execution for a moment, and notes in the folder's `ran`, on disk, whenever it begins one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue, picture_graph
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.ids import derived_id, now_ms
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, Report
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.engine_link import EngineLink, serve_engine
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.service.executions import Options
from vortex_prefect.store import open_store

GRAPH_ID = derived_id("the graph of the queue's test")
CONCURRENCY = 8


class PassingEngine(FakeEngine):
    """Runs nothing, but takes its time, and writes down what it began and how it ended."""

    def __init__(self, folder: Path) -> None:
        super().__init__(catalogue())
        self._log = os.open(folder / "ran", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._tasks: set[asyncio.Task[None]] = set()
        self._chance = random.Random()
        #: The last report of each, for those who begin to listen later.
        self._last: dict[str, ExecutionReport] = {}

    def reports(self) -> AsyncIterator[Report]:
        """What is known, and all that follows."""
        stream = super().reports()
        for report in self._last.values():
            self._streams[-1].put_nowait(report)
        return stream

    def _tell(self, report: ExecutionReport) -> None:
        self._last[report.execution_id] = report
        self.tell(report)

    async def execute(self, request: ExecutionRequest) -> None:
        """Begin it, unless it is known."""
        known = len(self.requests)
        await super().execute(request)
        if len(self.requests) > known:
            self._note("begun", request.execution_id)
            task = asyncio.create_task(self._run(request.execution_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def hold(self, execution_id: str, node: str, port: str, holder: str) -> tuple[Value, str]:
        """There is nothing to hold."""
        raise NotImplementedError

    async def release(self, holder: str) -> None:
        """Nothing is held."""

    async def _run(self, execution_id: str) -> None:
        self._tell(ExecutionReport(execution_id, ExecutionStatus.RUNNING, at_ms=now_ms()))
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        self._note("ended", execution_id)
        self.running.discard(execution_id)
        self._tell(ExecutionReport(execution_id, ExecutionStatus.COMPLETED, at_ms=now_ms()))

    def _note(self, what: str, execution_id: str) -> None:
        os.write(self._log, f"{what} {execution_id}\n".encode())
        os.fdatasync(self._log)


async def engine(folder: Path) -> None:
    """Serve until killed."""
    socket = folder / "engine.sock"
    with contextlib.suppress(FileNotFoundError):
        socket.unlink()
    await serve_engine(PassingEngine(folder), socket)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def control(folder: Path, url: str, wanted: int) -> None:
    """Queue, once, as many executions as are wanted, and follow them until killed."""
    store, link = open_store(url), EngineLink(folder / "engine.sock")
    async with ControlPlane(store, link, Settings(home=folder, concurrency=CONCURRENCY), lambda _: None) as plane:
        await plane.catalogue.load()
        print("ready", flush=True)
        while True:
            with contextlib.suppress(Exception):
                await plane.catalogue.current()
                await _queue(plane, wanted)
                break
            await asyncio.sleep(0.02)
        await asyncio.Event().wait()


async def _queue(plane: ControlPlane, wanted: int) -> None:
    actor = Actor("test")
    await plane.graphs.create(picture_graph(id=GRAPH_ID), actor, "graph")
    for number in range(wanted):
        await plane.executions.execute(GRAPH_ID, Options(idempotency_key=f"execution {number}"), actor)


if __name__ == "__main__":
    role, where = sys.argv[1], Path(sys.argv[2])
    asyncio.run(engine(where) if role == "engine" else control(where, sys.argv[3], int(sys.argv[4])))
