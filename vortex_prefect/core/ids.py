"""Identifiers: UUIDs as lower-case text, and the directions between text and bytes."""

from __future__ import annotations

import os
import re
import time
import uuid

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh random UUID (version 4) as text."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical lower-case form."""
    return _ID.fullmatch(text) is not None


def derived_id(*parts: str) -> str:
    """A UUID that depends on `parts` alone (version 5), so that a replay gives the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join(parts)))


def new_trace_id() -> bytes:
    """16 random bytes, as W3C trace context asks."""
    return os.urandom(16)


def new_span_id() -> bytes:
    """8 random bytes, as W3C trace context asks."""
    return os.urandom(8)


def now_ms() -> int:
    """Wall clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000
