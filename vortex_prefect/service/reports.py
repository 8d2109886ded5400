"""From the engine's reports to what everybody else sees: live state, the store, events, messages.

The reports of one execution come in order. Node reports touch memory only;
the store hears of the start, of the end, and of what lies between at most
once a second, so that a graph of a thousand nodes costs a handful of writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from vortex_prefect.core.contracts import EnginePort, ExecutionRecord, StorePort, UnitOfWork
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.histogram import Histogram, HistogramSnapshot
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.log_context import LOG_CONTEXT, LogContext
from vortex_prefect.core.reports import (
    AdoptionReport,
    ExecutionReport,
    ExecutionStatus,
    LogReport,
    NodeReport,
    NodeState,
    PreviewReport,
    Report,
    RunReport,
    TensorReport,
    WorkerReport,
)
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.service import messages
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.adoption import adopt
from vortex_prefect.service.life import advance
from vortex_prefect.service.live import LiveExecution
from vortex_prefect.service.outputs import Outputs
from vortex_prefect.service.previews import Previews
from vortex_prefect.service.traces import asked_by, trace_id
from vortex_prefect.service.worker_events import WorkerEvents

_log = logging.getLogger(__name__)

#: Reports taken in before other tasks of the event loop get their turn.
_BURST = 64

_ENDINGS = {
    ExecutionStatus.COMPLETED: "ExecutionCompleted",
    ExecutionStatus.FAILED: "ExecutionFailed",
    ExecutionStatus.CRASHED: "ExecutionFailed",
    ExecutionStatus.CANCELLED: "ExecutionCancelled",
}


#: Before and after → the event; what else a report tells on the way is no fact yet.
_PROGRESS = {
    (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING): "ExecutionStarted",
    (ExecutionStatus.QUEUED, ExecutionStatus.PAUSED): "ExecutionPaused",
    (ExecutionStatus.RUNNING, ExecutionStatus.PAUSED): "ExecutionPaused",
    (ExecutionStatus.PAUSED, ExecutionStatus.RUNNING): "ExecutionResumed",
}

#: Fields of a record that the event of its end tells.
RESULT = ("nodes", "values", "error", "flow_run_id", "prefect_url", "started_ms", "finished_ms")

#: Seconds.
_DURATION = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)


@dataclass(frozen=True, slots=True)
class ExecutionStatistics:
    """What has ended since this process began."""

    #: status → executions
    executions: dict[str, int]
    #: From the begin in the engine, of those that never began from the queueing, to the end.
    duration: HistogramSnapshot
    #: final state → nodes
    nodes: dict[str, int]
    #: Attempts that failed and were followed by another.
    retries: int


def execution_event(
    event_type: str, record: ExecutionRecord, payload: dict[str, Any], actor: Actor, at_ms: int | None = None
) -> Event:
    """An event of an execution, in its trace; `at_ms`: when it happened, if not now."""
    return Event(
        event_type,
        "Execution",
        record.id,
        payload={"graph_id": record.graph_id, **payload},
        metadata=actor.metadata(),
        trace_id=trace_id(record),
        created_ms=now_ms() if at_ms is None else at_ms,
    )


class Reports:
    """All executions that have not ended, and the one place that changes their state.

    Attributes:
        listening: set while the engine's reports arrive; nothing may be sent to the engine before.
        previews: what running nodes show.
    """

    def __init__(
        self,
        store: StorePort,
        engine: EnginePort,
        outputs: Outputs,
        publish: messages.Publish,
        workers: WorkerEvents,
        *,
        flush_interval_s: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._engine = engine
        self._outputs = outputs
        self._publish = publish
        self._workers = workers
        self._flush_interval_s = flush_interval_s
        self._sleep = sleep
        self._live: dict[str, LiveExecution] = {}
        self._ended: Counter[str] = Counter()
        self._nodes: Counter[str] = Counter()
        self._duration = Histogram(_DURATION)
        self._unsettled: set[asyncio.Task[None]] = set()
        self._on_report: list[Callable[[RunReport], None]] = []
        self._adopted = asyncio.Event()
        self.listening = asyncio.Event()
        self.previews = Previews()

    # What stands now

    def track(self, record: ExecutionRecord) -> None:
        """Follow an execution from now on."""
        self._live[record.id] = LiveExecution(record)

    def current(self, execution_id: str) -> ExecutionRecord | None:
        """The state of an execution that has not ended, or null."""
        live = self._live.get(execution_id)
        return None if live is None else live.record()

    @property
    def adopted(self) -> asyncio.Event:
        """Set at the next adoption; take it before looking for an execution."""
        return self._adopted

    def running(self, graph_id: str) -> list[ExecutionRecord]:
        """All executions of a graph that have not ended, oldest first."""
        found = [live.record() for live in self._live.values() if live.graph_id == graph_id]
        return sorted(found, key=lambda record: record.created_ms)

    def on_report(self, callback: Callable[[RunReport], None]) -> None:
        """Call back for each report of a followed execution, before it takes effect."""
        self._on_report.append(callback)

    def statistics(self) -> ExecutionStatistics:
        """Counts up to now."""
        nodes = dict(self._nodes)
        retries = nodes.pop(NodeState.RETRYING.value, 0)
        return ExecutionStatistics(dict(self._ended), self._duration.snapshot(), nodes, retries)

    # Reports in

    async def consume(self, reports: AsyncIterator[Report]) -> None:
        """Take in reports until the iterator ends or raises SY-004."""
        self.listening.set()
        count = 0
        try:
            async for report in reports:
                if isinstance(report, WorkerReport | TensorReport):
                    self._workers.note(report)
                else:
                    await self._handle_logged(report)
                count += 1
                if count % _BURST == 0:
                    await asyncio.sleep(0)
        finally:
            self.listening.clear()

    async def handle(self, report: RunReport) -> None:
        """Take in one report of an execution."""
        if isinstance(report, AdoptionReport):
            await self._handle_adoption(report)
            return
        live = self._live.get(report.execution_id)
        if live is None or live.ending:
            await self._handle_late(report, live)
            return
        for callback in self._on_report:
            callback(report)
        if isinstance(report, NodeReport):
            self._handle_node(live, report)
        elif isinstance(report, LogReport):
            self._publish(messages.node_log(live.graph_id, report))
        elif isinstance(report, PreviewReport):
            self.previews.put(report)
            self._publish(messages.preview(live.graph_id, report))
        elif report.status.final:
            live.learn(report.flow_run_id, report.prefect_url)
            self._begin_end(live, report.status, report.error, report.at_ms)
        else:
            await self._handle_progress(live, report)

    def reprioritised(self, execution_id: str, priority: int) -> None:
        """Note another priority of an execution that has not ended, as the store has it."""
        if (live := self._live.get(execution_id)) is not None:
            live.reprioritise(priority)

    async def finish(
        self,
        execution_id: str,
        status: ExecutionStatus,
        error: VortexError | None = None,
        *,
        actor: Actor | None = None,
    ) -> None:
        """End an execution that the engine does not know (any more); does nothing if it has ended."""
        live = self._live.get(execution_id)
        if live is not None and not live.ending:
            self._begin_end(live, status, error.to_dict() if error else None, now_ms(), actor)
            await self.settle()

    # Writing

    async def flush(self) -> None:
        """Write what changed since the last time."""
        changed = [live for live in self._live.values() if live.dirty and not live.ending]
        for live in changed:
            live.dirty = False
        records = [live.record() for live in changed]
        if records:
            await self._store.write(lambda uow: _put_all(uow, records))

    async def flush_regularly(self) -> None:
        """Flush at intervals until cancelled; a store that fails is tried again."""
        while True:
            await self._sleep(self._flush_interval_s)
            try:
                await self.flush()
            except VortexError:
                _log.exception("progress of executions was not stored")

    async def settle(self) -> None:
        """Wait until every start and end that was reported is stored and published."""
        while self._unsettled:
            await asyncio.gather(*self._unsettled, return_exceptions=True)

    # One report

    async def _handle_logged(self, report: RunReport) -> None:
        try:
            await self.handle(report)
        except VortexError:
            # The next reports must still come through; the store's fault shows in /readyz.
            _log.exception("a report of execution %s had no effect on the store", report.execution_id)

    async def _handle_adoption(self, report: AdoptionReport) -> None:
        """Follow an execution that Prefect began, or began again after it had ended here."""
        live = self._live.get(report.execution_id)
        again = live is not None and live.record().options.get("round", 1) < report.round
        if again and live is not None and live.status is ExecutionStatus.PAUSED:
            self._live.pop(live.id)  # it was suspended, and an engine that came later resumes it
        elif again:
            # Its engine died, and it was begun again before that was noticed here.
            fault = SystemFault("SY-004", "the engine that ran it died; it was begun again")
            await self.finish(report.execution_id, ExecutionStatus.CRASHED, fault)
        await self.settle()  # of the one that ended, everything is to be stored before it begins again
        if report.execution_id in self._live:
            return
        record = await self._store.write(lambda uow: adopt(uow, report))
        if record is not None:
            self.track(record)
            self._publish(messages.queued(record))
            self._adopted.set()
            self._adopted = asyncio.Event()

    def _handle_node(self, live: LiveExecution, report: NodeReport) -> None:
        node = live.node(report)
        if node is None:
            return
        if report.state.final or report.state is NodeState.RETRYING:
            self._nodes[report.state.value] += 1
        self._publish(messages.progress(live.graph_id, live.id, report.node_id, node))
        if report.outputs:
            pictures = messages.previews(live.graph_id, live.id, report.node_id, live.values(report.node_id))
            for picture in pictures:
                self._publish(picture)
            if pictures:
                self.previews.drop(live.id, report.node_id)
        if report.state is NodeState.FAILED:
            self._publish(messages.node_error(live.graph_id, live.id, report.node_id, report.error))

    async def _handle_progress(self, live: LiveExecution, report: ExecutionReport) -> None:
        before = live.status
        live.advance(report)
        record = live.record()
        self._publish(messages.status(record))
        event_type = _PROGRESS.get((before, record.status))
        if event_type is not None:
            event = execution_event(event_type, record, _begin(record), Actor("engine"))
            # A stop of the control plane must not come between the message and the event.
            await asyncio.shield(self._spawn(self._store.write(lambda uow: advance(uow, record, event))))

    async def _handle_late(self, report: RunReport, live: LiveExecution | None) -> None:
        """After the end only Prefect's ids are news: a short run ends before its flow run exists."""
        if not isinstance(report, ExecutionReport) or report.flow_run_id is None:
            return
        if live is not None:
            live.learn(report.flow_run_id, report.prefect_url)
        record = await self._store.write(lambda uow: _learn(uow, report))
        if record is not None:
            self._publish(messages.status(record))

    # The end

    def _begin_end(
        self,
        live: LiveExecution,
        status: ExecutionStatus,
        error: dict[str, Any] | None,
        at_ms: int,
        actor: Actor | None = None,
    ) -> None:
        """End in a task of its own: keeping pictures takes time, and other executions go on."""
        live.ending = True
        self._spawn(self._end(live, status, error, at_ms, actor or Actor("engine")))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._unsettled.add(task)
        task.add_done_callback(self._unsettled.discard)
        return task

    async def _end(
        self, live: LiveExecution, status: ExecutionStatus, error: dict[str, Any] | None, at_ms: int, actor: Actor
    ) -> None:
        if status in (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED):
            await self._keep_outputs(live.record())
        live.finish(status, error, at_ms)
        record = live.record()
        event = execution_event(_ENDINGS[status], record, _ending(record), actor)
        try:
            await self._store.write(lambda uow: advance(uow, record, event))
        except VortexError:
            _log.exception("the end of execution %s was not stored", live.id)
        logged = LOG_CONTEXT.set(LogContext(_trace_of(record), {"vortex.execution_id": record.id}))
        _log.info("execution %s of graph %s: %s", record.id, record.graph_id, status.value)
        LOG_CONTEXT.reset(logged)
        self._ended[status.value] += 1
        self._duration.observe(max(at_ms - (record.started_ms or record.created_ms), 0) / 1000)
        self._live.pop(live.id, None)
        self.previews.end(live.id)
        self._publish(messages.terminal(record))

    async def _keep_outputs(self, record: ExecutionRecord) -> None:
        try:
            await self._outputs.keep(record)
        except Exception:
            # Whatever goes wrong with a picture, the end of the execution must be told.
            _log.exception("outputs of execution %s were not kept", record.id)


