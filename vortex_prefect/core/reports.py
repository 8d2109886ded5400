"""What the engine tells of a running execution, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from vortex_prefect.core.job import Value


class NodeState(StrEnum):
    """State of a node within an execution."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    CACHED = "cached"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing follows in this execution."""
        return self not in (NodeState.PENDING, NodeState.RUNNING, NodeState.RETRYING)


class ExecutionStatus(StrEnum):
    """Status of an execution."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"

    @property
    def final(self) -> bool:
        """Whether the execution has ended."""
        return self not in (ExecutionStatus.QUEUED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node changed its state, or came further within one."""

    execution_id: str
    node_id: str
    state: NodeState
    #: Percent, 0 to 100.
    progress: float = 0.0
    attempt: int = 1
    worker_id: str | None = None
    #: Why it ran where it ran, or why it was cached or skipped.
    why: str | None = None
    #: `VortexError.to_dict()` of a failed attempt; final only in state FAILED.
    error: dict[str, Any] | None = None
    #: port → `Value`; present in states COMPLETED and CACHED, and for a failed node that maps, lists with gaps.
    outputs: dict[str, Value] | None = None
    at_ms: int = 0
    #: Index of the item that is told of; null for the node itself.
    item: int | None = None
    #: Of a node that maps over a list: how many items it has, and how many have ended how.
    items: dict[str, int] | None = None
    #: The first items that failed finally, `{item, error}`.
    item_errors: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        outputs = None if self.outputs is None else {port: value.to_dict() for port, value in self.outputs.items()}
        return {**{name: getattr(self, name) for name in self.__slots__}, "outputs": outputs, "kind": "node"}


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """An execution started, learned its flow run, or ended."""

    execution_id: str
    status: ExecutionStatus
    #: Prefect's ids, once known; the run may start before its flow run exists.
    flow_run_id: str | None = None
    prefect_url: str | None = None
    #: `VortexError.to_dict()` where the execution as a whole failed.
    error: dict[str, Any] | None = None
    at_ms: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "kind": "execution"}


@dataclass(frozen=True, slots=True)
class AdoptionReport:
    """An execution that nobody asked us for: it was begun in Prefect, or begun again there."""

    execution_id: str
    graph_id: str
    graph_hash: str
    #: GraphDSL document with exposed inputs already applied.
    document: dict[str, Any]
    #: `targets`, `force`, `priority`; `trace`, the span that asked, or null.
    options: dict[str, Any]
    #: Counts the times that the execution was begun, from 1.
    round: int
    at_ms: int = 0
    #: See `ExecutionRequest.drawn`; its hash is among the options then, as `drawn_hash`.
    drawn: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "kind": "adoption"}


@dataclass(frozen=True, slots=True)
class LogReport:
    """A node said something: a line that it logged or printed, or a note of its progress."""

    execution_id: str
    node_id: str
    #: Index of the item that spoke; null for the node itself.
    item: int | None
    attempt: int
    #: As in `logging`: 20 is INFO.
    level: int
    text: str
    at_ms: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "kind": "log"}


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """A running node has made so much."""

    execution_id: str
    node_id: str
    #: A small JPEG.
    jpeg: bytes
    at_ms: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Form that msgpack carries."""
        return {**asdict(self), "kind": "preview"}


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A worker process was started, was lost, or has a successor that is ready."""

    event: Literal["spawned", "crashed", "recovered"]
    #: Name of the worker, which its successor has too.
    worker_id: str
    host: str
    pid: int | None
    device: str | None = None
    #: Of a crash: how it died.
    reason: str | None = None
    #: Of a crash: `{execution_id, node_id, job_id}` of the job that it had.
    job: dict[str, str] | None = None
    #: Of a recovery: how long there was no worker of that name.
    down_ms: int | None = None
    at_ms: int = 0
    #: Tells repeats apart.
    event_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "kind": "worker"}


@dataclass(frozen=True, slots=True)
class TensorReport:
    """Tensors that came into a host's arena together, or left it together."""

    event: Literal["allocated", "evicted"]
    host: str
    #: Each `{generation, offset, size_bytes}`; of one that came also `dtype`, `shape`, and `node_id` if it has one.
    tensors: tuple[dict[str, Any], ...]
    #: Of those that came: for which execution, or which other holder.
    execution_id: str | None = None
    #: Of those that went: `room`, `pressure`, `dropped` or `damaged`.
    reason: str | None = None
    at_ms: int = 0
    #: Tells repeats apart.
    event_id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**asdict(self), "tensors": list(self.tensors), "kind": "tensor"}


#: Told of one execution.
RunReport = NodeReport | ExecutionReport | AdoptionReport | LogReport | PreviewReport
#: Told of one host.
HostReport = WorkerReport | TensorReport
Report = RunReport | HostReport


def report_from_dict(data: dict[str, Any]) -> Report:
    """Rebuild a report from its JSON form."""
    fields = {name: value for name, value in data.items() if name != "kind"}
    return _READERS.get(data["kind"], _node_report)(fields)


def _execution_report(fields: dict[str, Any]) -> ExecutionReport:
    return ExecutionReport(**{**fields, "status": ExecutionStatus(fields["status"])})


def _tensor_report(fields: dict[str, Any]) -> TensorReport:
    return TensorReport(**{**fields, "tensors": tuple([dict(tensor) for tensor in fields["tensors"]])})


def _node_report(fields: dict[str, Any]) -> NodeReport:
    outputs = fields["outputs"]
    if outputs is not None:
        outputs = {port: Value.from_dict(value) for port, value in outputs.items()}
    item_errors = tuple(fields.get("item_errors", ()))
    return NodeReport(**{**fields, "state": NodeState(fields["state"]), "outputs": outputs, "item_errors": item_errors})


_READERS: dict[str, Callable[[dict[str, Any]], Report]] = {
    "adoption": lambda fields: AdoptionReport(**fields),
    "preview": lambda fields: PreviewReport(**fields),
    "worker": lambda fields: WorkerReport(**fields),
    "tensor": _tensor_report,
    "log": lambda fields: LogReport(**fields),
    "execution": _execution_report,
}
