"""A job: one call of one node, and what came of it. Values only, no behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.core.trace import TraceContext as TraceContext  # noqa: PLC0414 - a job has one


@dataclass(frozen=True, slots=True)
class Value:
    """What flows along an edge: a tensor by reference, a small JSON value itself, or a list of values.

    A list that is JSON as a whole is plain `data`.
    """

    #: Port type of the value (`IMAGE`, `FLOAT`, `LIST[IMAGE]`, …).
    type: str
    #: The tensor; null for anything else.
    ref: TensorRef | None = None
    #: The JSON value; null for a tensor.
    data: Any = None
    #: The items of a list that holds tensors or has gaps: null where an item failed. Null for anything else.
    items: tuple[Value | None, ...] | None = None

    def refs(self) -> Iterator[TensorRef]:
        """Every tensor in it."""
        if self.ref is not None:
            yield self.ref
        for item in self.items or ():
            if item is not None:
                yield from item.refs()

    @property
    def has_gaps(self) -> bool:
        """Whether it is a list of which items failed."""
        return self.items is not None and None in self.items

    def listed(self) -> tuple[Value | None, ...]:
        """The items of a list, each a value of its own.

        Raises:
            WorkerError: WK-002, it is no list.
        """
        if self.items is not None:
            return self.items
        if not isinstance(self.data, list | tuple):
            raise WorkerError("WK-002", f"a value of type {self.type} came where a list was promised")
        item_type = self.type[5:-1] if self.type.startswith("LIST[") else "ANY"
        return tuple([Value(item_type, data=item) for item in self.data])

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        if self.ref is not None:
            return {"type": self.type, "ref": self.ref.to_dict()}
        if self.items is not None:
            return {"type": self.type, "items": [None if item is None else item.to_dict() for item in self.items]}
        return {"type": self.type, "data": self.data}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Value:
        """Rebuild from `to_dict`."""
        ref, items = data.get("ref"), data.get("items")
        return cls(
            data["type"],
            TensorRef.from_dict(ref) if ref else None,
            data.get("data"),
            None if items is None else tuple([None if item is None else cls.from_dict(item) for item in items]),
        )


def list_of(item_type: str, items: Sequence[Value | None]) -> Value:
    """A list with items of that port type; as plain JSON where that says the same."""
    listed = f"LIST[{item_type}]"
    if all(item is not None and item.ref is None and item.items is None and item.type == item_type for item in items):
        return Value(listed, data=[item.data for item in items if item is not None])
    return Value(listed, items=tuple(items))


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
    #: `run`, or `fingerprint`: only tell (output `fingerprint`) what the result depends on beside its inputs.
    purpose: Literal["run", "fingerprint"] = "run"
    trace: TraceContext = field(default_factory=TraceContext)
    #: port → output ports of the job before this one, in a segment: what they give joins the inputs on the host.
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The document of the graph as it was drawn, as text; null unless the node takes it (`NodeSpec.takes_graph`).
    graph_json: str | None = None

    def linked(self, before: Mapping[str, Value]) -> Job:
        """The job with everything that it was to receive from the one before.

        Raises:
            WorkerError: WK-002, that one gave no such output.
        """
        if missing := {output for outputs in self.links.values() for output in outputs if output not in before}:
            raise WorkerError("WK-002", f"{self.node_id} lacks {', '.join(sorted(missing))} of the node before it")
        linked = {port: tuple(before[output] for output in outputs) for port, outputs in self.links.items()}
        return replace(self, inputs={**self.inputs, **linked}, links={})

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
            "purpose": self.purpose,
            "trace": [self.trace.trace_id, self.trace.span_id, self.trace.parent_span_id, self.trace.sampled],
            "links": {port: list(outputs) for port, outputs in self.links.items()},
            **({} if self.graph_json is None else {"graph_json": self.graph_json}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Job:
        """Rebuild from `to_dict`."""
        inputs = {port: tuple(Value.from_dict(item) for item in values) for port, values in data["inputs"].items()}
        links = {port: tuple(outputs) for port, outputs in data["links"].items()}
        return cls(**{**data, "inputs": inputs, "trace": TraceContext(*data["trace"]), "links": links})


class JobTimes(NamedTuple):
    """What a worker measured of a job, in nanoseconds; for the host's statistics, and told no further."""

    #: Between the arrival of the job and the making of its result's packet; 0 if it is not known.
    busy_ns: int = 0
    #: Of each tensor among the inputs: from its reference to a tensor that lies where it lay.
    mapped_ns: tuple[int, ...] = ()
    #: Of each checksum: a worker looks once at what another process wrote.
    checked_ns: tuple[int, ...] = ()


_NO_TIMES = JobTimes()


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What came of a job: outputs, or an error, never both."""

    job_id: str
    outputs: dict[str, Value] = field(default_factory=dict)
    error: VortexError | None = None
    worker_id: str = ""
    #: Why this worker ran it, for a person.
    why: str = ""
    #: Wall clock in Unix milliseconds. From a worker 0 for a job that did not begin.
    started_ms: int = 0
    finished_ms: int = 0
    #: All that the node said, as the host heard it.
    logs: tuple[LogLine, ...] = ()
    #: Two outcomes are the same however long they took.
    times: JobTimes = field(default=_NO_TIMES, compare=False)

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
            "logs": [[line.level, line.text, line.at_ms] for line in self.logs],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> JobOutcome:
        """Rebuild from `to_dict`."""
        outputs = {port: Value.from_dict(item) for port, item in data["outputs"].items()}
        error = VortexError.from_dict(data["error"]) if data["error"] else None
        logs = tuple([LogLine(*line) for line in data["logs"]])
        return cls(**{**data, "outputs": outputs, "error": error, "logs": logs})
