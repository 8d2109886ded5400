"""Control packets: between the values of `core` and the protobuf of `proto/vortex/v1`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from vortex_prefect.core.errors import CODES, VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.wire._pb import control_pb2, job_pb2, tensor_pb2

#: Raised when a packet changes its meaning; host and worker must agree.
PROTOCOL_VERSION = 3


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker's half of the handshake. `catalogue` is `Catalogue.to_list()`."""

    worker_id: str
    pid: int
    device: str
    catalogue: list[dict[str, Any]]
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Welcome:
    """The host's half: what a worker needs to start."""

    host_id: str
    arena_path: str
    output_dir: str
    state_dir: str
    error: VortexError | None = None
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, 0 to 1."""

    job_id: str
    fraction: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobLog:
    """What a node said while its job runs."""

    job_id: str
    line: LogLine


@dataclass(frozen=True, slots=True)
class Cancel:
    """End a job at its next report of progress."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker's process is alive. `tick` counts from 1; `rss_bytes` is its resident memory."""

    tick: int
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """An output needs `nbytes` in the arena."""

    nbytes: int


@dataclass(frozen=True, slots=True)
class RoomGrant:
    """Where an output may be written, or why there is no room."""

    offset: int = 0
    nbytes: int = 0
    generation: int = 0
    error: VortexError | None = None


Payload = Hello | Welcome | Job | JobOutcome | Progress | JobLog | Cancel | Beat | RoomRequest | RoomGrant


def encode(payload: Payload, trace: TraceContext | None = None) -> bytes:
    """A serialised ControlPacket, without its length.

    Raises:
        WorkerError: WK-010, a value has no JSON form, a text no UTF-8 form, or a number is out of range.
    """
    packet = control_pb2.ControlPacket(request_id=_request_id(), timestamp=now_ms())
    if isinstance(payload, Job) and trace is None:
        trace = payload.trace
    if trace is not None:
        context = packet.trace_context
        context.trace_id, context.span_id = trace.trace_id, trace.span_id
        context.parent_span_id = trace.parent_span_id
    try:
        _WRITERS[type(payload)](packet, payload)
    except ValueError as error:
        raise WorkerError("WK-010", f"a {type(payload).__name__} has no form on the wire: {error}") from error
    return packet.SerializeToString()


def decode(body: bytes) -> Payload:
    """The payload of a serialised ControlPacket.

    Raises:
        WorkerError: WK-010, it is not one or holds nothing that is known.
    """
    try:
        packet = control_pb2.ControlPacket.FromString(body)
        reader = _READERS.get(packet.WhichOneof("payload") or "")
        if reader is None:
            raise WorkerError("WK-010", "a control packet without a payload that is known here")
        return reader(packet)
    except (DecodeError, ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"not a control packet: {error}") from error


def _request_id() -> str:
    # uuid4() costs 4 µs here, this 1 µs; the bits are set as RFC 9562 asks.
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _dump(value: Any) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"a value has no JSON form: {error}") from error


def _write_error(target: job_pb2.JobError, error: VortexError) -> None:
    target.code = error.code
    target.message, target.traceback = _encodable(error.message), _encodable(error.traceback or "")


def _encodable(text: str) -> str:
    # File names that are no UTF-8 come with lone surrogates (PEP 383), and stand in messages of OSError.
    return text.encode("utf-8", "backslashreplace").decode()


def _read_error(source: job_pb2.JobError) -> VortexError:
    code = source.code if source.code in CODES else "WK-010"
    return VortexError.from_dict(
        {"code": code, "message": source.message, "hint": None, "traceback": source.traceback or None}
    )


def _write_value(target: tensor_pb2.Value, value: Value) -> None:
    target.type = value.type
    if value.items is not None:
        target.list.SetInParent()
        for item in value.items:
            place = target.list.items.add()
            if item is not None:
                _write_value(place, item)
        return
    if value.ref is None:
        target.json = _dump(value.data)
        return
    ref, source = target.ref, value.ref
    ref.host, ref.generation, ref.offset, ref.nbytes = source.host, source.generation, source.offset, source.nbytes
    ref.shape.extend(source.shape)
    ref.dtype, ref.crc = source.dtype, source.crc


def _read_value(source: tensor_pb2.Value) -> Value:
    content = source.WhichOneof("content")
    if content == "list":
        return Value(source.type, items=tuple([_read_item(item) for item in source.list.items]))
    if content != "ref":
        return Value(source.type, data=json.loads(source.json))
    ref = source.ref
    shape = tuple(ref.shape)
    return Value(source.type, TensorRef(ref.host, ref.generation, ref.offset, ref.nbytes, shape, ref.dtype, ref.crc))


def _read_item(source: tensor_pb2.Value) -> Value | None:
    return None if source.WhichOneof("content") is None else _read_value(source)


def _write_hello(packet: control_pb2.ControlPacket, hello: Hello) -> None:
    target = packet.handshake
    target.protocol, target.worker_id, target.pid = hello.protocol, hello.worker_id, hello.pid
    target.device, target.catalogue_json = hello.device, _dump(hello.catalogue)


def _write_welcome(packet: control_pb2.ControlPacket, welcome: Welcome) -> None:
    target = packet.handshake
    target.protocol, target.host_id, target.arena_path = welcome.protocol, welcome.host_id, welcome.arena_path
    target.output_dir, target.state_dir = welcome.output_dir, welcome.state_dir
    if welcome.error is not None:
        _write_error(target.error, welcome.error)


