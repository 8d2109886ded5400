"""What a peer may send that no honest one does."""

from __future__ import annotations

from typing import Any

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.wire import framing
from vortex_prefect.wire._pb import control_pb2
from vortex_prefect.wire.framing import FrameReader
from vortex_prefect.wire.packets import decode, decode_traced, encode
from vortex_prefect.wire.payloads import Cancel


def _refused(packet: control_pb2.ControlPacket) -> str:
    with pytest.raises(WorkerError, match="WK-010") as raised:
        decode(packet.SerializeToString())
    return raised.value.message


def test_a_frame_above_the_limit_that_comes_at_once_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME_BYTES", 3)
    assert FrameReader().take(memoryview(b"\3\0\0\0abc")) == b"abc"
    with pytest.raises(WorkerError, match="WK-010"):
        FrameReader().take(memoryview(b"\4\0\0\0abcd"))


@pytest.mark.parametrize("parts", [(b"t" * 15, b"s" * 9, b"p" * 8), (b"", b"", b""), (b"t" * 32, b"", b"")])
def test_a_trace_of_other_widths_is_none(parts: tuple[bytes, bytes, bytes]) -> None:
    trace = dict(zip(("trace_id", "span_id", "parent_span_id"), parts, strict=True))
    packet = control_pb2.ControlPacket(trace_context=trace, job_cancel={"job_id": "j"})
    assert decode_traced(packet.SerializeToString()) == (Cancel("j"), TraceContext())
    with pytest.raises(WorkerError, match="WK-010"):
        encode(Cancel("j"), TraceContext(*parts))


@pytest.mark.parametrize("data", [2**64, -(2**63) - 1, {"a": [2**80]}, "\ud800", {"\udfff": 1}, ["a", "\udead"]])
def test_a_value_that_does_not_travel_on_is_refused_at_both_ends(data: Any) -> None:
    with pytest.raises(WorkerError, match="WK-010"):
        encode(JobOutcome("j", {"out": Value("ANY", data=data)}))
    text = repr(data).encode() if isinstance(data, int) else b'["\\ud800"]'
    assert "not a control packet" in _refused(
        control_pb2.ControlPacket(job_result={"outputs": [{"name": "out", "value": {"json": text}}]})
    )


@pytest.mark.parametrize(
    "data", [2**64 - 1, -(2**63), "\U0001f600", {"\U0001f600": 10**18}, 1e300, 1234567890.123456789]
)
def test_a_value_that_only_looks_so_travels(data: Any) -> None:
    outcome = JobOutcome("j", {"out": Value("ANY", data=data)})
    assert decode(encode(outcome)) == outcome


@pytest.mark.parametrize("text", ["1".encode("utf-16"), "1".encode("utf-32"), b'"\xed\xa0\x80"', b"\xef\xbb\xbf1"])
def test_json_is_utf8(text: bytes) -> None:
    _refused(control_pb2.ControlPacket(job_result={"outputs": [{"name": "out", "value": {"json": text}}]}))


@pytest.mark.parametrize("text", [b"5", b"[]", b"null", b'"a"'])
def test_parameters_are_an_object(text: bytes) -> None:
    assert "no object" in _refused(control_pb2.ControlPacket(job_submit={"params_json": text}))


def test_a_result_is_outputs_or_an_error() -> None:
    result = {"job_id": "j", "error": {"code": "WK-003"}, "outputs": [{"name": "out", "value": {"json": b"1"}}]}
    assert "an error" in _refused(control_pb2.ControlPacket(job_result=result))


def test_a_shape_has_no_negative_extent() -> None:
    outputs = [{"name": "out", "value": {"ref": {"host": "h", "shape": [2, -3], "dtype": "uint8"}}}]
    assert "(2, -3)" in _refused(control_pb2.ControlPacket(job_result={"outputs": outputs}))


@pytest.mark.parametrize(
    "problem",
    ['"code":"XX-1","message":"m"', '"code":[],"message":"m"', '"code":"VE-010","message":null',
     '"code":"VE-010","message":"m","port":5', '"code":"VE-010","message":"m","hint":{}'],
)  # fmt: skip
def test_a_problem_that_none_could_show_is_refused(problem: str) -> None:
    error = {"code": "VE-010", "problems_json": f"[{{{problem}}}]".encode()}
    _refused(control_pb2.ControlPacket(job_result={"error": error}))


def test_a_job_without_a_trace_can_be_sent_on() -> None:
    job = decode(control_pb2.ControlPacket(job_submit={"job_id": "j", "params_json": b"{}"}).SerializeToString())
    assert isinstance(job, Job)
    assert decode(encode(job)) == job
