"""JSON as the tables hold it."""

from __future__ import annotations

import json
from typing import Any

import orjson

#: Under this key stands, as text, what JSON cannot say but Python's own encoder writes: NaN and infinities.
#: PostgreSQL takes only what the standard allows. An object of this form itself is wrapped once more.
_ESCAPE = "$python"


def encode(value: Any) -> str:
    """Python's JSON, compact.

    Raises:
        TypeError, ValueError: there is no JSON for it.
    """
    return json.dumps(value, separators=(",", ":"))


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
            return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        pass
    return json.dumps({_ESCAPE: encode(value)})


def decode_standard(text: str | bytes) -> Any:
    """What `encode_standard` wrote."""
    value = decode(text)
    if isinstance(value, dict) and len(value) == 1 and isinstance(escaped := value.get(_ESCAPE), str):
        return json.loads(escaped)
    return value
