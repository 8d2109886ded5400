"""Refuses what no page of this server's own would send (RQ-008).

A page of any other site can make a browser send requests to a loopback
address. The Host check stops DNS rebinding, the Origin check stops forged
requests and foreign WebSockets, which the same-origin policy does not cover.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from vortex_prefect.bridge.problems import answer
from vortex_prefect.core.errors import RequestError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_INERT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Guard:
    """ASGI middleware, which also lets no other site show this server's answers in a frame or as its own.

    Args:
        hosts: names that clients may use beside the loopback ones.
        addresses: whether any address does as well as a name. A page reaches this server under a name of its own
            choice, never under an address, so beyond loopback, where tokens are asked for, that is safe.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], *, addresses: bool = False) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {host.lower().strip("[]") for host in hosts}
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _inert(send)
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
        name = _address(f"http://{host}")[0]
        if name not in self._hosts and not (self._addresses and _is_address(name)):
            return f"{host or 'a missing host'} is not a name of this server"
        origin = headers.get("origin")
        acts = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if acts and origin is not None and not _same(origin, host):
            return f"pages of {origin} may not do this"
        return None


def _inert(send: Send) -> Send:
    """Adds what keeps other sites' pages from using an answer, where the route says nothing of its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _INERT.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _is_address(name: str | None) -> bool:
    try:
        ipaddress.ip_address(name or "")
    except ValueError:
        return False
    return True


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