def _read_handshake(packet: control_pb2.ControlPacket) -> Hello | Welcome:
    source = packet.handshake
    if source.worker_id:
        catalogue = json.loads(source.catalogue_json)
        if not isinstance(catalogue, list):
            raise WorkerError("WK-010", "the worker's catalogue is not a list")
        return Hello(source.worker_id, source.pid, source.device, catalogue, source.protocol)
    error = _read_error(source.error) if source.HasField("error") else None
    return Welcome(
        source.host_id, source.arena_path, source.output_dir, source.state_dir, error, protocol=source.protocol
    )


def _write_job(packet: control_pb2.ControlPacket, job: Job) -> None:
    target = packet.job_submit
    target.job_id, target.execution_id, target.node_id = job.job_id, job.execution_id, job.node_id
    target.node_type, target.attempt, target.params_json = job.node_type, job.attempt, _dump(job.params)
    target.fingerprint = job.purpose == "fingerprint"
    for name, values in job.inputs.items():
        port = target.inputs.add(name=name)
        for value in values:
            _write_value(port.values.add(), value)


def _read_job(packet: control_pb2.ControlPacket) -> Job:
    source, context = packet.job_submit, packet.trace_context
    return Job(
        job_id=source.job_id,
        execution_id=source.execution_id,
        node_id=source.node_id,
        node_type=source.node_type,
        attempt=source.attempt,
        params=json.loads(source.params_json),
        inputs={port.name: tuple(_read_value(value) for value in port.values) for port in source.inputs},
        purpose="fingerprint" if source.fingerprint else "run",
        trace=TraceContext(context.trace_id, context.span_id, context.parent_span_id),
    )


def _write_outcome(packet: control_pb2.ControlPacket, outcome: JobOutcome) -> None:
    target = packet.job_result
    target.job_id, target.started_ms, target.finished_ms = outcome.job_id, outcome.started_ms, outcome.finished_ms
    if outcome.error is not None:
        _write_error(target.error, outcome.error)
    for name, value in outcome.outputs.items():
        _write_value(target.outputs.add(name=name).value, value)


def _read_outcome(packet: control_pb2.ControlPacket) -> JobOutcome:
    source = packet.job_result
    return JobOutcome(
        source.job_id,
        {port.name: _read_value(port.value) for port in source.outputs},
        _read_error(source.error) if source.HasField("error") else None,
        started_ms=source.started_ms,
        finished_ms=source.finished_ms,
    )


def _write_progress(packet: control_pb2.ControlPacket, progress: Progress) -> None:
    target = packet.job_progress
    target.job_id, target.fraction, target.note = progress.job_id, progress.fraction, progress.note


def _write_log(packet: control_pb2.ControlPacket, log: JobLog) -> None:
    target, line = packet.job_log, log.line
    target.job_id, target.level, target.at_ms = log.job_id, line.level, line.at_ms
    target.text = line.text.encode("utf-8", "backslashreplace")


def _read_log(packet: control_pb2.ControlPacket) -> JobLog:
    source = packet.job_log
    return JobLog(source.job_id, LogLine(source.level, source.text.decode("utf-8", "replace"), source.at_ms))


def _write_cancel(packet: control_pb2.ControlPacket, cancel: Cancel) -> None:
    packet.job_cancel.job_id = cancel.job_id


def _write_beat(packet: control_pb2.ControlPacket, beat: Beat) -> None:
    packet.heartbeat.tick, packet.heartbeat.rss_bytes = beat.tick, beat.rss_bytes


def _write_request(packet: control_pb2.ControlPacket, request: RoomRequest) -> None:
    packet.arena_request.nbytes = request.nbytes


def _write_grant(packet: control_pb2.ControlPacket, grant: RoomGrant) -> None:
    target = packet.arena_grant
    target.offset, target.nbytes, target.generation = grant.offset, grant.nbytes, grant.generation
    if grant.error is not None:
        _write_error(target.error, grant.error)


def _read_grant(packet: control_pb2.ControlPacket) -> RoomGrant:
    source = packet.arena_grant
    error = _read_error(source.error) if source.HasField("error") else None
    return RoomGrant(source.offset, source.nbytes, source.generation, error)


_WRITERS: dict[type, Callable[..., None]] = {
    Hello: _write_hello,
    Welcome: _write_welcome,
    Job: _write_job,
    JobOutcome: _write_outcome,
    Progress: _write_progress,
    JobLog: _write_log,
    Cancel: _write_cancel,
    Beat: _write_beat,
    RoomRequest: _write_request,
    RoomGrant: _write_grant,
}

_READERS: dict[str, Callable[[control_pb2.ControlPacket], Payload]] = {
    "handshake": _read_handshake,
    "job_submit": _read_job,
    "job_result": _read_outcome,
    "heartbeat": lambda packet: Beat(packet.heartbeat.tick, packet.heartbeat.rss_bytes),
    "job_progress": lambda packet: Progress(
        packet.job_progress.job_id, packet.job_progress.fraction, packet.job_progress.note
    ),
    "job_log": _read_log,
    "job_cancel": lambda packet: Cancel(packet.job_cancel.job_id),
    "arena_request": lambda packet: RoomRequest(packet.arena_request.nbytes),
    "arena_grant": _read_grant,
}
