"""What hosts tell of their worker processes and tensors, into the log.

The same report comes again after a restart of bridge, engine or host, and once
from each of several engines. Its own id is the event's, so that the log has it once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from vortex_prefect.core.contracts import StorePort, UnitOfWork
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import derived_id, is_id, now_ms
from vortex_prefect.core.reports import HostReport, TensorReport, WorkerReport
from vortex_prefect.service.actor import Actor

_log = logging.getLogger(__name__)

_TYPES = {"spawned": "WorkerSpawned", "crashed": "WorkerCrashed", "recovered": "WorkerRecovered"}
_TENSOR_TYPES = {"allocated": "TensorAllocated", "evicted": "TensorEvicted"}
#: Events in one unit of work; an append takes 0.3 ms, and executions wait meanwhile.
_BATCH = 100
#: Events that may wait for a store that fails; a thousand is what an engine tells again by itself.
_WAITING = 4000
#: Seconds before a store that failed is tried again.
_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class WorkerEventStatistics:
    """Events that were new to the log since this process began, and those that wait for the store."""

    spawned: int
    crashed: int
    recovered: int
    waiting: int


class WorkerEvents:
    """Stores what is noted, in order, however often it is told. Use it on one event loop."""

    def __init__(self, store: StorePort, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._store = store
        self._sleep = sleep
        #: event id → event
        self._waiting: dict[str, Event] = {}
        self._of_tensors: dict[str, Event] = {}
        self._wake = asyncio.Event()
        self._stored: Counter[str] = Counter()

    def note(self, report: HostReport) -> None:
        """Have a report stored soon."""
        if report.event not in (_TENSOR_TYPES if isinstance(report, TensorReport) else _TYPES):
            _log.warning("%s tells %r, which this release does not know", report.host, report.event)
            return
        if isinstance(report, TensorReport):
            # Apart, so that nobody misses a crash for the many of these.
            for event in tensor_events(report):
                _put(self._of_tensors, event)
        else:
            _put(self._waiting, worker_event(report))
        self._wake.set()

    async def run(self) -> None:
        """Store what was noted until cancelled; a store that fails is tried again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except VortexError as error:
                _log.error("%d events of hosts are not stored yet: %s", self.statistics().waiting, error)
                await self._sleep(_RETRY_S)
                self._wake.set()

    async def flush(self) -> None:
        """Store everything that waits; whatever fails waits on."""
        for waiting in (self._waiting, self._of_tensors):
            while batch := list(waiting.values())[:_BATCH]:
                new = await self._store.write(partial(_append, events=batch))
                self._stored.update(event.event_type for event in new)
                for event in batch:
                    waiting.pop(event.event_id, None)

    async def page(self, after: int, limit: int) -> list[Event]:
        """Events of workers with a higher sequence number than `after`, in order."""
        return await self._store.read(lambda uow: uow.events(aggregate_type="Worker", after=after, limit=limit))

    def statistics(self) -> WorkerEventStatistics:
        """Counts of this moment."""
        counts = {name: self._stored[event_type] for name, event_type in _TYPES.items()}
        return WorkerEventStatistics(**counts, waiting=len(self._waiting) + len(self._of_tensors))


def _put(waiting: dict[str, Event], event: Event) -> None:
    if len(waiting) >= _WAITING:
        del waiting[next(iter(waiting))]
    waiting[event.event_id] = event


def worker_event(report: WorkerReport) -> Event:
    """The event of a report. Its aggregate is the worker's name on its host, which a successor has too."""
    told = {"host": report.host, "worker_id": report.worker_id, "pid": report.pid, "device": report.device}
    more = {name: getattr(report, name) for name in ("reason", "job", "down_ms")}
    execution_id = (report.job or {}).get("execution_id", "")
    return Event(
        _TYPES[report.event],
        "Worker",
        derived_id("worker", report.host, report.worker_id),
        payload=told | {name: value for name, value in more.items() if value is not None},
        metadata=Actor("host").metadata(),
        # As events of the execution have it: the log correlates by it.
        trace_id=execution_id.replace("-", "") if is_id(execution_id) else None,
        event_id=_event_id(report),
        created_ms=report.at_ms or now_ms(),
    )


def tensor_events(report: TensorReport) -> list[Event]:
    """The events of a report, one for each tensor. Their aggregate is the tensor: its place, host and generation."""
    execution_id = report.execution_id or ""
    more = {"execution_id": report.execution_id, "reason": report.reason}
    batch = report.event_id or derived_id("tensor report", *(str(value) for value in asdict(report).values()))
    return [
        Event(
            _TENSOR_TYPES[report.event],
            "Tensor",
            derived_id("tensor", report.host, str(tensor.get("generation")), str(tensor.get("offset"))),
            payload={
                "host": report.host,
                **tensor,
                **{name: value for name, value in more.items() if value is not None},
            },
            metadata=Actor("host").metadata(),
            trace_id=execution_id.replace("-", "") if is_id(execution_id) else None,
            event_id=derived_id("tensor event", batch, str(index)),
            created_ms=report.at_ms or now_ms(),
        )
        for index, tensor in enumerate(report.tensors)
    ]


def _event_id(report: WorkerReport) -> str:
    """The report's own; of one without, what a repeat gives again."""
    if is_id(report.event_id):
        return report.event_id
    return derived_id("worker event", *(str(value) for value in asdict(report).values()))


def _append(uow: UnitOfWork, events: Sequence[Event]) -> list[Event]:
    """Append those that are not there yet."""
    return [uow.append(event) for event in events if uow.event(event.event_id) is None]
