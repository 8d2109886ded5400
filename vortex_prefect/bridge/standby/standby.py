"""The application of a bridge that waits for the store's lock: all that it is asked goes to the owner."""

from __future__ import annotations

import asyncio

import httpx
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from vortex_prefect.bridge.standby.headers import DOOR
from vortex_prefect.bridge.standby.http import Exchange, make_transport
from vortex_prefect.bridge.standby.refusal import no_owner, refuse
from vortex_prefect.bridge.standby.sockets import relay
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.owner import Owner

#: Seconds that an owner has for the next step of an answer, and for saying that it is there.
PATIENCE_S, _HEALTH_S = 60.0, 3.0


class Standby:
    """ASGI application. `see` is told of owners, and `close` ends what is under way.

    Args:
        exposed: whether this bridge can be reached from other machines. Then the owner has to be one that asks
            everybody who he is.
        connections: to the owner, for HTTP.
        patience_s: see `Exchange`.
    """

    def __init__(self, *, exposed: bool = False, connections: int = 1024, patience_s: float = PATIENCE_S) -> None:
        self._exposed = exposed
        self._patience_s = patience_s
        self._transport = make_transport(connections)
        self._owner: Owner | None = None
        self._retired = asyncio.Event()

    @property
    def owner(self) -> Owner | None:
        """Who has the lock, as far as is known."""
        return self._owner

    def see(self, owner: Owner | None) -> None:
        """He has the lock; what another had is ended."""
        if self._owner is not None and (owner is None or owner.id != self._owner.id):
            self.retire()
        self._owner = owner

    def retire(self) -> None:
        """Whoever was the owner is none any more: WebSockets to him end with 1012."""
        self._owner = None
        self._retired.set()
        self._retired = asyncio.Event()

    async def close(self) -> None:
        """Let go of all connections."""
        self.retire()
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in ("/healthz", "/readyz"):
            await self._tell(scope, receive, send)
            return
        try:
            owner = self._reachable(scope)
        except SystemFault as fault:
            await refuse(fault, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await relay(owner, self._retired, self._patience_s, scope, receive, send)
        else:
            await Exchange(self._transport, owner, self._patience_s, scope, receive, send).run()

    def _reachable(self, scope: Scope) -> Owner:
        """The owner; SY-010 where a request cannot go there."""
        if any(name == DOOR for name, _ in scope["headers"]):
            raise no_owner("this bridge does not own the store, and was asked by another as if it did")
        owner = self._owner
        if owner is None:
            raise no_owner("no bridge owns the store at this moment")
        if owner.url is None:
            raise no_owner(f"process {owner.pid} on {owner.host} has the store open, and is no bridge")
        if self._exposed and not owner.exposed:
            raise no_owner(f"the owner, {owner.url}, serves its own machine only: give both the same VORTEX_HOST")
        return owner

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/readyz" and (reason := await self._unready(scope)) is not None:
            await refuse(no_owner(reason), scope, receive, send)
            return
        owner = None if self._owner is None else self._owner.url
        status = "ok" if scope["path"] == "/healthz" else "ready"
        await JSONResponse({"status": status, "role": "standby", "owner": owner})(scope, receive, send)

    async def _unready(self, scope: Scope) -> str | None:
        """Why nothing can be handed on; asked anew each time."""
        try:
            owner = self._reachable({**scope, "headers": []})
        except SystemFault as fault:
            return fault.message
        waits = dict.fromkeys(("connect", "pool", "read", "write"), _HEALTH_S)
        request = httpx.Request("GET", f"{owner.url}/healthz", extensions={"timeout": waits})
        try:
            response = await self._transport.handle_async_request(request)
            await response.aclose()
        except httpx.TransportError:
            return f"the owner, {owner.url}, does not answer"
        return None if response.is_success else f"the owner, {owner.url}, says that it is not well"
