"""OpenTelemetry's SDK for one test: the process's own tracer, which can be set once only, stays unset."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from vortex_prefect.core.trace import TraceContext


class Recording:
    """Spans that have ended, in the order of their ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sampler: Sampler | None = None) -> None:
        self._memory = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._memory))
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: self.provider)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All of them."""
        return self._memory.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [span for span in self.spans if span.name == name]


def context_of(span: ReadableSpan) -> TraceContext:
    """What packets say of a span."""
    own = span.get_span_context()
    assert own is not None
    parent = span.parent.span_id if span.parent else 0
    return TraceContext(
        own.trace_id.to_bytes(16, "big"),
        own.span_id.to_bytes(8, "big"),
        parent.to_bytes(8, "big"),
        own.trace_flags.sampled,
    )
