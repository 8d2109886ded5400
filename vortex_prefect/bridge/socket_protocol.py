"""uvicorn's WebSocket protocol, with limits on what a peer can make it hold, and an end for every peer.

uvicorn's `send` waits while more than 64 KiB wait in the transport, which
bounds what is sent. What it leaves open is closed here:

- `transport.close()` waits until everything is sent, which for a peer that
  reads nothing is never: neither the end of a session nor a ping without an
  answer got rid of it. After a grace the connection is aborted.
- Answers to pings do not wait for anything: a peer that sends pings and reads
  nothing had them collected without limit. Of those that cannot be sent, one stays.
- Empty fragments and control frames cost a peer next to nothing, and never
  reach the application: they are counted.
- A slow peer has data before our ping: one that still takes some is alive.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import TimerHandle
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.frames import Frame
from websockets.http11 import Request

from vortex_prefect.bridge.flood import Bucket
from vortex_prefect.bridge.frames import MessageDeflate, MessageDeflateFactory

#: Key of the scope's `extensions` and of `websocket.send`: frames that are made already.
FRAMES = "vortex.frames"

#: Seconds that a peer has for taking what was sent before the connection ended.
_FLUSH_S = 3.0
#: Seconds in which an accepted handshake must have come to its answer.
_ANSWER_S = 30.0
#: Bytes that the kernel holds unsent beside what is under way; what is older than that is better coalesced here.
_UNSENT_BYTES = 128 << 10
#: Fragments of one message, and frames a second that the application never sees.
_MOST_FRAGMENTS = 1024
_CONTROLS_A_SECOND, _CONTROLS_AT_ONCE = 50.0, 500.0


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn.available_extensions = [MessageDeflateFactory()]
        self._controls = Bucket(_CONTROLS_A_SECOND, _CONTROLS_AT_ONCE)
        self._end: TimerHandle | None = None
        self._late_pong = b""
        #: The peer has sent or taken something since the last ping.
        self._alive = True

    # From the transport

    def connection_made(self, transport: BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        known = transport.get_extra_info("socket")
        if known is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        self._end = self.loop.call_later(_ANSWER_S, self._end_handshake)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`; nothing is read any more once the connection is to end."""
        self._alive = True
        if self.transport.is_closing():
            return
        super().data_received(data)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        super().resume_writing()
        self._alive = True
        if self._late_pong and not self.transport.is_closing():
            self.transport.write(self._late_pong)
        self._late_pong = b""

    # Frames

    def handle_connect(self, event: Request) -> None:
        """Tell the application that it may send frames, and whether the peer takes compressed ones."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            deflates = any(isinstance(extension, MessageDeflate) for extension in self.conn.extensions)
            known: dict[object, object] = {
                "deflate": deflates,
                "writable": self._writable,
                "write": self.transport.write,
            }
            self.scope["extensions"][FRAMES] = known

    def handle_cont(self, event: Frame) -> None:
        """A fragment; of empty ones there could be any number below the limit of bytes."""
        if len(self.frames) >= _MOST_FRAGMENTS:
            self._fail(1009, f"more than {_MOST_FRAGMENTS} fragments")
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer, or keep the last answer until the peer reads."""
        answers = self.conn.data_to_send()
        if not self._controls.take():
            self._fail(1008, "too many control frames")
        elif not answers:
            return
        elif self.writable.is_set():
            self.transport.write(b"".join(answers))
        else:
            self._late_pong = answers[-1]

    def handle_pong(self, event: Frame) -> None:
        """An answer to our ping, or a heartbeat of the peer's own."""
        if not self._controls.take():
            self._fail(1008, "too many control frames")
            return
        super().handle_pong(event)

    # The end

    def keepalive_timeout(self) -> None:
        """End the connection, unless the peer did something else than to answer."""
        if self._alive and not self.transport.is_closing():
            self.pong_timer = None
            self.send_keepalive_ping()
            return
        super().keepalive_timeout()
        self.transport.abort()

    def send_keepalive_ping(self) -> None:
        """A ping; from here on the peer has to show a sign of life."""
        self._alive = False
        super().send_keepalive_ping()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is through with this peer, which gets a moment to take the rest."""
        super().on_task_complete(task)
        if not self.disconnected:
            self._end_after(_FLUSH_S)

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a closing frame waits for nobody, and frames that are made already go as they are."""
        if message["type"] == "websocket.close" and self._open():
            self._close(message.get("code", 1000), message.get("reason") or "")
        elif FRAMES in message:
            await self._send_frames(message[FRAMES])  # type: ignore[literal-required]
        else:
            if message["type"] == "websocket.accept" and self._end is not None:
                self._end.cancel()
            await super().send(message)

    async def _send_frames(self, frames: bytes) -> None:
        await self.writable.wait()
        if not self._open() or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frames)

    def _writable(self) -> bool:
        return self.writable.is_set() and self._open() and not self.transport.is_closing()

    def _open(self) -> bool:
        accepted = self.handshake_complete and self.initial_response is None
        return accepted and not self.close_sent and not self.disconnected

    def _close(self, code: int, reason: str) -> None:
        """The closing frame, behind what waits already; its reason has room for 123 bytes."""
        reason = reason.encode()[:123].decode(errors="ignore")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            raise ClientDisconnected from None
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # Where uvicorn sets one too: a peer that answers in time ends the connection in good order.
        self.close_timer = self.loop.call_later(_FLUSH_S, self.transport.abort)

    def _fail(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """End a connection whose peer does not speak the protocol."""
        if self.conn.close_sent is None:
            # Frames before the handshake was answered: there is nobody to tell.
            self.transport.abort()
            return
        super().handle_parser_exception()
        self._end_after(_FLUSH_S)

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self._end_after(_FLUSH_S)

    def _end_handshake(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def _end_after(self, seconds: float) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(seconds, self.transport.abort)
