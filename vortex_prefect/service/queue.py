"""The outbox: executions that wait, in order of priority and then age, and how they reach the engine.

The store is the truth, memory its image: whatever was acknowledged as queued
is sent again after a restart. Sending twice is harmless, because the engine
takes an execution id once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.contracts import EnginePort, ExecutionRecord, ExecutionRequest, StorePort, UnitOfWork
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, RunReport
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.reports import Reports
from vortex_prefect.service.resources import timestamp
from vortex_prefect.service.traces import asked_by

_log = logging.getLogger(__name__)

_PAUSED_SETTING = "queue.paused"

#: More executions than any queue limit lets in.
_ALL = 1_000_000

#: Seconds between attempts to reach the engine; the last one repeats.
_BACKOFF_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

#: How often in a row the engine may not know an execution that it accepted before that counts as
#: a loss. Once is normal: it ended, and the report is on its way.
_MISSES = 2


@dataclass(slots=True)
class _Entry:
    request: ExecutionRequest
    graph_id: str
    created_ms: int
    #: The engine took it.
    accepted: bool = False
    #: Cancelled while it was on its way to the engine.
    withdrawn: bool = False
    misses: int = 0
    #: The engine lost it once before it began.
    resent: bool = False

    @property
    def id(self) -> str:
        return self.request.execution_id

    @property
    def place(self) -> tuple[int, int, str]:
        return (-self.request.priority, self.created_ms, self.id)

    def describe(self) -> dict[str, Any]:
        return {
            "execution_id": self.id,
            "graph_id": self.graph_id,
            "priority": self.request.priority,
            "created_at": timestamp(self.created_ms),
        }


def request_of(record: ExecutionRecord) -> ExecutionRequest:
    """What the engine is asked for an execution."""
    targets = record.options.get("targets")
    return ExecutionRequest(
        execution_id=record.id,
        graph=record.document,
        graph_hash=record.graph_hash,
        targets=None if targets is None else tuple(targets),
        force=record.options.get("force", False),
        priority=record.options.get("priority", 0),
        trace=asked_by(record),
    )


class Queue:
    """At most `concurrency` executions are with the engine; the others wait here."""

    def __init__(
        self,
        store: StorePort,
        engine: EnginePort,
        reports: Reports,
        *,
        concurrency: int,
        limit: int = 1000,
        check_interval_s: float = 5.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._engine = engine
        self._reports = reports
        self._concurrency = concurrency
        self._limit = limit
        self._check_interval_s = check_interval_s
        self._sleep = sleep
        self._waiting: dict[str, _Entry] = {}
        self._sent: dict[str, _Entry] = {}
        self._interrupted: list[ExecutionRecord] = []
        self._paused = False
        self._wake = asyncio.Event()
        reports.on_report(self._heard)

    # Use

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many executions are with the engine."""
        return len(self._sent)

    def check_room(self) -> None:
        """Raises RQ-004 where no further execution may wait."""
        if len(self._waiting) >= self._limit:
            raise RequestError("RQ-004", f"{self._limit} executions wait already")

    def add(self, record: ExecutionRecord) -> None:
        """Let a stored execution wait for its turn."""
        self._waiting[record.id] = _Entry(request_of(record), record.graph_id, record.created_ms)
        self._wake.set()

    def withdraw(self, execution_id: str) -> bool:
        """Take an execution out that the engine has not accepted; false if it has."""
        if self._waiting.pop(execution_id, None) is not None:
            return True
        entry = self._sent.get(execution_id)
        if entry is None or entry.accepted:
            return False
        entry.withdrawn = True
        return True

    async def reprioritise(self, execution_id: str, priority: int, actor: Actor) -> None:
        """Move a waiting execution; RQ-007 if it does not wait."""
        entry = self._waiting.get(execution_id)
        if entry is None:
            raise RequestError("RQ-007", f"execution {execution_id} does not wait")
        entry.request = replace(entry.request, priority=priority)
        await self._reports.reprioritise(execution_id, priority, actor)

    async def pause(self, paused: bool, actor: Actor) -> None:
        """Send nothing more until resumed; outlives a restart."""
        event_type = "QueuePaused" if paused else "QueueResumed"
        event = Event(event_type, "Queue", derived_id("queue"), metadata=actor.metadata())

        def work(uow: UnitOfWork) -> None:
            uow.put_setting(_PAUSED_SETTING, paused)
            uow.append(event)

        await self._store.write(work)
        self._paused = paused
        self._wake.set()

    def snapshot(self) -> dict[str, Any]:
        """`{paused, concurrency, limit, running, waiting}`; the waiting ones in the order of their turn."""
        on_the_way = [entry for entry in self._sent.values() if not entry.accepted]
        waiting = [*on_the_way, *self._waiting.values()]
        return {
            "paused": self._paused,
            "concurrency": self._concurrency,
            "limit": self._limit,
            "running": [entry.describe() for entry in self._sent.values() if entry.accepted],
            "waiting": [entry.describe() for entry in sorted(waiting, key=lambda entry: entry.place)],
        }

    # Life

    async def load(self) -> None:
        """Read what the last run of the stack left: paused or not, what waited, what ran."""
        unfinished = (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED)
        records = await self._store.read(lambda uow: uow.executions(_ALL, statuses=unfinished))
        self._paused = bool(await self._store.read(lambda uow: uow.get_setting(_PAUSED_SETTING)))
        for record in records:
            self._reports.track(record)
            if record.status is ExecutionStatus.QUEUED:
                self.add(record)
            else:
                self._interrupted.append(record)

    async def run(self) -> None:
        """Send executions to the engine until cancelled."""
        await self._reports.listening.wait()
        await self._recover()
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._reports.listening.wait()
            while (entry := self._next()) is not None:
                await self._send(entry)
                await self._reports.listening.wait()

    async def check_regularly(self) -> None:
        """Look for lost executions at intervals until cancelled."""
        while True:
            await self._sleep(self._check_interval_s)
            try:
                await self.check()
            except VortexError as error:
                _log.debug("executions not checked: %s", error)

    async def check(self) -> None:
        """Compare with what the engine runs; what it lost is sent again, or has crashed if it had begun.

        Raises:
            VortexError: SY-004, the engine is not reachable.
        """
        asked = [entry for entry in self._sent.values() if entry.accepted]
        if not asked:
            return
        status = await self._engine.status()
        running, suspended = set(status["running"]), set(status.get("suspended", ()))
        for entry in asked:
            if entry.id in suspended:
                self._free(entry.id)  # it comes back by itself, and holds no place meanwhile
                continue
            if entry.id in running or entry.id not in self._sent:
                entry.misses = 0
                continue
            entry.misses += 1
            if entry.misses >= _MISSES:
                await self._lost(entry)

    # Steps

    def _next(self) -> _Entry | None:
        if self._paused or len(self._sent) >= self._concurrency or not self._waiting:
            return None
        entry = min(self._waiting.values(), key=lambda entry: entry.place)
        del self._waiting[entry.id]
        self._sent[entry.id] = entry
        return entry

    async def _send(self, entry: _Entry) -> None:
        try:
            if await self._accepted(entry):
                entry.accepted = True
                if entry.withdrawn:
                    await self._engine.cancel(entry.id)
        except VortexError as error:
            await self._reports.finish(entry.id, ExecutionStatus.FAILED, error)
        if entry.withdrawn or not entry.accepted:
            self._free(entry.id)

    async def _accepted(self, entry: _Entry) -> bool:
        """Hand over, for as long as it takes to reach the engine; false if it was withdrawn meanwhile."""
        attempt = 0
        while not entry.withdrawn:
            try:
                await self._engine.execute(entry.request)
                return True
            except VortexError as error:
                if error.code != "SY-004":
                    raise
                _log.info("execution %s stays queued: %s", entry.id, error)
                await self._back_off(attempt)
                attempt += 1
        return False

    async def _recover(self) -> None:
        """Take up what ran when the control plane stopped; what the engine does not know has crashed."""
        while self._interrupted:
            running, suspended = await self._in_engine()
            record = self._interrupted.pop()
            if record.id in suspended:
                continue
            entry = _Entry(request_of(record), record.graph_id, record.created_ms, accepted=True)
            self._sent[record.id] = entry
            if record.id in running:
                await self._send(entry)
            else:
                await self._lost(entry)

    async def _in_engine(self) -> tuple[set[str], set[str]]:
        """What runs there, and what waits there for being resumed."""
        attempt = 0
        while True:
            try:
                status = await self._engine.status()
                return set(status["running"]), set(status.get("suspended", ()))
            except VortexError as error:
                _log.info("waiting for the engine: %s", error)
                await self._back_off(attempt)
                attempt += 1

    async def _lost(self, entry: _Entry) -> None:
        self._free(entry.id)
        record = self._reports.current(entry.id)
        if record is None:
            return
        if record.status is ExecutionStatus.QUEUED and not entry.resent:
            self.add(record)
            self._waiting[record.id].resent = True
        else:
            fault = SystemFault("SY-004", "the engine does not know this execution any more; it was restarted")
            await self._reports.finish(entry.id, ExecutionStatus.CRASHED, fault)

    async def _back_off(self, attempt: int) -> None:
        await self._sleep(_BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)])

    def _heard(self, report: RunReport) -> None:
        if (entry := self._sent.get(report.execution_id)) is None:
            return
        entry.misses = 0
        if isinstance(report, ExecutionReport) and report.status.final:
            self._free(report.execution_id)

    def _free(self, execution_id: str) -> None:
        self._sent.pop(execution_id, None)
        self._wake.set()
