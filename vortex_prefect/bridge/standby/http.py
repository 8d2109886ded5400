"""One HTTP request on its way to the owner, and the answer back, piece by piece in both directions.

Nothing is repeated: of a request that was under way when the owner went, nobody here can tell whether it was done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
from starlette.types import Receive, Scope, Send

from vortex_prefect.bridge.standby.headers import of_answer, of_request, target
from vortex_prefect.bridge.standby.refusal import no_owner, refuse
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.owner import Owner

_log = logging.getLogger(__name__)

#: Seconds for a connection to the owner.
_CONNECT_S = 5.0
#: Connections that are kept, and for how long: less than the 5 s after which the owner's server ends them.
_KEPT, _KEPT_S = 64, 2.0


class ClientGone(Exception):
    """Who asked has left."""


def make_transport(connections: int) -> httpx.AsyncHTTPTransport:
    """To owners. It follows nothing, keeps no cookies, decodes nothing and repeats nothing."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=_KEPT, keepalive_expiry=_KEPT_S)
    return httpx.AsyncHTTPTransport(limits=limits, trust_env=False)


class Exchange:
    """A request and its answer.

    Args:
        patience_s: how long the owner may take nothing of the request, or send nothing of the answer.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport, owner: Owner, patience_s: float, scope: Scope, receive: Receive,
        send: Send,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._owner = owner
        self._patience_s = patience_s
        self._scope = scope
        self._receive = receive
        self._send = send
        self._sent = asyncio.Event()
        self._begun = False

    async def run(self) -> None:
        """Until the answer is through, or either side is gone."""
        work = [asyncio.create_task(self._answered()), asyncio.create_task(self._left())]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        answered = work[0]
        if not answered.cancelled() and (error := answered.exception()) is not None:
            await self._failed(error)

    async def _answered(self) -> None:
        response = await self._transport.handle_async_request(self._request())
        try:
            headers = of_answer(response.headers.raw)
            self._begun = True
            await self._send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            if not isinstance(response.stream, httpx.AsyncByteStream):
                raise TypeError("the transport gave no stream")
            async for part in response.stream:
                # Waits while the client does not read, and then the owner waits too.
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    def _request(self) -> httpx.Request:
        scope, patience = self._scope, self._patience_s
        headers = of_request(scope, self._owner.key)
        names = {name for name, _ in scope["headers"]}
        body: AsyncIterator[bytes] | None = None
        if names & {b"content-length", b"transfer-encoding"}:
            body = self._body()
        else:
            self._sent.set()
        waits = {"connect": _CONNECT_S, "pool": _CONNECT_S, "read": patience, "write": patience}
        extensions = {"timeout": waits, "target": target(scope)}
        return httpx.Request(
            scope["method"], self._owner.url or "", headers=headers, content=body, extensions=extensions
        )

    async def _body(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            more = message.get("more_body", False)
            if body := message.get("body", b""):
                yield body
        self._sent.set()

    async def _left(self) -> None:
        """Returns when the client has gone; nobody reads the rest of the answer then."""
        await self._sent.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _failed(self, error: BaseException) -> None:
        if isinstance(error, ClientGone | OSError):
            return
        if not isinstance(error, httpx.TransportError):
            raise error
        _log.warning("a request through the owner %s: %r", self._owner.url, error)
        if not self._begun:
            await refuse(_fault(error, self._owner), self._scope, self._receive, self._send)
        # Else the server ends the connection, and the client sees that the answer is not whole.


def _fault(error: httpx.TransportError, owner: Owner) -> SystemFault:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return no_owner(f"the owner of the store, {owner.url}, cannot be reached; nothing was done")
    if isinstance(error, httpx.TimeoutException):
        return no_owner(f"the owner of the store, {owner.url}, does not answer; what was asked for may have been done")
    return no_owner(f"the owner of the store, {owner.url}, went away; what was asked for may have been done")
