"""One WebSocket between a client and the owner: messages, and how it ends, in both directions.

A message waits here until the other side has taken it, and meanwhile nothing more is read of its sender.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from vortex_prefect.bridge.standby.headers import of_answer, of_request, target
from vortex_prefect.bridge.standby.refusal import TRY_LATER, no_owner, reason_of, refuse
from vortex_prefect.store.owner import Owner

#: RFC 6455 §7.4.1 and its registry: gone for good, no code given, broken off, the service starts again.
_NORMAL, _GONE, _NO_CODE, _BROKEN, _RESTART = 1000, 1001, 1005, 1006, 1012
#: Codes that stand for what has happened, and are never sent.
_UNSENDABLE = frozenset({1004, _NO_CODE, _BROKEN, 1015})
#: Seconds between pings to the owner, and for its answer; a client that reads nothing for so long is given up too.
_PING_S, _PONG_S = 20.0, 60.0
_CLOSE_S = 3.0
#: Messages of the owner's that wait for the client, beside the one under way.
_MOST_WAITING = 2
_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", re.ASCII)
#: What the client library says itself.
_OF_HANDSHAKE = (b"sec-websocket-", b"host")


@dataclass(frozen=True, slots=True)
class End:
    """How one side ended it."""

    code: int
    reason: str = ""


async def relay(
    owner: Owner, retired: asyncio.Event, patience_s: float, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve a client's WebSocket by one of our own to the owner, until either ends or the owner is retired."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    if not _HOST.fullmatch(host):
        await WebSocket(scope, receive, send).close()
        return
    try:
        upstream = await _open(owner, host, patience_s, scope)
    except InvalidStatus as refused:
        response = refused.response
        fields = of_answer((name.encode(), value.encode()) for name, value in response.headers.raw_items())
        denied = Response(bytes(response.body or b""), response.status_code)
        denied.raw_headers = fields
        with contextlib.suppress(OSError):
            await receive()
            await WebSocket(scope, receive, send).send_denial_response(denied)
        return
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError):
        fault = no_owner(f"the owner of the store, {owner.url}, cannot be reached")
        await refuse(fault, scope, receive, send)
        return
    async with contextlib.AsyncExitStack() as left:
        left.callback(upstream.transport.abort)
        await receive()
        with contextlib.suppress(OSError):
            await send({"type": "websocket.accept", "subprotocol": upstream.subprotocol})
            await _Relay(upstream, retired, receive, send).run()


async def _open(owner: Owner, host: str, patience_s: float, scope: Scope) -> ClientConnection:
    found = urlsplit(owner.url or "")
    secure = found.scheme == "https"
    fields = [
        (name.decode(), value.decode(errors="replace"))
        for name, value in of_request(scope, owner.key)
        if not name.startswith(_OF_HANDSHAKE)
    ]
    # The URI names the host as the client does, for the owner to judge; the connection goes to the owner.
    return await connect(
        f"{'wss' if secure else 'ws'}://{host}{target(scope).decode('latin-1')}",
        host=found.hostname,
        port=found.port or (443 if secure else 80),
        additional_headers=fields,
        subprotocols=[Subprotocol(name) for name in scope.get("subprotocols", ())] or None,
        compression=None,
        user_agent_header=None,
        proxy=None,
        open_timeout=patience_s,
        ping_interval=_PING_S,
        ping_timeout=_PONG_S,
        close_timeout=_CLOSE_S,
        max_size=None,
        max_queue=_MOST_WAITING,
    )


class _Relay:
    def __init__(self, upstream: ClientConnection, retired: asyncio.Event, receive: Receive, send: Send) -> None:
        self._upstream = upstream
        self._retired = retired
        self._receive = receive
        self._send = send

    async def run(self) -> None:
        up, down, retired = tasks = [
            asyncio.create_task(self._up()),
            asyncio.create_task(self._down()),
            asyncio.create_task(self._retirement()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if up in done:
            await self._end_upstream(up.result())
        elif down in done:
            await self._end_client(down.result())
        else:
            await self._end_client(retired.result())

    async def _up(self) -> End:
        """What the client sends; how he ended it."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return End(message.get("code", _NO_CODE), message.get("reason") or "")
            text = message.get("text")
            try:
                await self._upstream.send(message["bytes"] if text is None else text)
            except ConnectionClosed:
                # What the owner sent before is still on its way to the client, and ends with the reason.
                await asyncio.Event().wait()

    async def _down(self) -> End:
        """What the owner sends; how it ended it."""
        try:
            while True:
                content = await self._upstream.recv()
                kind = "text" if isinstance(content, str) else "bytes"
                await self._send({"type": "websocket.send", kind: content})
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                return End(closed.rcvd.code, closed.rcvd.reason)
            if closed.sent is not None:
                return End(TRY_LATER, "SY-010 the owner of the store does not answer")
            return End(_RESTART, "SY-010 the owner of the store went away; come back")
        except OSError:
            # The client has gone; `_up` says how.
            await asyncio.Event().wait()
            raise

    async def _retirement(self) -> End:
        await self._retired.wait()
        return End(_RESTART, "another bridge owns the store now; come back")

    async def _end_client(self, end: End) -> None:
        code = _NORMAL if end.code in _UNSENDABLE else end.code
        await self._send({"type": "websocket.close", "code": code, "reason": reason_of(end.reason)})

    async def _end_upstream(self, end: End) -> None:
        code = _GONE if end.code in _UNSENDABLE else end.code
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._upstream.close(code, reason_of(end.reason))
