"""What the current piece of work belongs to, for the lines that are logged meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple

from vortex_prefect.core.trace import TraceContext


class LogContext(NamedTuple):
    """A place in a trace, and the names of what it is about: `vortex.execution_id`, `vortex.node_id`."""

    trace: TraceContext
    names: Mapping[str, str | int]


#: Null outside of any piece of work. Tasks and `asyncio.to_thread` take it along, threads of a pool do not.
LOG_CONTEXT: ContextVar[LogContext | None] = ContextVar("log_context", default=None)
