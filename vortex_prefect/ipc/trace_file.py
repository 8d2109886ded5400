"""Spans as lines of a file: for tests, and for people without a collector. Needs OpenTelemetry's SDK."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.resources import SERVICE_NAME
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult


class TraceFile(SpanExporter):
    """Appends a JSON object a line to a file that any number of processes write.

    `{service, scope, name, trace_id, span_id, parent_span_id, start_ns, end_ns, attributes, status, message}`; the
    scope is the library that made it (`vortex`, `prefect`), the parent is null for the first span of a trace, the
    status is UNSET, OK or ERROR.
    """

    def __init__(self, path: str) -> None:
        """Opens, and where there is none makes, the file; OSError if it cannot be written."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append the spans, in one call: Linux lets no other writer come between."""
        lines = "".join(json.dumps(described(span), separators=(",", ":")) + "\n" for span in spans)
        os.write(self._descriptor, lines.encode())
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Let go of the file. Repeating does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def described(span: ReadableSpan) -> dict[str, Any]:
    """A span that has ended, in its JSON form."""
    own, parent = span.get_span_context(), span.parent
    return {
        "service": span.resource.attributes.get(SERVICE_NAME),
        "scope": span.instrumentation_scope.name if span.instrumentation_scope else None,
        "name": span.name,
        "trace_id": f"{own.trace_id:032x}" if own else None,
        "span_id": f"{own.span_id:016x}" if own else None,
        "parent_span_id": f"{parent.span_id:016x}" if parent else None,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "attributes": dict(span.attributes or {}),
        "status": span.status.status_code.name,
        "message": span.status.description,
    }
