"""Graphs, executions, queue and workers as the log tells them: what the tables hold has to be the same.

Feed it all events from the first on. What it cannot tell, because an earlier release did not write it down, it
names: an execution whose document or result is only in the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from vortex_prefect.core.contracts import ExecutionRecord, GraphRecord, PublishedNode, QueueEntry
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Fact
from vortex_prefect.core.lifecycle import GRAPH, STEP_OF_END, GraphState, GraphStep
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.graph.changes import CHANGES
from vortex_prefect.graph.fold import Document, apply, begin, snapshot
from vortex_prefect.service.live import pending_nodes

_CREATIONS = frozenset({"GraphCreated", "GraphCloned"})
_PAUSES = {"ExecutionPaused": ExecutionStatus.PAUSED, "ExecutionResumed": ExecutionStatus.RUNNING}
_ENDS = frozenset({"ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled"})


@dataclass(slots=True)
class _Graph:
    document: Document
    version: int
    created_ms: int
    updated_ms: int
    state: GraphState


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker by its last event."""

    host: str
    worker_id: str
    pid: int | None
    alive: bool
    #: Times that it was lost.
    crashes: int


@dataclass
class Projection:
    """What the log says up to the last event that it was fed."""

    #: The last event's number.
    position: int = 0
    executions: dict[str, ExecutionRecord] = field(default_factory=dict)
    queue: dict[str, QueueEntry] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    #: By node type.
    published: dict[str, PublishedNode] = field(default_factory=dict)
    #: What was drawn for executions that ran another graph, by `options["drawn"]`.
    drawn: dict[str, dict[str, Any]] = field(default_factory=dict)
    paused: bool = False
    #: Executions of which the log does not tell all.
    partly: set[str] = field(default_factory=set)
    _graphs: dict[str, _Graph] = field(default_factory=dict)

    def feed(self, event: Fact) -> None:
        """Take in the next event.

        Raises:
            SystemFault: SY-007, it does not follow those before.
        """
        if event.sequence_number != self.position + 1:
            raise SystemFault("SY-007", f"the log has event {event.sequence_number} after {self.position}")
        self.position = event.sequence_number
        handle = _HANDLERS.get(event.aggregate_type)
        if handle is None:
            return
        try:
            handle(self, event)
        except (LookupError, TypeError, ValueError) as error:
            where = f"event {event.sequence_number}, {event.event_type} of {event.aggregate_id},"
            raise SystemFault("SY-007", f"{where} does not fit what was before: {error}") from error

    def graphs(self) -> dict[str, tuple[GraphRecord, GraphState]]:
        """Every graph that there is, and where it stands."""
        return {graph_id: (self._record(graph_id, found), found.state) for graph_id, found in self._graphs.items()}

    @staticmethod
    def _record(graph_id: str, found: _Graph) -> GraphRecord:
        document = snapshot(found.document)
        return GraphRecord(graph_id, document["name"], found.version, document, found.created_ms, found.updated_ms)

    # Graphs

    def _graph(self, event: Fact) -> None:
        if event.event_type in _CREATIONS:
            at_ms, version = event.created_ms, event.metadata["version"]
            self._graphs[event.aggregate_id] = _Graph(begin(event.payload), version, at_ms, at_ms, GraphState.CREATED)
        elif event.event_type in CHANGES:
            graph = self._graphs[event.aggregate_id]
            apply(graph.document, event.event_type, event.payload)
            graph.version, graph.updated_ms = event.metadata["version"], event.created_ms
            graph.state = GraphState.MODIFIED
        elif event.event_type == "GraphDeleted":
            del self._graphs[event.aggregate_id]
        elif event.event_type == "GraphSaved":
            self._step(event.aggregate_id, GraphStep.SAVE)
        elif event.event_type == "SubgraphPublished":
            told = event.payload
            self.published[told["type"]] = PublishedNode(
                type=told["type"],
                name=told["name"],
                version=told["version"],
                graph_id=event.aggregate_id,
                graph_version=told["graph_version"],
                spec=told["spec"],
                document=told["graph"],
                created_ms=event.created_ms,
            )
        elif event.event_type == "SubgraphWithdrawn":
            for node_type in event.payload["types"]:
                self.published[node_type] = replace(self.published[node_type], withdrawn=True)

    def _step(self, graph_id: str, step: GraphStep) -> None:
        if (graph := self._graphs.get(graph_id)) is not None:
            graph.state = GRAPH.get((graph.state, step), graph.state)

    # Executions

    def _execution(self, event: Fact) -> None:
        if event.event_type == "ExecutionQueued":
            self._queued(event)
        elif event.aggregate_id in self.executions:
            self._followed(event, self.executions[event.aggregate_id])

    def _queued(self, event: Fact) -> None:
        told, execution_id = event.payload, event.aggregate_id
        graph = self._graphs.get(told["graph_id"])
        document = told["document"]
        if document is None and told["inputs"] is not None and graph is not None:
            document = snapshot(graph.document, told["inputs"])
        if document is None:
            self.partly.add(execution_id)
            document = {"nodes": {}}
        else:
            self.partly.discard(execution_id)
        if (drawn := told.get("drawn")) is not None:
            self.drawn[told["options"]["drawn"]] = drawn
        at_ms = told.get("queued_ms", event.created_ms)
        self.executions[execution_id] = ExecutionRecord(
            id=execution_id,
            graph_id=told["graph_id"],
            graph_hash=told["graph_hash"],
            status=ExecutionStatus.QUEUED,
            document=document,
            options=told["options"],
            created_ms=at_ms,
            nodes=pending_nodes(document),
        )
        if told["place"] is not None:
            self.queue[execution_id] = QueueEntry(
                execution_id,
                told["graph_id"],
                event.metadata["user"],
                told["options"].get("priority", 0),
                told["place"],
                at_ms,
                told["not_before_ms"],
            )
        if graph is not None and graph.version == told["graph_version"]:
            self._step(told["graph_id"], GraphStep.EXECUTE)

    def _followed(self, event: Fact, record: ExecutionRecord) -> None:
        told = event.payload
        if event.event_type == "ExecutionStarted":
            begun = {name: told[name] for name in ("flow_run_id", "prefect_url", "started_ms")}
            record = replace(record, status=ExecutionStatus.RUNNING, **begun)
            self._leave(event)
        elif event.event_type in _PAUSES:
            record = replace(record, status=_PAUSES[event.event_type])
            self._leave(event)
        elif event.event_type in _ENDS:
            record = replace(record, status=ExecutionStatus(told["status"]), **(told["result"] or {}))
            if told["result"] is None:
                self.partly.add(record.id)
            self._leave(event)
            self._step(record.graph_id, STEP_OF_END[record.status])
        elif event.event_type == "ExecutionLinked":
            record = replace(record, flow_run_id=told["flow_run_id"], prefect_url=told["prefect_url"])
        elif event.event_type in ("ExecutionReprioritised", "ExecutionMoved"):
            record = replace(record, options={**record.options, "priority": told["priority"]})
            self._place(record.id, told["priority"], told.get("places", {}))
        self.executions[record.id] = record

    def _place(self, execution_id: str, priority: int, places: dict[str, int]) -> None:
        for key in {execution_id, *places}:
            entry = self.queue.get(key)
            if entry is not None and entry.left_ms is None:
                entry = replace(entry, place=places.get(key, entry.place))
                self.queue[key] = replace(entry, priority=priority) if key == execution_id else entry

    def _leave(self, event: Fact) -> None:
        entry = self.queue.get(event.aggregate_id)
        if entry is not None and entry.left_ms is None:
            self.queue[event.aggregate_id] = replace(entry, left_ms=event.created_ms)

    # The queue as a whole, and workers

    def _whole(self, event: Fact) -> None:
        told = event.payload
        if event.event_type in ("QueuePaused", "QueueResumed"):
            self.paused = event.event_type == "QueuePaused"
        elif event.event_type == "QueueEntriesForgotten":
            limit = told["left_before_ms"]
            old = [key for key, entry in self.queue.items() if entry.left_ms is not None and entry.left_ms < limit]
            for key in old:
                del self.queue[key]
        elif event.event_type == "ExecutionsForgotten":
            for key in told["ids"]:
                self.executions.pop(key, None)
                self.partly.discard(key)
            for key in told.get("drawn", ()):
                self.drawn.pop(key, None)

    def _worker(self, event: Fact) -> None:
        told = event.payload
        known = self.workers.get(event.aggregate_id)
        crashed = event.event_type == "WorkerCrashed"
        crashes = (known.crashes if known else 0) + int(crashed)
        worker = Worker(told["host"], told["worker_id"], told["pid"], not crashed, crashes)
        self.workers[event.aggregate_id] = worker


_HANDLERS: dict[str, Callable[[Projection, Fact], None]] = {
    "Graph": Projection._graph,
    "Execution": Projection._execution,
    "Queue": Projection._whole,
    "Worker": Projection._worker,
}
