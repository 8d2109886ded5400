"""The outbox: executions that wait, in the order of `service.turns`, and how they reach the engine.

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

from vortex_prefect.core.contracts import (
    EnginePort,
    ExecutionRecord,
    ExecutionRequest,
    QueueEntry,
    StorePort,
    UnitOfWork,
)
from vortex_prefect.core.errors import RequestError, SystemFault, VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id, now_ms
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus, RunReport
from vortex_prefect.service import life
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.drawn import drawn_of
from vortex_prefect.service.reports import Reports
from vortex_prefect.service.resources import timestamp
from vortex_prefect.service.traces import asked_by
from vortex_prefect.service.turns import Turns, places_before

_log = logging.getLogger(__name__)

_PAUSED_SETTING = "queue.paused"

#: More executions than any queue limit lets in.
_ALL = 1_000_000

#: Seconds between attempts to reach the engine; the last one repeats.
_BACKOFF_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

#: Between the places of two that come within a millisecond: room for ten others to be moved in between.
_ARRIVALS_APART = 1 << 10

#: How often in a row the engine may not know an execution that it accepted before that counts as
#: a loss. Once is normal: it ended, and the report is on its way.
_MISSES = 2


@dataclass(slots=True)
class _Entry:
    request: ExecutionRequest
    #: Its place, as the store has it.
    queued: QueueEntry
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

    def describe(self) -> dict[str, Any]:
        begins = self.queued.not_before_ms
        return {
            "execution_id": self.id,
            "graph_id": self.queued.graph_id,
            "priority": self.queued.priority,
            "created_at": timestamp(self.queued.queued_ms),
            "user": self.queued.user,
            "not_before": None if begins is None else timestamp(begins),
        }


def entry_of(record: ExecutionRecord, user: str = "local", not_before_ms: int | None = None) -> QueueEntry:
    """Where an execution stands that comes now."""
    priority = record.options.get("priority", 0)
    place = life.place_at(record.created_ms)
    return QueueEntry(record.id, record.graph_id, user, priority, place, record.created_ms, not_before_ms)


def request_of(record: ExecutionRecord, drawn: dict[str, Any] | None = None) -> ExecutionRequest:
    """What the engine is asked for an execution; `drawn`: see `service.drawn.drawn_of`."""
    targets = record.options.get("targets")
    return ExecutionRequest(
        execution_id=record.id,
        graph=record.document,
        graph_hash=record.graph_hash,
        targets=None if targets is None else tuple(targets),
        force=record.options.get("force", False),
        priority=record.options.get("priority", 0),
        trace=asked_by(record),
        drawn=drawn,
        exposed=tuple(record.options.get("exposed", ())),
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
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._store = store
        self._engine = engine
        self._reports = reports
        self._clock = clock
        self._turns = Turns()
        self._concurrency = concurrency
        self._limit = limit
        self._check_interval_s = check_interval_s
        self._sleep = sleep
        self._waiting: dict[str, _Entry] = {}
        self._sent: dict[str, _Entry] = {}
        self._interrupted: list[ExecutionRecord] = []
        self._paused = False
        self._last_place = 0
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

    def add(
        self, record: ExecutionRecord, queued: QueueEntry | None = None, drawn: dict[str, Any] | None = None
    ) -> None:
        """Let a stored execution wait for its turn; `drawn`: what was drawn, where it runs another graph."""
        self._waiting[record.id] = _Entry(request_of(record, drawn), queued or entry_of(record))
        self._wake.set()

    def place(self, record: ExecutionRecord, actor: Actor, not_before_ms: int | None) -> QueueEntry:
        """Where somebody's execution will stand: behind all that came before, whatever the clock says."""
        entry = entry_of(record, actor.user, not_before_ms)
        self._last_place = max(entry.place, self._last_place + _ARRIVALS_APART)
        return replace(entry, place=self._last_place)

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
        """Give a waiting execution another priority; RQ-007 if it does not wait."""
        queued = replace(self._waiting_one(execution_id), priority=priority)
        event = self._event("ExecutionReprioritised", queued, {"priority": priority}, actor)
        await self._change([queued], queued, event)

    async def move(self, execution_id: str, before: str, actor: Actor) -> None:
        """Bring a waiting execution just before another, to that one's priority.

        Raises:
            RequestError: RQ-007, one of them does not wait; RQ-001, they are one.
        """
        if execution_id == before:
            raise RequestError("RQ-001", "an execution cannot be moved before itself")
        target, moved = self._waiting_one(before), self._waiting_one(execution_id)
        places = places_before([entry.queued for entry in self._waiting.values()], target, moved)
        changed = {key: replace(self._waiting[key].queued, place=place) for key, place in places.items()}
        moved = changed[execution_id] = replace(changed[execution_id], priority=target.priority)
        payload = {"priority": target.priority, "places": places}
        await self._change(list(changed.values()), moved, self._event("ExecutionMoved", moved, payload, actor))

    def _waiting_one(self, execution_id: str) -> QueueEntry:
        if (entry := self._waiting.get(execution_id)) is None:
            raise RequestError("RQ-007", f"execution {execution_id} does not wait")
        return entry.queued

    def _event(self, event_type: str, queued: QueueEntry, payload: dict[str, Any], actor: Actor) -> Event:
        told = {"graph_id": queued.graph_id, **payload}
        return Event(event_type, "Execution", queued.execution_id, payload=told, metadata=actor.metadata())

    async def _change(self, changed: list[QueueEntry], subject: QueueEntry, event: Event) -> None:
        """Note other places in the store, then here; one of these has another priority too."""
        await self._store.write(lambda uow: _put_places(uow, changed, subject, event))
        self._reports.reprioritised(subject.execution_id, subject.priority)
        for queued in changed:
            if (entry := self._waiting.get(queued.execution_id)) is not None:
                entry.queued = queued
                entry.request = replace(entry.request, priority=queued.priority)

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
        waiting = [entry.queued for entry in self._waiting.values()]
        in_order = self._turns.in_order(waiting, self._held(), self._clock())
        return {
            "paused": self._paused,
            "concurrency": self._concurrency,
            "limit": self._limit,
            "running": [entry.describe() for entry in self._sent.values() if entry.accepted],
            "waiting": [
                *(entry.describe() for entry in on_the_way),
                *(self._waiting[queued.execution_id].describe() for queued in in_order),
            ],
        }

    # Life

    async def load(self) -> None:
        """Read what the last run of the stack left: paused or not, what waited, what ran."""
        unfinished = (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED)
        records = await self._store.read(lambda uow: uow.executions(_ALL, statuses=unfinished))
        self._paused = bool(await self._store.read(lambda uow: uow.get_setting(_PAUSED_SETTING)))
        entries = {queued.execution_id: queued for queued in await self._store.read(lambda uow: uow.waiting())}
        self._last_place = max((queued.place for queued in entries.values()), default=0)
        for record in records:
            self._reports.track(record)
            if record.status is ExecutionStatus.QUEUED:
                self.add(record, entries.get(record.id), await self._drawn(record))
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

    async def watch_the_clock(self) -> None:
        """Wake for those whose time has come, within a second, until cancelled."""
        while True:
            await self._sleep(1.0)
            if any(entry.queued.not_before_ms is not None for entry in self._waiting.values()):
                self._wake.set()

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
        waiting = (entry.queued for entry in self._waiting.values())
        queued = self._turns.next(waiting, self._held(), self._clock())
        if queued is None:
            return None
        self._turns.serve(queued)
        entry = self._sent[queued.execution_id] = self._waiting.pop(queued.execution_id)
        return entry

    def _held(self) -> list[str]:
        return [entry.queued.user for entry in self._sent.values()]

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

    async def _drawn(self, record: ExecutionRecord) -> dict[str, Any] | None:
        return await self._store.read(lambda uow: drawn_of(uow, record))

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
            stored = await self._store.read(lambda uow: uow.queue_entry(record.id))  # noqa: B023
            request = request_of(record, await self._drawn(record))
            entry = _Entry(request, stored or entry_of(record), accepted=True)
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
            self.add(record, entry.queued, entry.request.drawn)
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


def _put_places(uow: UnitOfWork, changed: list[QueueEntry], subject: QueueEntry, event: Event) -> None:
    for queued in changed:
        stored = uow.queue_entry(queued.execution_id)
        # Who has begun meanwhile keeps what the log says of him.
        if stored is not None and stored.left_ms is None:
            uow.put_queue_entry(replace(stored, priority=queued.priority, place=queued.place))
    record = uow.execution(subject.execution_id)
    if record is not None:
        uow.put_execution(replace(record, options={**record.options, "priority": subject.priority}))
    uow.append(event)
