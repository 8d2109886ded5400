"""`/ws?graph_id=…&after=SEQ`: one client's connection, between its socket and the hub."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from vortex_prefect.bridge.body import parse_json
from vortex_prefect.bridge.context import ActorOf, BridgeContext, Context
from vortex_prefect.bridge.hub import Client, envelope_text
from vortex_prefect.core.errors import RequestError, VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.service import messages
from vortex_prefect.service.actor import Actor

router = APIRouter()

#: Seconds that a client has for taking the closing frame; one that reads nothing never does.
_CLOSE_S = 1.0

#: Application close codes: 4000 and the HTTP status that says the same.
_BAD_REQUEST, _NOT_FOUND = 4400, 4404


@router.websocket("/ws")
async def connect(socket: WebSocket, context: Context, actor: ActorOf) -> None:
    """Serve one client until it leaves, falls behind, or the server stops."""
    await socket.accept()
    try:
        graph_id, after = _parameters(socket)
        await context.control.graphs.get(graph_id)
    except VortexError as error:
        code = _NOT_FOUND if error.code == "RQ-002" else _BAD_REQUEST
        await _refuse(socket, error, code)
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
        self._client, self._resumed = context.hub.join(graph_id, after, self._on_wake)
        self._handlers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "graph.update": self._update,
            "ping": self._ping,
        }

    async def run(self) -> None:
        """Three tasks, of which the first to end ends the session: a send that blocks must not hide a close."""
        tasks = [asyncio.create_task(work) for work in (self._read(), self._write(), self._closed.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._context.hub.leave(self._client)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await _close(self._socket, self._client.closed or 1011)
        for result in results:
            # A VORTEX error here is one of `_tell_state`; the client comes back and is told then.
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect | VortexError):
                raise result

    def _on_wake(self, client: Client) -> None:
        self._wake.set()
        if client.closed is not None:
            self._closed.set()

    async def _write(self) -> None:
        if not self._resumed:
            await self._tell_state()
        while True:
            for envelope in self._client.take():
                await self._socket.send_text(envelope.text)
                self._context.hub.delivered(self._client, envelope)
            await self._wake.wait()
            self._wake.clear()

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
            try:
                await self._handle(received.get("text"))
            except VortexError as error:
                await self._send("error", {"error": error.to_dict()})

    async def _handle(self, text: str | None) -> None:
        message = await parse_json(text) if text is not None else None
        if not isinstance(message, dict):
            raise RequestError("RQ-001", "a message is a JSON object in a text frame: {type, payload}")
        payload = message.get("payload", {})
        handler = self._handlers.get(str(message.get("type")))
        if handler is None or not isinstance(payload, dict):
            known = ", ".join(self._handlers)
            raise RequestError("RQ-001", f"type is one of {known}, and payload an object")
        await handler(payload)

    async def _update(self, payload: dict[str, Any]) -> None:
        version = payload.get("base_version")
        if version is not None and type(version) is not int:
            raise RequestError("RQ-001", "base_version is a whole number")
        try:
            await self._control.graphs.mutate(self._graph_id, payload.get("mutations"), version, self._actor)
        except VortexError as error:
            if error.code == "RQ-003":
                # The sender needs the graph as it is now in order to repeat its change.
                await self._send_message(messages.graph_sync(await self._control.graphs.get(self._graph_id)))
            raise

    async def _ping(self, payload: dict[str, Any]) -> None:
        await self._send("pong", payload)

    async def _send_message(self, message: messages.Message) -> None:
        await self._send(message.type, message.payload)

    async def _send(self, type: str, payload: dict[str, Any]) -> None:
        await self._socket.send_text(self._context.hub.direct(self._client, type, payload))


def _parameters(socket: WebSocket) -> tuple[str, int | None]:
    graph_id, after = socket.query_params.get("graph_id"), socket.query_params.get("after")
    if not graph_id:
        raise RequestError("RQ-001", "graph_id is missing: /ws?graph_id=…")
    if not after:
        return graph_id, None
    if not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise RequestError("RQ-001", "after is the seq of the last message that was seen")
    return graph_id, int(after)


async def _refuse(socket: WebSocket, error: VortexError, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        await socket.send_text(envelope_text("error", {"error": error.to_dict()}, 0, now_ms()))
    await _close(socket, code)


async def _close(socket: WebSocket, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await socket.close(code)
