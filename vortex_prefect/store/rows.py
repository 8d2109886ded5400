"""Between the vocabulary's records and the tables' rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from vortex_prefect.core.contracts import ExecutionRecord, GraphHead, GraphRecord
from vortex_prefect.core.events import Event, Fact
from vortex_prefect.core.ids import is_id
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.upcasting import upcast

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


def event_row(event: Event) -> dict[str, Any]:
    """All columns but `sequence_number`, which the log gives.

    Raises:
        ValueError: an id is not in its canonical form.
    """
    return {
        "event_id": _required_id("event_id", event.event_id),
        "trace_id": _padded_uuid("trace_id", event.trace_id, _TRACE_ID),
        "span_id": _padded_uuid("span_id", event.span_id, _SPAN_ID),
        "event_type": event.event_type,
        "aggregate_type": event.aggregate_type,
        "aggregate_id": _required_id("aggregate_id", event.aggregate_id),
        "payload": event.payload,
        "metadata": event.metadata,
        "created_at": _EPOCH + event.created_ms * _MS,
    }


def event_of(row: RowMapping | Mapping[str, Any]) -> Event:
    """The event of a row of `events`."""
    trace_id, span_id = row["trace_id"], row["span_id"]
    payload, metadata = upcast(row["event_type"], row["payload"], row["metadata"])
    return Event(
        event_type=row["event_type"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        payload=payload,
        metadata=metadata,
        trace_id=trace_id and UUID(trace_id).hex,
        span_id=span_id and UUID(span_id).hex[16:],
        event_id=row["event_id"],
        created_ms=_ms_of(row["created_at"]),
        sequence_number=row["sequence_number"],
    )


def fact_of(row: Sequence[Any]) -> Fact:
    """The fact of a row of `Database.read_facts`."""
    number, event_type, aggregate_type, aggregate_id, payload, metadata, at = row
    payload, metadata = upcast(event_type, payload, metadata)
    return Fact(number, event_type, aggregate_type, aggregate_id, payload, metadata, _ms_of(at))


def graph_row(record: GraphRecord) -> dict[str, Any]:
    """The columns of `graphs`.

    Raises:
        ValueError: the id is not a UUID in its canonical form.
    """
    _required_id("graph id", record.id)
    row = {name: getattr(record, name) for name in record.__slots__}
    return {**row, "name": text_of(record.name), "nodes": len(record.document.get("nodes", ()))}


def graph_of(row: RowMapping) -> GraphRecord:
    """The record of a row of `graphs`."""
    fields = {name: value for name, value in row.items() if name not in ("nodes", "state")}
    return GraphRecord(**{**fields, "name": row["document"].get("name", row["name"])})


def head_of(row: RowMapping) -> GraphHead:
    """The head of a row of `graphs` without its document."""
    return GraphHead(**{**row, "state": GraphState(row["state"])})


def execution_row(record: ExecutionRecord) -> dict[str, Any]:
    """The columns of `executions`.

    Raises:
        ValueError: an id is not a UUID in its canonical form.
    """
    _required_id("execution id", record.id)
    _required_id("graph id", record.graph_id)
    row = {name: getattr(record, name) for name in record.__slots__}
    options = record.options
    named = {"idempotency_key": text_of(options.get("idempotency_key")), "drawn": options.get("drawn")}
    return {**row, "status": record.status.value, **named}


def execution_of(row: RowMapping) -> ExecutionRecord:
    """The record of a row of `executions`."""
    fields = {name: value for name, value in row.items() if name not in ("idempotency_key", "revision", "drawn")}
    return ExecutionRecord(**{**fields, "status": ExecutionStatus(row["status"])})


def text_of(text: str | None) -> str | None:
    """A text that columns take: PostgreSQL's hold no NUL, and nobody's half a surrogate pair."""
    return None if text is None else text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _required_id(name: str, text: str) -> str:
    # SQLite would take any text and hand back a damaged one; PostgreSQL would refuse it late.
    if not is_id(text):
        raise ValueError(f"{name} {text!r} is not a UUID in canonical form")
    return text


def _padded_uuid(name: str, digits: str | None, form: re.Pattern[str]) -> str | None:
    if digits is None:
        return None
    if not form.fullmatch(digits):
        raise ValueError(f"{name} {digits!r} is not of the form {form.pattern}")
    return str(UUID(digits.zfill(32)))


def _ms_of(at: datetime) -> int:
    # SQLite keeps no time zone; what stands there is UTC, because `event_row` wrote it so.
    return (at.replace(tzinfo=at.tzinfo or UTC) - _EPOCH) // _MS
