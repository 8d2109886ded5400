from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import example, given
from hypothesis import strategies as st

from vortex_prefect.core.errors import CODES, GraphError, Problem, VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.files.roots import FileRoots
from vortex_prefect.wire._pb import control_pb2
from vortex_prefect.wire.packets import decode, decode_traced, encode
from vortex_prefect.wire.payloads import (
    CAPABILITIES,
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

U32, U64, I64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1)
TEXT = st.text(max_size=20)
NAME = st.text(min_size=1, max_size=20)
#: Of devices and models: without NUL, which a heartbeat may not have.
PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
REFS = st.builds(TensorRef, TEXT, U32, U64, U64, st.lists(I64, max_size=5).map(tuple), TEXT, U32)
PLAIN = st.builds(Value, NAME, ref=REFS) | st.builds(Value, NAME, data=JSON)
VALUES = PLAIN | st.builds(Value, NAME, items=st.lists(st.none() | PLAIN, max_size=3).map(tuple))
ERRORS = st.builds(
    lambda code, message, traceback: VortexError.from_dict({"code": code, "message": message, "traceback": traceback}),
    st.sampled_from(sorted(CODES)),
    TEXT,
    st.none() | NAME,
)
TRACES = st.builds(
    TraceContext,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8),
)
JOBS = st.builds(
    Job,
    NAME,
    NAME,
    NAME,
    NAME,
    attempt=U32,
    params=st.dictionaries(TEXT, JSON, max_size=3),
    inputs=st.dictionaries(NAME, st.lists(VALUES, max_size=3).map(tuple), max_size=3),
    key=st.none(),
    timeout_s=st.none(),
    purpose=st.sampled_from(["run", "fingerprint"]),
    trace=TRACES,
    links=st.dictionaries(NAME, st.lists(NAME, max_size=2).map(tuple), max_size=2),
    graph_json=st.none() | NAME.filter(bool),
)
CAPABLE = st.frozensets(st.sampled_from(sorted(CAPABILITIES)) | NAME)
OUTCOMES = st.builds(
    JobOutcome, NAME, st.dictionaries(NAME, VALUES, max_size=3), started_ms=I64, finished_ms=I64
) | st.builds(JobOutcome, NAME, error=ERRORS)
FOLDERS = st.lists(TEXT.map(Path), max_size=2).map(tuple)
ROOTS = st.builds(FileRoots, FOLDERS, FOLDERS, TEXT.filter(bool).map(Path))
POLICY = st.sampled_from(["always", "cross-process", "off"])
PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    st.builds(Hello, U32, st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2), CAPABLE, U32),
    st.builds(
        Welcome, TEXT, TEXT, TEXT, TEXT, st.none() | ERRORS, ROOTS, NAME, U32, TEXT, U32, U32, POLICY, CAPABLE, U32
    ),
    JOBS,
    st.builds(Batch, st.lists(JOBS, max_size=3).map(tuple)),
    OUTCOMES,
    st.builds(Progress, NAME, st.floats(0, 1, width=32), TEXT),
    st.builds(JobLog, NAME, st.builds(LogLine, st.integers(-(2**31), 2**31 - 1), TEXT, I64)),
    st.builds(Preview, NAME, st.binary(max_size=20)),
    st.builds(Cancel, NAME, st.booleans()),
    st.builds(Beat, U64, U64, PLAIN_TEXT, U64, U64, st.lists(PLAIN_TEXT, max_size=2).map(tuple)),
    st.builds(Probe, U64, st.booleans()),
    st.builds(RoomRequest, U64),
    st.builds(RoomGrant, U64, U64, U32, st.none() | ERRORS),
)


def _plain(payload: Payload) -> tuple[Any, dict[str, Any] | None]:
    """The payload in a form that compares: errors are exceptions and equal only themselves."""
    if isinstance(payload, Welcome | JobOutcome | RoomGrant) and payload.error is not None:
        return replace(payload, error=None), payload.error.to_dict()
    return payload, None


@given(PAYLOADS)
@example(Cancel("j", unless_begun=True))
def test_every_payload_comes_back_as_it_went(payload: Payload) -> None:
    assert _plain(decode(encode(payload))) == _plain(payload)


@given(st.binary(max_size=200))
@example(b"")
def test_arbitrary_bytes_are_a_packet_or_refused(body: bytes) -> None:
    _decode_or_refuse(body)


@given(PAYLOADS, st.data())
def test_damaged_packets_are_packets_or_refused(payload: Payload, data: st.DataObject) -> None:
    body = bytearray(encode(payload))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    _decode_or_refuse(bytes(body[: data.draw(st.integers(0, len(body)))]))


@given(st.binary(max_size=50))
@example(b"[" * 100_000)
@example(b"1" * 5_000)
@example(b"\xff\xfe")
@example(b"5")
def test_json_that_is_none_is_refused(text: bytes) -> None:
    for packet in (
        control_pb2.ControlPacket(handshake={"catalogue_json": text}),
        control_pb2.ControlPacket(job_submit={"params_json": text}),
        control_pb2.ControlPacket(job_result={"outputs": [{"name": "out", "value": {"json": text}}]}),
    ):
        _decode_or_refuse(packet.SerializeToString())


def test_a_catalogue_that_is_no_list_is_refused() -> None:
    packet = control_pb2.ControlPacket(handshake={"catalogue_json": b"5"})
    with pytest.raises(WorkerError, match="WK-010"):
        decode(packet.SerializeToString())


