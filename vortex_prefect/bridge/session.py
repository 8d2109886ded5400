"""`/ws?graph_id=…&after=SEQ`: one client's connection, between its socket and the hub."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from vortex_prefect.bridge.access import require, still_known
from vortex_prefect.bridge.body import parse_json
from vortex_prefect.bridge.context import ActorOf, BridgeContext, Context
from vortex_prefect.bridge.flood import Bucket
from vortex_prefect.bridge.frames import text_frame
from vortex_prefect.bridge.hub import Client, Envelope, envelope_text
from vortex_prefect.bridge.socket_protocol import FRAMES
from vortex_prefect.core.access import Scope
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.service import messages
from vortex_prefect.service.actor import Actor

router = APIRouter()

_log = logging.getLogger(__name__)

#: Seconds that a client has for taking the closing frame; one that reads nothing never does.
_CLOSE_S = 1.0

#: Application close codes: 4000 and the HTTP status that says the same.
_BAD_REQUEST = 4400
_CLOSE_CODES = {"RQ-002": 4404, "RQ-010": 4401, "RQ-011": 4403}
#: Seconds after which it is seen that a token was revoked or has expired.
_RECOGNISE_S = 5.0
#: RFC 6455's and its registry's: a policy is violated; try again later.
_POLICY, _TRY_LATER = 1008, 1013

#: Bytes that are handed to the socket at once; what waits behind them can still be coalesced.
_WRITE_BYTES = 64 << 10
#: Messages in a row above the rate that are refused (RQ-009) before the connection ends.
_MOST_REFUSED = 100
#: What a closing frame has room for.
_REASON_BYTES = 123
#: Characters of a `request_id`.
_MOST_ID = 100


@router.websocket("/ws")
async def connect(socket: WebSocket, context: Context, actor: ActorOf) -> None:
    """Serve one client until it leaves, falls behind, or the server stops."""
    await socket.accept()
    most = context.limits.clients
    if context.hub.statistics().clients >= most:
        await _close(socket, _TRY_LATER, f"{most} clients are connected; try again later")
        return
    try:
        require(socket, Scope.READ)
        graph_id, after = _parameters(socket)
        await context.control.graphs.get(graph_id)
    except VortexError as error:
        await _refuse(socket, error, _CLOSE_CODES.get(error.code, _BAD_REQUEST))
        return
    await Session(socket, context, actor, graph_id, after).run()


class Session:
    """A joined client: what the hub queues goes out, what the client sends is answered."""

    def __init__(
        self, socket: WebSocket, context: BridgeContext, actor: Actor, graph_id: str, after: int | None
    ) -> None:
        self._socket = socket
        self._context = context
        self._control = context.control
        self._actor = actor
        self._graph_id = graph_id
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()
        self._bucket = Bucket(context.limits.messages_per_s, context.limits.message_burst)
        self._refused = 0
        #: What our own server says of the connection; null on any other.
        self._frames: dict[str, Any] | None = socket.scope.get("extensions", {}).get(FRAMES)
        self._idle = False
        self._flushes = False
        self._client, self._resumed = context.hub.join(graph_id, after, self._on_wake)
        self._handlers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "graph.update": self._update,
            "ping": self._ping,
        }

    async def run(self) -> None:
        """Four tasks, of which the first to end ends the session: a send that blocks must not hide a close."""
        tasks = [
            asyncio.create_task(work) for work in (self._read(), self._write(), self._recognise(), self._closed.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._context.hub.leave(self._client)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()
        for result in results:
            # A VORTEX error here is one of `_tell_state`; the client comes back and is told then.
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect | VortexError):
                raise result

    async def _end(self) -> None:
        code, reason = self._client.closed or 1011, self._client.reason
        if code in (_POLICY, _TRY_LATER):
            _log.warning("client %s of graph %s: %s", self._actor.address, self._graph_id, reason)
        await _close(self._socket, code, reason)

    def _on_wake(self, client: Client) -> None:
        if client.closed is not None:
            self._closed.set()
        elif self._frames is None or not self._idle:
            self._wake.set()
        elif not self._flushes:
            self._flushes = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Write at once where the socket takes it: 200 tasks that wake for each message took twice the time."""
        self._flushes = False
        if self._frames is None or not self._idle or self._client.closed is not None:
            return
        if self._frames["writable"]():
            taken = self._client.take(_WRITE_BYTES)
            self._frames["write"](self._framed(taken))
            for envelope in taken:
                self._context.hub.delivered(self._client, envelope)
        if self._client.waiting:
            self._wake.set()

    async def _recognise(self) -> None:
        """End the connection of somebody who would not be let in any more."""
        while still_known(self._socket.app.state.gate, self._socket):
            await asyncio.sleep(_RECOGNISE_S)
        self._client.close(_CLOSE_CODES["RQ-010"], "the token is not valid any more")

    async def _write(self) -> None:
        if not self._resumed:
            await self._tell_state()
        while True:
            self._wake.clear()
            while taken := self._client.take(_WRITE_BYTES):
                await self._send_envelopes(taken)
                for envelope in taken:
                    self._context.hub.delivered(self._client, envelope)
            self._idle = True
            await self._wake.wait()
            self._idle = False

    async def _send_envelopes(self, envelopes: list[Envelope]) -> None:
        if self._frames is None:
            for envelope in envelopes:
                await self._socket.send_text(envelope.text.decode())
            return
        await self._socket.send({"type": "websocket.send", FRAMES: self._framed(envelopes)})

    def _framed(self, envelopes: list[Envelope]) -> bytes:
        deflate = self._frames is not None and self._frames["deflate"]
        return b"".join(envelope.deflated if deflate else envelope.plain for envelope in envelopes)

    async def _tell_state(self) -> None:
        record = await self._control.graphs.get(self._graph_id)
        await self._send_message(messages.graph_sync(record))
        for execution in self._control.reports.running(self._graph_id):
            for message in messages.snapshot(execution):
                await self._send_message(message)
            for report in self._control.reports.previews.of(execution.id):
                await self._send_message(messages.preview(self._graph_id, report))

    async def _read(self) -> None:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            await self._answer(received.get("text"))
            if self._refused > _MOST_REFUSED:
                self._client.close(_POLICY, "RQ-009 too many messages")
                return

    async def _answer(self, text: str | None) -> None:
        """Handle a message; what is wrong with it is told under its `request_id`."""
        request_id: str | None = None
        try:
            self._check_rate()
            kind, payload = await _parse(text)
            request_id = _request_id(payload)
            if (handler := self._handlers.get(kind)) is None:
                raise RequestError("RQ-001", f"type is one of {', '.join(self._handlers)}, and payload an object")
            await handler(payload)
        except VortexError as error:
            named = {} if request_id is None else {"request_id": request_id}
            await self._send("error", {"error": error.to_dict(), **named})

    def _check_rate(self) -> None:
        if self._bucket.take():
            self._refused = 0
            return
        self._refused += 1
        rate = self._context.limits.messages_per_s
        raise RequestError("RQ-009", f"more than {rate:g} messages a second", "Wait a second, and send fewer.")

    async def _update(self, payload: dict[str, Any]) -> None:
        require(self._socket, Scope.EDIT)
        version = payload.get("base_version")
        if version is not None and type(version) is not int:
            raise RequestError("RQ-001", "base_version is a whole number")
        request_id = _request_id(payload)
        asked = None if request_id is None else messages.Asked(self._client, request_id)
        graphs = self._control.graphs
        try:
            record = await graphs.mutate(self._graph_id, payload.get("mutations"), version, self._actor, asked)
        except VortexError as error:
            if error.code == "RQ-003":
                # The sender needs the graph as it is now in order to repeat its change.
                await self._send_message(messages.graph_sync(await graphs.get(self._graph_id)))
            raise
        if request_id is not None and not self._client.answers(request_id):
            # Nothing has changed, so that nobody is told but the sender.
            message = messages.graph_sync(record)
            await self._send(message.type, {**message.payload, "request_id": request_id})

    async def _ping(self, payload: dict[str, Any]) -> None:
        await self._send("pong", payload)

    async def _send_message(self, message: messages.Message) -> None:
        await self._send(message.type, message.payload)

    async def _send(self, type: str, payload: dict[str, Any]) -> None:
        text = self._context.hub.direct(self._client, type, payload)
        if self._frames is None:
            await self._socket.send_text(text.decode())
        else:
            await self._socket.send({"type": "websocket.send", FRAMES: text_frame(text)})


