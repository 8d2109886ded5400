"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Request

from vortex_prefect.core.errors import RequestError

# A string of RFC 8941, as the draft says; without its quotation marks, as most clients send it.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BARE = re.compile(r"[\x21\x23-\x7e][\x20-\x7e]*")


def _key(
    request: Request,
    idempotency_key: Annotated[  # noqa: ARG001 - for the description alone: FastAPI shows the last of several
        str | None,
        Header(
            description="A repetition with the same key gives the first answer and makes nothing new.",
            examples=['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> str | None:
    found = {_read(text) for text in request.headers.getlist("idempotency-key")}
    if len(found) > 1:
        raise RequestError("RQ-001", "Idempotency-Key is there more than once")
    return found.pop() if found else None


def _read(text: str) -> str:
    if quoted := _QUOTED.fullmatch(text.strip()):
        key = re.sub(r"\\(.)", r"\1", quoted.group(1))
    else:
        key = text.strip() if _BARE.fullmatch(text.strip()) else ""
    if not 1 <= len(key) <= 200:
        raise RequestError("RQ-001", "Idempotency-Key is 1 to 200 printable ASCII characters")
    return key


#: The key of the request, or null.
IdempotencyKey = Annotated[str | None, Depends(_key)]
