"""Control packets: between payloads and the protobuf of `proto/vortex/v1`.

A round trip builds and reads two of them and is to take some 20 µs in all, so
this is written for speed: `uuid4` alone would cost 4 µs a packet.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

from google.protobuf.message import DecodeError

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, JobTimes, TraceContext
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.files.roots import FileRoots
from vortex_prefect.wire._pb import control_pb2, job_pb2
from vortex_prefect.wire.payloads import (
    MOST_RESIDENTS,
    NAME_LENGTH,
    Batch,
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Preview,
    Probe,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
)
from vortex_prefect.wire.values import dump, load, read_error, read_value, write_error, write_value

_NO_TRACE = TraceContext()
#: Bytes of a trace's id, a span's, and its parent's.
_TRACE_WIDTHS = (16, 8, 8)


def encode(payload: Payload, trace: TraceContext | None = None) -> bytes:
    """A serialised ControlPacket, without its length.

    Args:
        payload: what it carries.
        trace: null for a job's own, and none for anything else.

    Raises:
        WorkerError: WK-010, a value has no JSON form, a text no UTF-8 form, or a number is out of range.
    """
    packet = control_pb2.ControlPacket()
    try:
        packet.request_id, packet.timestamp = _ids.next(), now_ms()
        if trace is None:
            trace = payload.trace if isinstance(payload, Job) else _NO_TRACE
        _write_trace(packet.trace_context, trace)
        _WRITERS[type(payload)](packet, payload)
    except (ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"a {type(payload).__name__} has no form on the wire: {error}") from error
    return packet.SerializeToString()


def decode(body: bytes) -> Payload:
    """The payload of a serialised ControlPacket.

    Raises:
        WorkerError: WK-010, it is not one or holds nothing that is known.
    """
    return _read(body)[0]


def decode_traced(body: bytes) -> tuple[Payload, TraceContext]:
    """As `decode`, with the trace that the packet belongs to."""
    payload, packet = _read(body)
    return payload, _read_trace(packet.trace_context)


def _read(body: bytes) -> tuple[Payload, control_pb2.ControlPacket]:
    try:
        packet = control_pb2.ControlPacket.FromString(body)
        reader = _READERS.get(packet.WhichOneof("payload") or "")
        if reader is None:
            raise WorkerError("WK-010", "a control packet without a payload that is known here")
        return reader(packet), packet
    except (DecodeError, ValueError, RecursionError) as error:
        raise WorkerError("WK-010", f"not a control packet: {error}") from error


class _RequestIds:
    """UUIDs of version 4 of which only the last 48 bits count up within one process: 74 random ones keep them apart."""

    def __init__(self) -> None:
        raw = bytearray(os.urandom(10))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        self._form = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-%012x"
        self._count = itertools.count(int.from_bytes(os.urandom(4), "little"))

    def next(self) -> str:
        return self._form % next(self._count)


_ids = _RequestIds()


def _write_trace(target: job_pb2.TraceContext, trace: TraceContext) -> None:
    trace_id, span_id, parent_span_id = trace.trace_id, trace.span_id, trace.parent_span_id
    if (len(trace_id), len(span_id), len(parent_span_id)) != _TRACE_WIDTHS:
        raise ValueError("the parts of a trace context have 16, 8 and 8 bytes")
    target.trace_id, target.span_id, target.parent_span_id = trace_id, span_id, parent_span_id


def _read_trace(source: job_pb2.TraceContext) -> TraceContext:
    """What has other widths is none, as W3C has it: no reason to refuse what it came with."""
    parts = source.trace_id, source.span_id, source.parent_span_id
    return TraceContext(*parts) if tuple(map(len, parts)) == _TRACE_WIDTHS else _NO_TRACE


# -- payloads --------------------------------------------------------------------------------


def _write_hello(packet: control_pb2.ControlPacket, hello: Hello) -> None:
    target = packet.handshake
    target.protocol, target.pid, target.catalogue_json = hello.protocol, hello.pid, dump(hello.catalogue)
    target.capabilities.extend(sorted(hello.capabilities))


def _write_welcome(packet: control_pb2.ControlPacket, welcome: Welcome) -> None:
    target = packet.handshake
    target.protocol, target.host_id, target.arena_path = welcome.protocol, welcome.host_id, welcome.arena_path
    target.output_dir, target.state_dir = welcome.output_dir, welcome.state_dir
    target.worker_id, target.index, target.device = welcome.worker_id, welcome.index, welcome.device
    target.open_folders.extend(map(str, welcome.roots.open))
    target.closed_folders.extend(map(str, welcome.roots.closed))
    target.base_folder = str(welcome.roots.base)
    target.beat_ms, target.spin_us = welcome.beat_ms, welcome.spin_us
    target.checksums = welcome.checksums
    target.capabilities.extend(sorted(welcome.capabilities))
    if welcome.error is not None:
        write_error(target.error, welcome.error)


def _read_roots(source: control_pb2.Handshake) -> FileRoots:
    opened, closed = (tuple(map(Path, folders)) for folders in (source.open_folders, source.closed_folders))
    return FileRoots(opened, closed, Path(source.base_folder or "/"))


def _read_handshake(packet: control_pb2.ControlPacket) -> Hello | Welcome:
    source = packet.handshake
    capabilities = frozenset(source.capabilities)
    if source.catalogue_json:
        catalogue = load(source.catalogue_json)
        if not isinstance(catalogue, list):
            raise WorkerError("WK-010", "the worker's catalogue is not a list")
        return Hello(source.pid, catalogue, capabilities, source.protocol)
    return Welcome(
        source.host_id,
        source.arena_path,
        source.output_dir,
        source.state_dir,
        error=read_error(source.error) if source.HasField("error") else None,
        roots=_read_roots(source),
        worker_id=source.worker_id,
        index=source.index,
        device=source.device,
        beat_ms=source.beat_ms,
        spin_us=source.spin_us,
        checksums=_checksums(source.checksums),
        capabilities=capabilities,
        protocol=source.protocol,
    )


def _checksums(policy: str) -> str:
    if policy not in ("", "always", "cross-process", "off"):
        raise WorkerError("WK-010", f"{policy[:100]!r} is no way to look at checksums")
    return policy or "cross-process"


def _write_job(packet: control_pb2.ControlPacket, job: Job) -> None:
    _fill_job(packet.job_submit, job)


def _fill_job(target: job_pb2.JobSubmit, job: Job) -> None:
    target.job_id, target.execution_id, target.node_id = job.job_id, job.execution_id, job.node_id
    target.node_type, target.attempt, target.params_json = job.node_type, job.attempt, dump(job.params)
    target.fingerprint = job.purpose == "fingerprint"
    if job.graph_json is not None:
        target.graph_json = job.graph_json
    for name, values in job.inputs.items():
        port = target.inputs.add(name=name)
        for value in values:
            write_value(port.values.add(), value)
    for name, outputs in job.links.items():
        target.links.add(port=name, outputs=outputs)


def _read_job(source: job_pb2.JobSubmit, trace: TraceContext) -> Job:
    params = load(source.params_json)
    if not isinstance(params, dict):
        raise WorkerError("WK-010", "the parameters of a job are no object")
    return Job(
        job_id=source.job_id,
        execution_id=source.execution_id,
        node_id=source.node_id,
        node_type=source.node_type,
        attempt=source.attempt,
        params=params,
        inputs={port.name: tuple([read_value(value) for value in port.values]) for port in source.inputs},
        purpose="fingerprint" if source.fingerprint else "run",
        trace=trace,
        links={link.port: tuple(link.outputs) for link in source.links},
        graph_json=source.graph_json or None,
    )


def _write_batch(packet: control_pb2.ControlPacket, batch: Batch) -> None:
    jobs = packet.job_batch.jobs
    packet.job_batch.SetInParent()
    for job in batch.jobs:
        target = jobs.add()
        _fill_job(target, job)
        _write_trace(target.trace_context, job.trace)


def _read_batch(packet: control_pb2.ControlPacket) -> Batch:
    return Batch(tuple([_read_job(job, _read_trace(job.trace_context)) for job in packet.job_batch.jobs]))


def _write_outcome(packet: control_pb2.ControlPacket, outcome: JobOutcome) -> None:
    target = packet.job_result
    target.job_id, target.started_ms, target.finished_ms = outcome.job_id, outcome.started_ms, outcome.finished_ms
    if outcome.error is not None:
        write_error(target.error, outcome.error)
    for name, value in outcome.outputs.items():
        write_value(target.outputs.add(name=name).value, value)
    busy_ns, mapped_ns, checked_ns = outcome.times
    target.busy_ns = busy_ns
    if mapped_ns:
        target.mapped_ns.extend(mapped_ns)
    if checked_ns:
        target.checked_ns.extend(checked_ns)


def _read_outcome(packet: control_pb2.ControlPacket) -> JobOutcome:
    source = packet.job_result
    if source.outputs and source.HasField("error"):
        raise WorkerError("WK-010", "a result has outputs and an error")
    return JobOutcome(
        source.job_id,
        {port.name: read_value(port.value) for port in source.outputs},
        read_error(source.error) if source.HasField("error") else None,
        started_ms=source.started_ms,
        finished_ms=source.finished_ms,
        times=JobTimes(source.busy_ns, tuple(source.mapped_ns), tuple(source.checked_ns)),
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
    packet.job_cancel.job_id, packet.job_cancel.unless_begun = cancel.job_id, cancel.unless_begun


def _write_preview(packet: control_pb2.ControlPacket, preview: Preview) -> None:
    packet.job_preview.job_id, packet.job_preview.jpeg = preview.job_id, preview.jpeg


def _write_beat(packet: control_pb2.ControlPacket, beat: Beat) -> None:
    target = packet.heartbeat
    target.tick, target.rss_bytes, target.device = beat.tick, beat.rss_bytes, beat.device
    target.device_bytes, target.device_free_bytes = beat.device_bytes, beat.device_free_bytes
    target.residents.extend(beat.residents)


def _write_probe(packet: control_pb2.ControlPacket, probe: Probe) -> None:
    target = packet.heartbeat
    target.tick, target.probe, target.trim = probe.tick, True, probe.trim


def _read_heartbeat(packet: control_pb2.ControlPacket) -> Beat | Probe:
    source = packet.heartbeat
    if source.probe:
        return Probe(source.tick, source.trim)
    device, residents = source.device, tuple(source.residents)
    if len(residents) > MOST_RESIDENTS or _is_strange(device) or (residents and any(map(_is_strange, residents))):
        raise ValueError("a heartbeat with names that are none")
    return Beat(source.tick, source.rss_bytes, device, source.device_bytes, source.device_free_bytes, residents)


def _is_strange(name: str) -> bool:
    return len(name) > NAME_LENGTH or "\0" in name


def _write_request(packet: control_pb2.ControlPacket, request: RoomRequest) -> None:
    packet.arena_request.nbytes = request.nbytes


def _write_grant(packet: control_pb2.ControlPacket, grant: RoomGrant) -> None:
    target = packet.arena_grant
    target.offset, target.nbytes, target.generation = grant.offset, grant.nbytes, grant.generation
    if grant.error is not None:
        write_error(target.error, grant.error)


def _read_grant(packet: control_pb2.ControlPacket) -> RoomGrant:
    source = packet.arena_grant
    error = read_error(source.error) if source.HasField("error") else None
    return RoomGrant(source.offset, source.nbytes, source.generation, error)


_WRITERS: dict[type, Callable[..., None]] = {
    Hello: _write_hello,
    Welcome: _write_welcome,
    Job: _write_job,
    Batch: _write_batch,
    JobOutcome: _write_outcome,
    Progress: _write_progress,
    JobLog: _write_log,
    Preview: _write_preview,
    Cancel: _write_cancel,
    Beat: _write_beat,
    Probe: _write_probe,
    RoomRequest: _write_request,
    RoomGrant: _write_grant,
}

_READERS: dict[str, Callable[[control_pb2.ControlPacket], Payload]] = {
    "handshake": _read_handshake,
    "job_submit": lambda packet: _read_job(packet.job_submit, _read_trace(packet.trace_context)),
    "job_batch": _read_batch,
    "job_result": _read_outcome,
    "heartbeat": _read_heartbeat,
    "job_progress": lambda packet: Progress(
        packet.job_progress.job_id, packet.job_progress.fraction, packet.job_progress.note
    ),
    "job_log": _read_log,
    "job_preview": lambda packet: Preview(packet.job_preview.job_id, packet.job_preview.jpeg),
    "job_cancel": lambda packet: Cancel(packet.job_cancel.job_id, packet.job_cancel.unless_begun),
    "arena_request": lambda packet: RoomRequest(packet.arena_request.nbytes),
    "arena_grant": _read_grant,
}
