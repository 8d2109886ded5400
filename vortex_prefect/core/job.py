"""A job: one call of one node, and what came of it. Values only, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.tensor import TensorRef


@dataclass(frozen=True, slots=True)
class Value:
    """What flows along an edge: a tensor by reference, or a small JSON value itself."""

    #: Port type of the value (`IMAGE`, `FLOAT`, …).
    type: str
    #: The tensor; null for a JSON value.
    ref: TensorRef | None = None
    #: The JSON value; null for a tensor.
    data: Any = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        if self.ref is not None:
            return {"type": self.type, "ref": self.ref.to_dict()}
        return {"type": self.type, "data": self.data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Value:
        """Rebuild from `to_dict`."""
        ref = data.get("ref")
        return cls(data["type"], TensorRef.from_dict(ref) if ref else None, data.get("data"))


@dataclass(frozen=True, slots=True)
class TraceContext:
    """W3C trace context in the control packet's widths: 16, 8 and 8 bytes."""

    trace_id: bytes = bytes(16)
    span_id: bytes = bytes(8)
    parent_span_id: bytes = bytes(8)


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt to run one node."""

    job_id: str
    execution_id: str
    node_id: str
    node_type: str
    #: 1 on the first try.
    attempt: int = 1
    params: dict[str, Any] = field(default_factory=dict)
    #: port → values; one value unless the port takes a list.
    inputs: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    #: Content key under which the outputs are cached; null if they are not to be.
    key: str | None = None
    #: Seconds after which the worker is killed; null for no limit.
    timeout_s: float | None = None
    trace: TraceContext = field(default_factory=TraceContext)

    def to_dict(self) -> dict[str, Any]:
        """Form that msgpack carries."""
        return {
            "job_id": self.job_id,
            "execution_id": self.execution_id,
            "node_id": self.node_id,
            "node_type": self.node_type,
            "attempt": self.attempt,
            "params": self.params,
            "inputs": {port: [value.to_dict() for value in values] for port, values in self.inputs.items()},
            "key": self.key,
            "timeout_s": self.timeout_s,
            "trace": [self.trace.trace_id, self.trace.span_id, self.trace.parent_span_id],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Job:
        """Rebuild from `to_dict`."""
        inputs = {port: tuple(Value.from_dict(item) for item in values) for port, values in data["inputs"].items()}
        return cls(**{**data, "inputs": inputs, "trace": TraceContext(*data["trace"])})


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What came of a job: outputs, or an error, never both."""

    job_id: str
    outputs: dict[str, Value] = field(default_factory=dict)
    error: VortexError | None = None
    worker_id: str = ""
    #: Why this worker ran it, for a person.
    why: str = ""
    #: Wall clock in Unix milliseconds.
    started_ms: int = 0
    finished_ms: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Form that msgpack carries."""
        return {
            "job_id": self.job_id,
            "outputs": {port: value.to_dict() for port, value in self.outputs.items()},
            "error": self.error.to_dict() if self.error else None,
            "worker_id": self.worker_id,
            "why": self.why,
            "started_ms": self.started_ms,
            "finished_ms": self.finished_ms,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> JobOutcome:
        """Rebuild from `to_dict`."""
        outputs = {port: Value.from_dict(item) for port, item in data["outputs"].items()}
        error = VortexError.from_dict(data["error"]) if data["error"] else None
        return cls(**{**data, "outputs": outputs, "error": error})
