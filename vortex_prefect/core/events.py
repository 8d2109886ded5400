"""The event: the only thing that the store keeps for ever (specification §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vortex_prefect.core.ids import new_id, now_ms

AggregateType = Literal["Graph", "Execution", "Worker", "Tensor", "Queue", "File", "Access"]

#: Names in the past tense; §6.2 of the specification, and what a projection needs beside them.
EVENT_TYPES = frozenset(
    {
        "GraphCreated", "GraphDeleted", "GraphCloned", "GraphRenamed", "GraphSaved", "GraphPublished",
        "NodeCreated", "NodeDeleted", "NodeMoved", "NodeParamUpdated", "NodeModeSet", "NodeTitled",
        "NodePolicySet", "EdgeCreated", "EdgeDeleted", "ExposureChanged", "GroupChanged", "NotesChanged",
        "ExecutionQueued", "ExecutionStarted", "ExecutionCompleted", "ExecutionFailed", "ExecutionCancelled",
        "ExecutionCancelRequested", "ExecutionReprioritised", "QueuePaused", "QueueResumed", "FileUploaded",
        "WorkerSpawned", "WorkerCrashed", "WorkerRecovered",
        "TensorAllocated", "TensorEvicted",
        "TokenCreated", "TokenRevoked", "SessionOpened", "SessionClosed", "AccessRefused",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, with the columns of the specification's §6.1.

    `sequence_number` is 0 until the store has given one.
    """

    event_type: str
    aggregate_type: AggregateType
    aggregate_id: str
    payload: dict[str, Any] = field(default_factory=dict)
    #: Who and whence: `user`, `address`, `client`.
    metadata: dict[str, Any] = field(default_factory=dict)
    #: 32 and 16 hexadecimal digits; null outside a trace.
    trace_id: str | None = None
    span_id: str | None = None
    event_id: str = field(default_factory=new_id)
    created_ms: int = field(default_factory=now_ms)
    sequence_number: int = 0

    def __post_init__(self) -> None:
        if self.event_type not in EVENT_TYPES:
            raise ValueError(f"unknown event type {self.event_type!r}")
