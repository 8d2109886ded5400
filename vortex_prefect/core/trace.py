"""The place of a piece of work in a trace (W3C Trace Context, https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NO_TRACE = bytes(16)
_NO_SPAN = bytes(8)
_SAMPLED = 1
#: §3.2: version, trace, parent and flags in lower-case hexadecimal digits; versions to come may add parts.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """W3C trace context in the control packet's widths: 16, 8 and 8 bytes. Zero ids stand for none."""

    trace_id: bytes = _NO_TRACE
    span_id: bytes = _NO_SPAN
    parent_span_id: bytes = _NO_SPAN
    #: Whoever began the trace wants it recorded. Control packets do not carry this: what comes out of one is sampled.
    sampled: bool = True

    def __bool__(self) -> bool:
        """Whether it names a span."""
        return self.trace_id != _NO_TRACE and self.span_id != _NO_SPAN

    @property
    def traceparent(self) -> str:
        """The header that makes it the parent of what is asked for."""
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-{int(self.sampled):02x}"

    @classmethod
    def of_traceparent(cls, text: str | None) -> TraceContext | None:
        """What a header `traceparent` names; null for none, and for one that is malformed, as §3.2 asks."""
        found = _TRACEPARENT.fullmatch((text or "").strip(" \t"))
        if found is None or (found[1] == "00" and found[5]):
            return None
        read = cls(bytes.fromhex(found[2]), bytes.fromhex(found[3]), sampled=bool(int(found[4], 16) & _SAMPLED))
        return read or None

    @classmethod
    def of_execution(cls, execution_id: str) -> TraceContext:
        """Where an execution that nobody traces begins: no span yet, in the trace that has the execution's own id.

        So the log of events, packets and spans correlate by it. An id that is no UUID gives a trace of any id.
        """
        try:
            return cls(uuid.UUID(execution_id).bytes)
        except ValueError:
            return cls()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        ids = {"trace_id": self.trace_id, "span_id": self.span_id, "parent_span_id": self.parent_span_id}
        return {**{name: value.hex() for name, value in ids.items()}, "sampled": self.sampled}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TraceContext:
        """Rebuild from `to_dict`."""
        ids = [bytes.fromhex(data[name]) for name in ("trace_id", "span_id", "parent_span_id")]
        return cls(ids[0], ids[1], ids[2], data["sampled"])
