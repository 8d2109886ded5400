"""Identifiers: UUIDs as lower-case text, and the directions between text and bytes."""

from __future__ import annotations

import os
import re
import time
import uuid

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh random UUID (version 4) as text."""
    # By hand: `uuid.uuid4` and its text take 8 µs, of an append's 50.
    digits = os.urandom(16).hex()
    variant = "89ab"[ord(digits[16]) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_ordered_id() -> str:
    """A fresh UUID (version 7, RFC 9562) as text: those of one millisecond stand together in an index."""
    digits = f"{now_ms():012x}{os.urandom(10).hex()}"
    variant = "89ab"[ord(digits[16]) & 3]
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


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
