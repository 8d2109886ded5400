"""JSON as the tables hold it."""

from __future__ import annotations

import json
from typing import Any

import orjson

#: Under this key stands, as text, what JSON cannot say but Python's own encoder writes: NaN and infinities.
#: PostgreSQL takes only what the standard allows. An object of this form itself is wrapped once more.
_ESCAPE = "$python"
#: `json.dumps` makes one anew each time that it is not asked for its defaults.
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_STANDARD = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
#: What Python's encoder refuses, orjson has to leave to it.
_REFUSING = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


def encode(value: Any) -> str:
    """Python's JSON, compact.

    Raises:
        TypeError, ValueError: there is no JSON for it.
    """
    return _fast(value) or _ENCODER.encode(value)


def decode(text: str | bytes) -> Any:
    """What `encode` wrote."""
    # Whole numbers here have at most 64 bits, which is what msgpack carries and `json_problems` lets pass.
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # NaN, infinities and lone surrogates, which Python's encoder writes.
        return json.loads(text)


def encode_standard(value: Any) -> str:
    """As `encode`, in RFC 8259's JSON whatever the value holds."""
    try:
        if not (isinstance(value, dict) and _ESCAPE in value):
            return _fast(value) or _STANDARD.encode(value)
    except ValueError:
        pass
    return json.dumps({_ESCAPE: encode(value)})


def decode_standard(text: str | bytes) -> Any:
    """What `encode_standard` wrote."""
    value = decode(text)
    if isinstance(value, dict) and len(value) == 1 and isinstance(escaped := value.get(_ESCAPE), str):
        return json.loads(escaped)
    return value


def _fast(value: Any) -> str | None:
    """By orjson, in a fifth of the time; null for what it refuses, or may have written otherwise than Python."""
    try:
        text = orjson.dumps(value, option=_REFUSING)
    except TypeError:  # numbers of more than 64 bits, lone surrogates, and what has no JSON at all
        return None
    return None if b"null" in text else text.decode()  # NaN becomes null, too
