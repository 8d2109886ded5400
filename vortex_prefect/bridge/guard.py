"""Refuses what no page of this server's own would send (RQ-008).

A page of any other site can make a browser send requests to a loopback
address. The Host check stops DNS rebinding, the Origin check stops forged
requests and foreign WebSockets, which the same-origin policy does not cover.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from vortex_prefect.bridge.problems import answer
from vortex_prefect.core.errors import RequestError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Guard:
    """ASGI middleware; `hosts` are names that clients may use beside the loopback ones."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {host.lower().strip("[]") for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (reason := self._refusal(scope)) is not None:
            if scope["type"] == "websocket":
                await WebSocketClose(1008, reason)(scope, receive, send)
            else:
                await answer(RequestError("RQ-008", reason))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _address(f"http://{host}")[0] not in self._hosts:
            return f"{host or 'a missing host'} is not a name of this server"
        origin = headers.get("origin")
        acts = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if acts and origin is not None and not _same(origin, host):
            return f"pages of {origin} may not do this"
        return None


def _same(origin: str, host: str) -> bool:
    scheme = urlsplit(origin).scheme
    return scheme in _DEFAULT_PORTS and _address(origin) == _address(f"{scheme}://{host}")


def _address(url: str) -> tuple[str | None, int | None]:
    """Host name and port of a URL; nothing where it is none."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None, None
