"""Which trace a request belongs to: the one that its header names, or the one that begins with it."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from vortex_prefect.core.trace import TraceContext

#: Key of the scope's state.
_TRACE_ID = "vortex_trace_id"


def named_trace(connection: HTTPConnection) -> TraceContext | None:
    """What the header `traceparent` names, if there is just one."""
    named = connection.headers.getlist("traceparent")
    return TraceContext.of_traceparent(named[0]) if len(named) == 1 else None


def note_trace(connection: HTTPConnection, trace_id: str) -> None:
    """A trace begins with the request."""
    connection.scope.setdefault("state", {})[_TRACE_ID] = trace_id


def trace_id_of(connection: HTTPConnection) -> str | None:
    """32 hexadecimal digits, or null."""
    noted: str | None = connection.scope.get("state", {}).get(_TRACE_ID)
    named = named_trace(connection)
    return noted or (named.trace_id.hex() if named else None)
