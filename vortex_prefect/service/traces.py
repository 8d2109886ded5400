"""The trace that an execution belongs to, as its record has it."""

from __future__ import annotations

from vortex_prefect.core.contracts import ExecutionRecord
from vortex_prefect.core.trace import TraceContext


def asked_by(record: ExecutionRecord) -> TraceContext | None:
    """The span that asked for an execution; null for one that nobody traces, and of records from before there was any.

    It is stored, since an execution may wait longer than the process lives that took it in.
    """
    trace = record.options.get("trace")
    return None if trace is None else TraceContext.from_dict(trace)


def trace_id(record: ExecutionRecord) -> str:
    """32 hexadecimal digits: the id of the trace that asked, else the execution's own."""
    asked = asked_by(record)
    return record.id.replace("-", "") if asked is None else asked.trace_id.hex()
