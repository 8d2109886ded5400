"""Conditional requests (RFC 9110 §13): entity tags, `If-None-Match` and `If-Match`."""

from __future__ import annotations

import re

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vortex_prefect.core.errors import RequestError

#: One entity tag of a list, with what separates it from the next.
_TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)|\s*([0-9]{1,18})\s*(?:,|$)|\s*,')

#: What a 304 tells beside its tag (§15.4.5); all else describes content that it does not have.
_KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")


class Conditional:
    """ASGI middleware: a GET whose answer has an ETag that the client has already gets 304 without content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = _none_match(scope)
        if named is None:
            await self._app(scope, receive, send)
            return
        unchanged = False

        async def sending(message: Message) -> None:
            nonlocal unchanged
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = Headers(raw=message["headers"])
                if unchanged := "etag" in headers and _holds(named, headers["etag"]):
                    kept = [(name, value) for name, value in message["headers"] if name.decode() in _KEPT]
                    message = {**message, "status": 304, "headers": kept}
            elif unchanged and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, sending)


def not_modified(request: Request, etag: str, cache_control: str) -> Response | None:
    """304 if the client has what the tag names: for routes whose content costs something to get."""
    named = _none_match(request.scope)
    if named is None or not _holds(named, etag):
        return None
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": cache_control})


def tagged(response: Response, etag: str, cache_control: str) -> Response:
    """The answer with a tag, in place of any that it had."""
    headers = MutableHeaders(raw=response.raw_headers)
    headers["ETag"] = etag
    headers["Cache-Control"] = cache_control
    return response


def versions_of(if_match: str | None) -> frozenset[int] | None:
    """The versions of a graph that `If-Match` names (§13.1.1); null for any.

    Weak tags count: a proxy that compresses makes a strong tag weak, and a version says more than bytes do.

    Raises:
        RequestError: RQ-001, it is no list of entity tags.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(tag) for tag in _tags(if_match, "If-Match") if tag.isascii() and tag.isdecimal())


def _none_match(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    lines = Headers(scope=scope).getlist("if-none-match")
    return ", ".join(lines) or None


def _holds(named: str, etag: str) -> bool:
    """Weak comparison (§8.8.3.2); what is no list of tags names nothing, and the content is sent."""
    if named.strip() == "*":
        return True
    try:
        return etag.removeprefix("W/").strip('"') in _tags(named, "If-None-Match")
    except RequestError:
        return False


def _tags(text: str, header: str) -> list[str]:
    tags, at = [], 0
    while at < len(text):
        if (found := _TAG.match(text, at)) is None:
            raise RequestError("RQ-001", f'{header} is not a list of entity tags such as "3"')
        tags.append(found.group(1) if found.group(1) is not None else found.group(2) or "")
        at = found.end()
    # Empty members of a list mean nothing (§5.6.1.2).
    return [tag for tag in tags if tag]
