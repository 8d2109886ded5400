"""Spans of our own through OpenTelemetry's API, and the trace contexts that packets carry for them.

Where no tracer is set up, which is the rule, a span is a random number: packets, logs and events correlate all the
same. Where one is, whoever set it up (`ipc.trace_setup`, a person's own code), its spans have the same ids.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Literal, Protocol, Self

from opentelemetry import context as current
from opentelemetry import trace as api

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import new_span_id, new_trace_id
from vortex_prefect.core.log_context import LOG_CONTEXT, LogContext
from vortex_prefect.core.trace import TraceContext

Attributes = Mapping[str, str | int]
Kind = Literal["internal", "server"]

_NOTHING: Attributes = {}
_NO_TRACE = bytes(16)
_NO_SPAN = bytes(8)
_KINDS = {"internal": api.SpanKind.INTERNAL, "server": api.SpanKind.SERVER}
_SCOPE = "vortex"

#: The id that a trace is to have which begins here; 0 for any. `trace_setup` gives tracers a generator that looks.
WANTED_TRACE_ID: ContextVar[int] = ContextVar("wanted_trace_id", default=0)


class Span(Protocol):
    """A piece of work while it lasts. As a context manager it ends with the block, and an exception marks it failed.

    Within the block it is the current span of OpenTelemetry too, so that whatever else makes spans puts them under it.
    """

    @property
    def trace(self) -> TraceContext:
        """What goes into the packets and requests that belong to it."""

    @property
    def traced(self) -> bool:
        """Whether anybody follows its trace: whoever began it, or a tracer of this process."""

    def set(self, name: str, value: str | int) -> None:
        """Say something of it that was not known when it began."""

    def fail(self, code: str, message: str) -> None:
        """Mark it as failed."""

    def end(self) -> None:
        """End it, where there is no block; ending it again does nothing."""

    def __enter__(self) -> Self:
        """Begin the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block and the span."""


def span(name: str, parent: TraceContext, attributes: Attributes = _NOTHING, kind: Kind = "internal") -> Span:
    """Begin a piece of work that belongs to `parent`.

    Args:
        parent: with zero ids a trace begins. A trace id without a span's is the id that the new trace is to have, if
            the tracer lets us choose it.
        kind: `server` for the answer to somebody else's request.
    """
    provider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider):
        return _Unrecorded(parent, attributes)
    begun = _begun(provider, name, parent, attributes, _KINDS[kind])
    own = begun.get_span_context()
    if not own.is_valid or own.span_id == int.from_bytes(parent.span_id, "big"):
        return _Unrecorded(parent, attributes)  # a tracer that does nothing passes the parent through
    return _Recorded(begun, own, parent, attributes)


class _Unrecorded:
    """A span that nobody sees: its context only."""

    __slots__ = ("_logged", "_names", "trace")

    def __init__(self, parent: TraceContext, names: Attributes) -> None:
        self._names = names
        trace_id, above = parent.trace_id, parent.span_id
        if trace_id == _NO_TRACE:
            trace_id, above = new_trace_id(), _NO_SPAN
        self.trace = TraceContext(trace_id, new_span_id(), above, parent.sampled)

    @property
    def traced(self) -> bool:
        return self.trace.parent_span_id != _NO_SPAN

    def set(self, name: str, value: str | int) -> None:
        pass

    def fail(self, code: str, message: str) -> None:
        pass

    def end(self) -> None:
        pass

    def __enter__(self) -> Self:
        self._logged = LOG_CONTEXT.set(LogContext(self.trace, self._names))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        LOG_CONTEXT.reset(self._logged)


class _Recorded:
    """A span of a tracer."""

    __slots__ = ("_logged", "_names", "_span", "_token", "trace")

    traced = True

    def __init__(self, begun: api.Span, own: api.SpanContext, parent: TraceContext, names: Attributes) -> None:
        self._names = names
        self._span = begun
        self._token: Token[current.Context] | None = None
        trace_id, span_id = own.trace_id.to_bytes(16, "big"), own.span_id.to_bytes(8, "big")
        # A tracer that samples by its own rules has decided for all that follows.
        self.trace = TraceContext(trace_id, span_id, parent.span_id if parent else _NO_SPAN, own.trace_flags.sampled)

    def set(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def fail(self, code: str, message: str) -> None:
        self._span.set_attribute("error.type", code)
        self._span.set_status(api.StatusCode.ERROR, message)

    def end(self) -> None:
        if self._span.is_recording():  # a tracer warns of the second time
            self._span.end()

    def __enter__(self) -> Self:
        self._logged = LOG_CONTEXT.set(LogContext(self.trace, self._names))
        self._token = current.attach(api.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        LOG_CONTEXT.reset(self._logged)
        if self._token is not None:
            current.detach(self._token)
        if isinstance(error, VortexError):
            self.fail(error.code, error.message)
        elif error is not None:
            self.fail(type(error).__name__, str(error))
        self.end()


@functools.lru_cache(maxsize=1)
def _tracer(provider: api.TracerProvider) -> api.Tracer:
    """Its tracer, made once: an SDK makes a new one each time that it is asked."""
    return provider.get_tracer(_SCOPE)


def _begun(
    provider: api.TracerProvider, name: str, parent: TraceContext, attributes: Attributes, kind: api.SpanKind
) -> api.Span:
    tracer = _tracer(provider)
    if parent:
        return tracer.start_span(name, _remote(parent), kind, attributes)
    wanted = WANTED_TRACE_ID.set(int.from_bytes(parent.trace_id, "big"))
    try:
        return tracer.start_span(name, current.Context(), kind, attributes)
    finally:
        WANTED_TRACE_ID.reset(wanted)


def _remote(parent: TraceContext) -> current.Context:
    flags = api.TraceFlags(api.TraceFlags.SAMPLED if parent.sampled else api.TraceFlags.DEFAULT)
    ids = int.from_bytes(parent.trace_id, "big"), int.from_bytes(parent.span_id, "big")
    above = api.NonRecordingSpan(api.SpanContext(*ids, is_remote=True, trace_flags=flags))
    return api.set_span_in_context(above, current.Context())