def _trace_of(record: ExecutionRecord) -> TraceContext:
    return asked_by(record) or TraceContext.of_execution(record.id)


def _ending(record: ExecutionRecord) -> dict[str, Any]:
    began_ms = record.started_ms or record.created_ms
    payload: dict[str, Any] = {
        "status": record.status.value,
        "duration_ms": (record.finished_ms or began_ms) - began_ms,
    }
    if record.status in (ExecutionStatus.FAILED, ExecutionStatus.CRASHED):
        payload["errors"] = messages.errors(record)
    # All that the record has and events before this one have not.
    payload["result"] = {name: getattr(record, name) for name in RESULT}
    return payload


def _begin(record: ExecutionRecord) -> dict[str, Any]:
    if record.status is not ExecutionStatus.RUNNING:
        return {}
    return {name: getattr(record, name) for name in ("flow_run_id", "prefect_url", "started_ms")}


def _put_all(uow: UnitOfWork, records: list[ExecutionRecord]) -> None:
    for record in records:
        uow.put_execution(record)


def _learn(uow: UnitOfWork, report: ExecutionReport) -> ExecutionRecord | None:
    record = uow.execution(report.execution_id)
    if record is None or record.flow_run_id == report.flow_run_id:
        return None
    record = replace(record, flow_run_id=report.flow_run_id, prefect_url=report.prefect_url or record.prefect_url)
    uow.put_execution(record)
    told = {"flow_run_id": record.flow_run_id, "prefect_url": record.prefect_url}
    uow.append(execution_event("ExecutionLinked", record, told, Actor("engine")))
    return record