def _parameters(socket: WebSocket) -> tuple[str, int | None]:
    graph_id, after = socket.query_params.get("graph_id"), socket.query_params.get("after")
    if not graph_id:
        raise RequestError("RQ-001", "graph_id is missing: /ws?graph_id=…")
    if not after:
        return graph_id, None
    if not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise RequestError("RQ-001", "after is the seq of the last message that was seen")
    return graph_id, int(after)


async def _parse(text: str | None) -> tuple[str, dict[str, Any]]:
    message = await parse_json(text) if text is not None else None
    if not isinstance(message, dict):
        raise RequestError("RQ-001", "a message is a JSON object in a text frame: {type, payload}")
    payload = message.get("payload", {})
    if not isinstance(payload, dict):
        raise RequestError("RQ-001", "payload is an object")
    return str(message.get("type")), payload


def _request_id(payload: dict[str, Any]) -> str | None:
    request_id = payload.get("request_id")
    if request_id is not None and not (isinstance(request_id, str) and 0 < len(request_id) <= _MOST_ID):
        raise RequestError("RQ-001", f"request_id is a text of 1 to {_MOST_ID} characters")
    return request_id


async def _refuse(socket: WebSocket, error: VortexError, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        await socket.send_text(envelope_text("error", {"error": error.to_dict()}, 0, now_ms()).decode())
    await _close(socket, code, f"{error.code} {error.message}")


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """End the connection; the reason is for people, and cut where a frame has no room for it."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await socket.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
