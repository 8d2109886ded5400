"""The owner's side: requests that come through another bridge are the clients' requests, not that bridge's."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from vortex_prefect.bridge.standby.headers import DOOR
from vortex_prefect.bridge.standby.refusal import no_owner, refuse

_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class ThroughDoors:
    """ASGI middleware: takes another bridge's word on a client's address and scheme, where it shows the owner's key.

    Only who can read the store knows the key, so that nobody has to list the other bridges as trusted proxies.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = None
        if scope["type"] in ("http", "websocket"):
            shown = next((value for name, value in scope["headers"] if name == DOOR), None)
        if shown is None:
            await self._app(scope, receive, send)
        elif secrets.compare_digest(shown, self._key):
            await self._app(_of_client(scope), receive, send)
        else:
            # It means the owner before this one, and will know better in a moment.
            await refuse(no_owner("this request was for another owner of the store"), scope, receive, send)


def _of_client(scope: Scope) -> Scope:
    headers = Headers(scope=scope)
    address, scheme = headers.get("x-forwarded-for"), headers.get("x-forwarded-proto", "http")
    if scope["type"] == "websocket":
        scheme = _SOCKET_SCHEMES.get(scheme, scheme)
    fields = [(name, value) for name, value in scope["headers"] if name != DOOR]
    return {**scope, "headers": fields, "client": (address, 0) if address else None, "scheme": scheme}
