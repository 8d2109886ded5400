"""`/collab/{graph_id}`: one Yjs client's connection, between its socket and the graph's room (y-websocket protocol)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from vortex_prefect.bridge.access import identity_of, require, still_known
from vortex_prefect.bridge.context import ActorOf, BridgeContext, Context
from vortex_prefect.bridge.frames import binary_frame
from vortex_prefect.bridge.socket_protocol import FRAMES
from vortex_prefect.collab.changes import Author
from vortex_prefect.collab.room import Room
from vortex_prefect.core.access import Scope
from vortex_prefect.core.errors import VortexError
from vortex_prefect.service.actor import Actor

router = APIRouter()

_log = logging.getLogger(__name__)

#: Close codes: RFC 6455's and its registry's, and 4000 with the HTTP status that says the same.
_UNSUPPORTED, _MALFORMED, _TOO_LARGE, _DEFECT, _TRY_LATER = 1003, 1007, 1009, 1011, 1013
_CLOSE_CODES = {"RQ-001": _MALFORMED, "RQ-002": 4404, "RQ-005": _TOO_LARGE, "RQ-010": 4401, "RQ-011": 4403}
#: What waits for a client that does not read: from the first on it is not told who moves, at the second it is given up.
_PRESENCE_BYTES, _MOST_BYTES = 64 << 10, 32 << 20
#: Bytes that are handed to the socket at once.
_WRITE_BYTES = 256 << 10
_RECOGNISE_S = 5.0
_CLOSE_S = 1.0
#: What a closing frame has room for.
_REASON_BYTES = 123


@router.websocket("/collab/{graph_id}")
async def collaborate(socket: WebSocket, graph_id: str, context: Context, actor: ActorOf) -> None:
    """Serve one client until it leaves, falls behind, or the server stops."""
    await socket.accept()
    connection = Connection(socket, context, actor)
    most = context.limits.clients
    if context.hub.statistics().clients + context.control.rooms.members >= most:
        await connection.refuse(_TRY_LATER, f"{most} clients are connected; try again later")
        return
    try:
        require(socket, Scope.READ)
        await connection.run(graph_id)
    except VortexError as error:
        await connection.refuse(*_ending(error))


def _ending(error: VortexError) -> tuple[int, str]:
    """Close code and reason."""
    return _CLOSE_CODES.get(error.code, _TRY_LATER), f"{error.code} {error.message}"


class Connection:
    """`collab.room.Member` on a WebSocket."""

    def __init__(self, socket: WebSocket, context: BridgeContext, actor: Actor) -> None:
        self._socket = socket
        self._rooms = context.control.rooms
        self._actor = actor
        self._author = actor.metadata()
        identity = identity_of(socket)
        self._writes = identity is not None and identity.may(Scope.EDIT)
        self._frames: dict[str, Any] | None = socket.scope.get("extensions", {}).get(FRAMES)
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._sending = False
        self._stale = False
        self._wake = asyncio.Event()
        self._closed = asyncio.Event()
        self._end = (1000, "")

    @property
    def author(self) -> Author:
        """Who edits by it."""
        return self._author

    @property
    def writes(self) -> bool:
        """Whether he may."""
        return self._writes

    def send(self, message: bytes, *, droppable: bool = False) -> None:
        """Send at once where the socket takes it, else behind what waits; a client that reads nothing is given up."""
        if self._closed.is_set():
            return
        if droppable and self._queued_bytes > _PRESENCE_BYTES:
            self._stale = True
            return
        deflate = self._frames is not None and self._frames["deflate"]
        frame = message if self._frames is None else binary_frame(message, deflate=deflate)
        waits = self._sending or self._queue
        if not waits and self._frames is not None and self._frames["writable"]():
            self._frames["write"](frame)
            return
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        if self._queued_bytes > _MOST_BYTES:
            self.close(_TRY_LATER, f"{_MOST_BYTES} bytes wait; come back when you read faster")
            return
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        if not self._closed.is_set():
            self._end = (code, reason)
            self._closed.set()

    async def refuse(self, code: int, reason: str) -> None:
        """End it before it has begun."""
        self.close(code, reason)
        await self._say_end()

    async def run(self, graph_id: str) -> None:
        """Join, and serve until one of the tasks ends: a send that blocks must not hide a close.

        Raises:
            VortexError: the room cannot be entered.
        """
        room = await self._rooms.join(graph_id, self)
        work = (self._read(room), self._write(room), self._recognise(), self._closed.wait())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._rooms.leave(room, self)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            self.close(_DEFECT, "")
            await self._say_end()
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                raise result

    async def _read(self, room: Room) -> None:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            content = received.get("bytes")
            if content is None:
                self.close(_UNSUPPORTED, "the y-websocket protocol has binary frames only")
                return
            try:
                room.receive(self, content)
            except VortexError as error:
                self.close(*_ending(error))
                return
            await room.space()

    async def _write(self, room: Room) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._sending = True
            while self._queue:
                await self._send(self._taken())
            self._sending = False
            if self._stale:
                self._stale = False
                room.show(self)

    def _taken(self) -> list[bytes]:
        taken: list[bytes] = []
        room = _WRITE_BYTES
        while self._queue and room > 0:
            taken.append(self._queue.popleft())
            room -= len(taken[-1])
            self._queued_bytes -= len(taken[-1])
        return taken

    async def _send(self, frames: list[bytes]) -> None:
        if self._frames is not None:
            await self._socket.send({"type": "websocket.send", FRAMES: b"".join(frames)})
            return
        for message in frames:
            await self._socket.send_bytes(message)

    async def _recognise(self) -> None:
        """End the connection of somebody who would not be let in any more."""
        while still_known(self._socket.app.state.gate, self._socket):
            await asyncio.sleep(_RECOGNISE_S)
        self.close(_CLOSE_CODES["RQ-010"], "the token is not valid any more")

    async def _say_end(self) -> None:
        code, reason = self._end
        if code != 1000:
            _log.info("client %s of a room: %s %s", self._actor.address, code, reason)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._socket.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
