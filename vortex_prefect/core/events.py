"""The event: the only thing that the store keeps for ever (specification §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vortex_prefect.core.ids import new_ordered_id, now_ms

AggregateType = Literal["Graph", "Execution", "Worker", "Tensor", "Queue", "File", "Access"]


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of fact. Its name is in the past tense."""

    name: str
    aggregate: AggregateType
    #: What the payload holds beside what the aggregate's id says.
    tells: str
    #: Of the payload's form; `core.upcasting` leads from one to the next.
    version: int = 1


_TYPES = (
    # §6.2 of the specification, and what a graph's replay needs beside it.
    EventType("GraphCreated", "Graph", "graph"),
    EventType("GraphDeleted", "Graph", "name"),
    EventType("GraphCloned", "Graph", "source, source_version, graph"),
    EventType("GraphRenamed", "Graph", "name"),
    EventType("GraphSaved", "Graph", "version, name, graph_hash, by: user or execution", 2),
    EventType("GraphPublished", "Graph", "deployment_id, name, pool, graph_version, graph_hash"),
    EventType("SubgraphPublished", "Graph", "type, name, version, graph_version, spec, graph"),
    EventType("SubgraphWithdrawn", "Graph", "types"),
    EventType("NodeCreated", "Graph", "node_id, node"),
    EventType("NodeDeleted", "Graph", "node_id"),
    EventType("NodeMoved", "Graph", "node_id, x, y"),
    EventType("NodeParamUpdated", "Graph", "node_id, name, value; without value: back to the default"),
    EventType("NodeModeSet", "Graph", "node_id, mode"),
    EventType("NodeTitled", "Graph", "node_id, title"),
    EventType("NodePolicySet", "Graph", "node_id, how it is tried again, limited and tagged"),
    EventType("EdgeCreated", "Graph", "source, target, index"),
    EventType("EdgeDeleted", "Graph", "source, target, index"),
    EventType("ExposureChanged", "Graph", "inputs, outputs"),
    EventType("GroupChanged", "Graph", "groups"),
    EventType("NotesChanged", "Graph", "notes"),
    EventType(
        "ExecutionQueued", "Execution",
        "graph_id, graph_hash, graph_version, options, place, not_before_ms, queued_ms, inputs, or else document, "
        "drawn where that is kept from now on", 2,
    ),
    EventType("ExecutionStarted", "Execution", "graph_id, flow_run_id, prefect_url, started_ms", 2),
    EventType("ExecutionPaused", "Execution", "graph_id"),
    EventType("ExecutionResumed", "Execution", "graph_id"),
    EventType("ExecutionCompleted", "Execution", "graph_id, status, duration_ms, result", 2),
    EventType("ExecutionFailed", "Execution", "graph_id, status (failed or crashed), duration_ms, errors, result", 2),
    EventType("ExecutionCancelled", "Execution", "graph_id, status, duration_ms, result", 2),
    EventType("ExecutionCancelRequested", "Execution", "graph_id"),
    #: A short run ends before its flow run exists.
    EventType("ExecutionLinked", "Execution", "graph_id, flow_run_id, prefect_url"),
    EventType("ExecutionReprioritised", "Execution", "graph_id, priority"),
    EventType("ExecutionMoved", "Execution", "graph_id, priority, place"),
    EventType("QueuePaused", "Queue", ""),
    EventType("QueueResumed", "Queue", ""),
    #: What retention removed from the tables; the log keeps what it was.
    EventType("QueueEntriesForgotten", "Queue", "left_before_ms, count"),
    EventType("ExecutionsForgotten", "Queue", "ended_before_ms, ids, drawn"),
    EventType("OutputsRemoved", "File", "execution_ids, bytes, rule"),
    EventType("FileUploaded", "File", "sha256, name, size_bytes"),
    EventType("WorkerSpawned", "Worker", "host, worker_id, pid, device"),
    EventType("WorkerCrashed", "Worker", "host, worker_id, pid, device, reason, job"),
    EventType("WorkerRecovered", "Worker", "host, worker_id, pid, device, down_ms"),
    EventType("TensorAllocated", "Tensor", "host, generation, offset, size_bytes, dtype, shape, execution_id, node_id"),
    EventType("TensorEvicted", "Tensor", "host, generation, offset, size_bytes, reason"),
    EventType("TokenCreated", "Access", "name, scopes"),
    EventType("TokenRevoked", "Access", "name"),
    EventType("SessionOpened", "Access", ""),
    EventType("SessionClosed", "Access", ""),
    EventType("AccessRefused", "Access", "path, code, message"),
)  # fmt: skip

#: Name → type.
EVENT_TYPES: dict[str, EventType] = {event_type.name: event_type for event_type in _TYPES}

#: Where an event's metadata has the version of its payload's form; 1 where it is not said.
PAYLOAD_VERSION = "payload_version"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, with the columns of the specification's §6.1.

    `sequence_number` is 0 until the store has given one. The payload is of the type's present version.
    """

    event_type: str
    aggregate_type: AggregateType
    aggregate_id: str
    payload: dict[str, Any] = field(default_factory=dict)
    #: Who and whence: `user`, `address`, `client`; `payload_version` where that is not 1.
    metadata: dict[str, Any] = field(default_factory=dict)
    #: 32 and 16 hexadecimal digits; null outside a trace.
    trace_id: str | None = None
    span_id: str | None = None
    event_id: str = field(default_factory=new_ordered_id)
    created_ms: int = field(default_factory=now_ms)
    sequence_number: int = 0

    def __post_init__(self) -> None:
        if (event_type := EVENT_TYPES.get(self.event_type)) is None:
            raise ValueError(f"unknown event type {self.event_type!r}")
        if event_type.version != 1 and PAYLOAD_VERSION not in self.metadata:
            object.__setattr__(self, "metadata", {**self.metadata, PAYLOAD_VERSION: event_type.version})

    def numbered(self, number: int) -> Event:
        """The same with its number; `dataclasses.replace` takes four times as long."""
        return Event(
            self.event_type,
            self.aggregate_type,
            self.aggregate_id,
            self.payload,
            self.metadata,
            self.trace_id,
            self.span_id,
            self.event_id,
            self.created_ms,
            number,
        )


@dataclass(slots=True)
class Fact:
    """What a projection needs of an event: the log is read three times as fast without the rest."""

    sequence_number: int
    event_type: str
    aggregate_type: str
    aggregate_id: str
    payload: dict[str, Any]
    metadata: dict[str, Any]
    created_ms: int
