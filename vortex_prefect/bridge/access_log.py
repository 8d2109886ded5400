"""The access log: a line for each request that was answered, and for each WebSocket that has ended.

A line names the route and not the address: what stands in a path or a query (ids, names, codes for a login) is not in
it, and neither are headers and bodies.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vortex_prefect.bridge.access import address_of, identity_of
from vortex_prefect.bridge.request_trace import trace_id_of

logger = logging.getLogger("vortex_prefect.access")

_SWITCHING = 101
_FORBIDDEN = 403


class AccessLog:
    """ASGI middleware, the outermost one: what others refuse is logged too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status: int | None = None
        began = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            status = status or _status(message)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            _log(scope, status, (time.perf_counter() - began) * 1000)


def _status(message: Message) -> int | None:
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return _SWITCHING
        case "websocket.close":  # without having been accepted: the server answers so
            return _FORBIDDEN
    return None


def _log(scope: Scope, status: int | None, took_ms: float) -> None:
    connection = HTTPConnection(scope)
    identity = identity_of(connection)
    fields: dict[str, Any] = {
        "method": "WEBSOCKET" if scope["type"] == "websocket" else scope["method"],
        "route": getattr(scope.get("route"), "path", "other"),
        "status": status,
        "ms": round(took_ms, 1),
        "user": None if identity is None else identity.user,
        "address": address_of(connection),
        "trace_id": trace_id_of(connection),
    }
    line = " ".join(f"{name}={_text(value)}" for name, value in fields.items())
    logger.info("%s", line, extra={"fields": fields})


def _text(value: Any) -> str:
    """As logfmt has it: quoted where a reader would not see the end."""
    if value is None:
        return "-"
    text = str(value)
    return json.dumps(text) if not text or any(letter in text for letter in ' "=\\') or not text.isprintable() else text
