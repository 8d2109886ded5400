"""What a route says of itself for OpenAPI: what it gives, takes, and with which codes it refuses.

`openapi` makes the answers of the codes from the catalogue in `core.errors`, and
takes the examples from `examples`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from vortex_prefect.core.errors import CODES

#: Member of an operation under which its codes stand.
CODES_MEMBER = "x-error-codes"

#: Name of a response header → what it says.
HEADERS = {
    "ETag": "Entity tag of the content; `If-None-Match` with it gives 304 for as long as it stays the same.",
    "Cache-Control": "How long, and where, the content may be kept.",
    "Content-Disposition": "`attachment` for what a browser must not show on this origin.",
    "X-Content-Type-Options": "`nosniff`: the media type is what it says.",
    "Link": 'The page that follows, as `<address>; rel="next"` (RFC 8288); absent on the last one.',
    "Location": "Where that which was made is.",
    "Retry-After": "Seconds after which another try may succeed.",
    "Set-Cookie": "The session, which scripts cannot read.",
    "WWW-Authenticate": "How to say who you are (RFC 6750).",
}


def gives(status: int, model: type[BaseModel] | None, *headers: str, media: tuple[str, ...] = ()) -> dict[Any, Any]:
    """`responses` of a route: a model as JSON, or content of other types, and its headers.

    Args:
        media: media types beside JSON, or in place of it where there is no model.
    """
    told: dict[str, Any] = {"headers": {name: header(name) for name in headers}} if headers else {}
    if model is not None:
        told["model"] = model
    if media:
        told["content"] = {name: {} for name in media}
    found = {status: told}
    if "ETag" in headers and status == 200:
        found[304] = {"description": "Not modified", "headers": {"ETag": header("ETag")}}
    return found


def header(name: str) -> dict[str, Any]:
    """One response header."""
    kind = "integer" if name == "Retry-After" else "string"
    return {"description": HEADERS[name], "schema": {"type": kind}}


def refuses(*codes: str) -> dict[str, Any]:
    """Codes of a route's own; `openapi` adds those that every route may answer with."""
    for code in codes:
        CODES[code]
    return {CODES_MEMBER: list(codes)}
