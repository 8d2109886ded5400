"""Trace contexts: how W3C writes them, and that they survive every way that they travel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job
from vortex_prefect.core.trace import TraceContext

TRACES = st.builds(
    TraceContext,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=8, max_size=8),
    st.booleans(),
)
#: The specification's own example.
EXAMPLE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_specifications_example() -> None:
    read = TraceContext.of_traceparent(EXAMPLE)
    assert read is not None
    assert read == TraceContext(bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736"), bytes.fromhex("00f067aa0ba902b7"))
    assert read.traceparent == EXAMPLE


@given(TRACES.filter(bool))
def test_what_is_written_is_read(context: TraceContext) -> None:
    assert TraceContext.of_traceparent(context.traceparent) == replace(context, parent_span_id=bytes(8))


@pytest.mark.parametrize(
    ("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True), ("fe", False), ("ff", True)]
)
def test_only_the_last_flag_counts(flags: str, sampled: bool) -> None:
    read = TraceContext.of_traceparent(EXAMPLE[:-2] + flags)
    assert read is not None
    assert read.sampled is sampled


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        EXAMPLE.upper(),
        EXAMPLE[:-1],
        EXAMPLE[1:],
        EXAMPLE + "-00",
        EXAMPLE + "0",
        EXAMPLE.replace("-", "_"),
        EXAMPLE + ", " + EXAMPLE,
        "ff" + EXAMPLE[2:],
        "zz" + EXAMPLE[2:],
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        EXAMPLE + "\n",
        EXAMPLE.replace("4", "٤"),
    ],
)
def test_what_is_malformed_is_no_parent(text: str | None) -> None:
    assert TraceContext.of_traceparent(text) is None


@given(st.text())
def test_any_text_is_read_without_a_failure(text: str) -> None:
    read = TraceContext.of_traceparent(text)
    assert read is None or read.traceparent[3:53] in text


def test_a_version_to_come_may_say_more() -> None:
    for text in (f" \t{EXAMPLE} ", "01" + EXAMPLE[2:], "cc" + EXAMPLE[2:] + "-what-ever"):
        read = TraceContext.of_traceparent(text)
        assert read is not None
        assert read.traceparent == EXAMPLE


@given(TRACES)
def test_json_and_back(context: TraceContext) -> None:
    assert TraceContext.from_dict(json.loads(json.dumps(context.to_dict()))) == context


def request(**fields: Any) -> ExecutionRequest:
    return ExecutionRequest("e", {"nodes": {}}, "hash", ("a",), True, 3, **fields)


@given(st.none() | TRACES)
def test_requests_carry_any_context(context: TraceContext | None) -> None:
    asked = request(trace=context)
    assert ExecutionRequest.from_dict(msgpack.unpackb(msgpack.packb(asked.to_dict()))) == asked


def test_a_request_from_before_there_were_any() -> None:
    data = request().to_dict()
    del data["trace"]
    assert ExecutionRequest.from_dict(data) == request()


@given(TRACES)
def test_jobs_carry_any_context(context: TraceContext) -> None:
    job = Job("j", "e", "n", "t", trace=context)
    assert Job.from_dict(msgpack.unpackb(msgpack.packb(job.to_dict()))).trace == context


def test_an_execution_that_nobody_traces_has_its_own_id() -> None:
    execution_id = new_id()
    context = TraceContext.of_execution(execution_id)
    assert context.trace_id.hex() == execution_id.replace("-", "")
    assert not context
    assert TraceContext.of_execution("e") == TraceContext()
