"""`StorePort` in memory: units of work run on a copy that replaces the state when they succeed."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from vortex_prefect.core.contracts import (
    DocumentUpdate,
    ExecutionRecord,
    GraphHead,
    GraphRecord,
    PublishedNode,
    QueueEntry,
    StoredDocument,
    StoreStatistics,
    UnitOfWork,
)
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.events import AggregateType, Event, Fact
from vortex_prefect.core.histogram import HistogramSnapshot
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.reports import ExecutionStatus

T = TypeVar("T")


@dataclass
class _State:
    graphs: dict[str, GraphRecord] = field(default_factory=dict)
    executions: dict[str, ExecutionRecord] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, StoredDocument] = field(default_factory=dict)
    updates: dict[str, list[DocumentUpdate]] = field(default_factory=dict)
    states: dict[str, GraphState] = field(default_factory=dict)
    queue: dict[str, QueueEntry] = field(default_factory=dict)
    published: dict[str, PublishedNode] = field(default_factory=dict)
    drawn: dict[str, dict[str, Any]] = field(default_factory=dict)

    def copied(self) -> _State:
        return _State(
            dict(self.graphs),
            dict(self.executions),
            list(self.events),
            dict(self.settings),
            dict(self.documents),
            {graph_id: list(updates) for graph_id, updates in self.updates.items()},
            dict(self.states),
            dict(self.queue),
            dict(self.published),
            dict(self.drawn),
        )


def _precedes(ms: int, id: str, before_ms: int | None, before_id: str | None) -> bool:
    return before_ms is None or (ms, id) < (before_ms, before_id or "")


class MemoryUnit:
    def __init__(self, state: _State) -> None:
        self._state = state

    def append(self, event: Event, *, after: int | None = None) -> Event:
        of_aggregate = [stored for stored in self._state.events if stored.aggregate_id == event.aggregate_id]
        last = of_aggregate[-1].sequence_number if of_aggregate else 0
        if after is not None and after != last:
            raise RequestError("RQ-003", f"{event.aggregate_type} {event.aggregate_id} is at event {last}, not {after}")
        if (known := self.event(event.event_id)) is not None:
            return known
        stored = replace(event, sequence_number=len(self._state.events) + 1, payload=copy.deepcopy(event.payload))
        self._state.events.append(stored)
        return stored

    def put_graph(self, record: GraphRecord) -> None:
        known = self._state.graphs.get(record.id)
        if known is None:
            self._state.states[record.id] = GraphState.CREATED
        elif known.version != record.version:
            self._state.states[record.id] = GraphState.MODIFIED
        self._state.graphs[record.id] = copy.deepcopy(record)

    def delete_graph(self, graph_id: str) -> None:
        self._state.graphs.pop(graph_id, None)

    def graph(self, graph_id: str) -> GraphRecord | None:
        return copy.deepcopy(self._state.graphs.get(graph_id))

    def graph_state(self, graph_id: str) -> GraphState:
        return self._state.states[graph_id] if graph_id in self._state.graphs else GraphState.DELETED

    def put_graph_state(self, graph_id: str, state: GraphState) -> None:
        self._state.states[graph_id] = state

    def graphs(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphRecord]:
        found = sorted(self._state.graphs.values(), key=lambda record: (record.updated_ms, record.id), reverse=True)
        return copy.deepcopy([g for g in found if _precedes(g.updated_ms, g.id, before_ms, before_id)][:limit])

    def graph_heads(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphHead]:
        return [
            GraphHead(
                g.id,
                g.name,
                g.version,
                len(g.document.get("nodes", ())),
                g.created_ms,
                g.updated_ms,
                self._state.states[g.id],
            )
            for g in self.graphs(limit, before_ms, before_id=before_id)
        ]

    def put_execution(self, record: ExecutionRecord) -> None:
        self._state.executions[record.id] = copy.deepcopy(record)

    def execution(self, execution_id: str) -> ExecutionRecord | None:
        return copy.deepcopy(self._state.executions.get(execution_id))

    def execution_by_key(self, idempotency_key: str) -> ExecutionRecord | None:
        found = (
            record
            for record in self._state.executions.values()
            if record.options.get("idempotency_key") == idempotency_key
        )
        return copy.deepcopy(next(found, None))

    def executions(
        self,
        limit: int,
        *,
        graph_id: str | None = None,
        statuses: Sequence[ExecutionStatus] = (),
        before_ms: int | None = None,
        before_id: str | None = None,
    ) -> list[ExecutionRecord]:
        found = [
            record
            for record in self._state.executions.values()
            if (graph_id is None or record.graph_id == graph_id)
            and (not statuses or record.status in statuses)
            and _precedes(record.created_ms, record.id, before_ms, before_id)
        ]
        found.sort(key=lambda record: (record.created_ms, record.id), reverse=True)
        return copy.deepcopy(found[:limit])

    def forget_executions(self, ended_before_ms: int, limit: int) -> list[str]:
        old = [e for e in self._state.executions.values() if e.finished_ms is not None]
        ids = [e.id for e in old if e.finished_ms is not None and e.finished_ms < ended_before_ms][:limit]
        for execution_id in ids:
            del self._state.executions[execution_id]
        return ids

    def put_queue_entry(self, entry: QueueEntry) -> None:
        self._state.queue[entry.execution_id] = entry

    def queue_entry(self, execution_id: str) -> QueueEntry | None:
        return self._state.queue.get(execution_id)

    def waiting(self) -> list[QueueEntry]:
        return [entry for entry in self._state.queue.values() if entry.left_ms is None]

    def queue_entries(self) -> list[QueueEntry]:
        return list(self._state.queue.values())

    def forget_queue_entries(self, left_before_ms: int) -> int:
        entries = self._state.queue.items()
        old = [key for key, entry in entries if entry.left_ms is not None and entry.left_ms < left_before_ms]
        for execution_id in old:
            del self._state.queue[execution_id]
        return len(old)

    def put_published(self, node: PublishedNode) -> None:
        self._state.published[node.type] = copy.deepcopy(node)

    def published(self) -> list[PublishedNode]:
        return copy.deepcopy(sorted(self._state.published.values(), key=lambda node: (node.name, node.version)))

    def put_drawn(self, digest: str, document: dict[str, Any]) -> None:
        self._state.drawn[digest] = copy.deepcopy(document)

    def drawn(self, digest: str) -> dict[str, Any] | None:
        return copy.deepcopy(self._state.drawn.get(digest))

    def has_drawn(self, digest: str) -> bool:
        return digest in self._state.drawn

    def drawn_graphs(self) -> dict[str, dict[str, Any]]:
        return copy.deepcopy(self._state.drawn)

    def forget_drawn(self) -> list[str]:
        named = {record.options.get("drawn") for record in self._state.executions.values()}
        digests = sorted(self._state.drawn.keys() - named)
        for digest in digests:
            del self._state.drawn[digest]
        return digests

    def event(self, event_id: str) -> Event | None:
        return next((event for event in self._state.events if event.event_id == event_id), None)

    def events(
        self,
        *,
        aggregate_id: str | None = None,
        aggregate_type: AggregateType | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Event]:
        found = (event for event in self._state.events if aggregate_id in (None, event.aggregate_id))
        found = (event for event in found if aggregate_type in (None, event.aggregate_type))
        return [event for event in found if event.sequence_number > after][:limit]

    def facts(self, after: int, limit: int) -> list[Fact]:
        return [
            Fact(
                e.sequence_number,
                e.event_type,
                e.aggregate_type,
                e.aggregate_id,
                copy.deepcopy(e.payload),
                e.metadata,
                e.created_ms,
            )
            for e in self.events(after=after, limit=limit)
        ]

    def event_heads(self, aggregate_id: str, *, before: int | None = None, limit: int = 1000) -> list[Event]:
        found = (event for event in reversed(self._state.events) if event.aggregate_id == aggregate_id)
        older = [event for event in found if before is None or event.sequence_number < before]
        return [replace(event, payload={}) for event in older[:limit]]

    def document(self, graph_id: str) -> StoredDocument | None:
        return self._state.documents.get(graph_id)

    def put_document(self, document: StoredDocument) -> None:
        self._state.documents[document.graph_id] = document
        self._state.updates[document.graph_id] = self.document_updates(document.graph_id, document.number)

    def settle_document(self, graph_id: str, number: int) -> None:
        self._state.documents[graph_id] = replace(self._state.documents[graph_id], settled=number)

    def delete_document(self, graph_id: str) -> None:
        self._state.documents.pop(graph_id, None)
        self._state.updates.pop(graph_id, None)

    def append_updates(self, graph_id: str, updates: Sequence[DocumentUpdate]) -> None:
        self._state.updates.setdefault(graph_id, []).extend(updates)

    def document_updates(self, graph_id: str, after: int) -> list[DocumentUpdate]:
        return [update for update in self._state.updates.get(graph_id, []) if update.number > after]

    def unsettled_documents(self) -> list[str]:
        def last(document: StoredDocument) -> int:
            updates = self._state.updates.get(document.graph_id, [])
            return updates[-1].number if updates else document.number

        return [graph_id for graph_id, known in self._state.documents.items() if known.settled < last(known)]

    def get_setting(self, name: str) -> Any:
        return copy.deepcopy(self._state.settings.get(name))

    def put_setting(self, name: str, value: Any) -> None:
        self._state.settings[name] = copy.deepcopy(value)


class MemoryStore:
    """Set `fault` to let every write fail; `writes` counts those that committed."""

    def __init__(self) -> None:
        self._state = _State()
        self.fault: VortexError | None = None
        self.writes = 0

    async def write(self, work: Callable[[UnitOfWork], T], *, early: bool = False) -> T:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        draft = self._state.copied()
        result = work(MemoryUnit(draft))
        self._state = draft
        self.writes += 1
        return result

    async def synced(self) -> None:
        pass

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        await asyncio.sleep(0)
        return work(MemoryUnit(self._state.copied()))

    async def subscribe(self, after: int) -> AsyncIterator[Event]:
        while True:
            for event in self._state.events[after:]:
                yield event
                after = event.sequence_number
            await asyncio.sleep(0)

    def statistics(self) -> StoreStatistics:
        events = len(MemoryUnit(self._state).events(limit=1_000_000))
        return StoreStatistics(self.writes, 0, 0, 0, None, events, HistogramSnapshot((0.005,), (self.writes, 0), 0.0))

    def event_types(self, aggregate_id: str | None = None) -> list[str]:
        """Types of the stored events in order."""
        return [event.event_type for event in MemoryUnit(self._state).events(aggregate_id=aggregate_id)]