def test_a_packet_without_a_payload_is_refused() -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        decode(control_pb2.ControlPacket(request_id="x").SerializeToString())


@pytest.mark.parametrize("data", [object(), {1, 2}, b"bytes"])
def test_a_value_without_a_json_form_is_refused(data: object) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        encode(JobOutcome("j", {"out": Value("ANY", data=data)}))


@pytest.mark.parametrize("payload", [Cancel("\ud800"), RoomRequest(-1), RoomGrant(generation=1 << 32)])
def test_what_has_no_form_on_the_wire_is_refused(payload: Payload) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        encode(payload)


def test_an_error_that_names_an_undecodable_file_still_travels() -> None:
    outcome = decode(encode(JobOutcome("j", error=WorkerError("WK-003", "no file 'caf\udce9'"))))
    assert isinstance(outcome, JobOutcome)
    assert outcome.error is not None
    assert outcome.error.message == "no file 'caf\\udce9'"


@pytest.mark.parametrize(("text", "read"), [(b"caf\xe9 \0", "caf\ufffd \0"), (b"\xff" * 3, "\ufffd" * 3)])
def test_a_line_that_is_no_text_is_still_a_line(text: bytes, read: str) -> None:
    packet = control_pb2.ControlPacket(job_log={"job_id": "j", "level": 20, "text": text, "at_ms": 5})
    assert decode(packet.SerializeToString()) == JobLog("j", LogLine(20, read, 5))


def test_a_line_that_names_an_undecodable_file_still_travels() -> None:
    assert decode(encode(JobLog("j", LogLine(20, "'caf\udce9'", 5)))) == JobLog("j", LogLine(20, "'caf\\udce9'", 5))


def test_the_packet_is_the_specifications() -> None:
    descriptor = control_pb2.ControlPacket.DESCRIPTOR
    plain = {field.name: field.type for field in descriptor.fields if field.containing_oneof is None}
    assert plain == {
        "request_id": FieldDescriptor.TYPE_STRING,
        "timestamp": FieldDescriptor.TYPE_INT64,
        "trace_context": FieldDescriptor.TYPE_MESSAGE,
    }
    context = descriptor.fields_by_name["trace_context"].message_type
    assert context is not None
    assert context.name == "TraceContext"
    assert {field.name: field.type for field in context.fields} == dict.fromkeys(
        ("trace_id", "span_id", "parent_span_id"), FieldDescriptor.TYPE_BYTES
    )
    members = [field.message_type and field.message_type.name for field in descriptor.oneofs_by_name["payload"].fields]
    assert members[:4] == ["JobSubmit", "JobResult", "Handshake", "Heartbeat"]


def test_the_header_of_a_packet() -> None:
    before = now_ms()
    trace = TraceContext(b"t" * 16, b"s" * 8, b"p" * 8)
    packets = [control_pb2.ControlPacket.FromString(encode(Cancel("j"), trace)) for _ in range(50)]
    for packet in packets:
        assert str(uuid.UUID(packet.request_id)) == packet.request_id
        assert uuid.UUID(packet.request_id).version == 4
        assert uuid.UUID(packet.request_id).variant == uuid.RFC_4122
        assert before <= packet.timestamp <= now_ms()
        context = packet.trace_context
        assert (context.trace_id, context.span_id, context.parent_span_id) == (b"t" * 16, b"s" * 8, b"p" * 8)
    assert len({packet.request_id for packet in packets}) == 50


def test_the_trace_of_a_packet_is_read_too() -> None:
    trace = TraceContext(b"t" * 16, b"s" * 8, b"p" * 8)
    assert decode_traced(encode(Cancel("j"), trace)) == (Cancel("j"), trace)


def test_a_job_carries_its_own_trace() -> None:
    packet = control_pb2.ControlPacket.FromString(encode(Job("j", "e", "n", "t")))
    context = packet.trace_context
    assert [len(part) for part in (context.trace_id, context.span_id, context.parent_span_id)] == [16, 8, 8]


def _decode_or_refuse(body: bytes) -> None:
    """Whatever else `decode` raises fails the test."""
    refused = ""
    try:
        decode(body)
    except WorkerError as error:
        refused = error.code
    assert refused in ("", "WK-010")


def test_what_is_wrong_in_the_graph_keeps_its_place() -> None:
    problem = Problem("VE-010", "too large", "n", "seconds")
    outcome = decode(encode(JobOutcome("j", error=GraphError("VE-010", "n: too large", problems=(problem,)))))
    assert isinstance(outcome, JobOutcome)
    assert outcome.error is not None
    assert [(found.code, found.node_id, found.port) for found in outcome.error.problems] == [("VE-010", "n", "seconds")]


@pytest.mark.parametrize("text", [b"5", b"{", b"[5]", b'[{"code": "VE-010", "what": 1}]'])
def test_problems_that_are_none_are_refused(text: bytes) -> None:
    packet = control_pb2.ControlPacket(job_result={"error": {"code": "VE-010", "problems_json": text}})
    with pytest.raises(WorkerError, match="WK-010"):
        decode(packet.SerializeToString())


def test_an_unknown_way_to_look_at_checksums_is_refused_and_none_is_the_usual() -> None:
    usual = Welcome("h", "a", "o", "s")
    assert decode(encode(replace(usual, checksums=""))) == usual
    with pytest.raises(WorkerError, match="WK-010"):
        decode(encode(replace(usual, checksums="sometimes")))
