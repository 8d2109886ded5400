"""uvicorn's HTTP protocol, with limits on connections, on a request's head, and on the time in which it must have come.

uvicorn waits for a request for as long as the peer likes, so that a few
thousand sockets, opened and left, took every descriptor of the process. The
parser is httptools', in C: h11, in Python, took a tenth of the bridge's time,
but bounded the head, as is done here.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

#: Seconds from the connection's beginning, or from a request's first byte, to the end of its head.
HEAD_S = 10.0
#: Bytes of a request's line and header fields, with what else came in the packets of its end.
HEAD_BYTES = 64 << 10

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n"
)
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\n"
    b"Connection: close\r\nContent-Length: 24\r\n\r\nthe head is over 64 KiB\n"
)


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection; subclasses say how many there may be."""

    #: Connections of all kinds.
    most_connections = 2048
    head_s = HEAD_S

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: TimerHandle | None = None
        #: Bytes of a head that is not complete; null between the end of a head and the end of its request.
        self._head_bytes: int | None = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one that is too many (503), else wait for its first request."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.write(_FULL)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self.transport.is_closing():
            return
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_timer is None:
                self._await_head()
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The parser's: a head has ended."""
        self._head_bytes = None
        self._forget_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser's: a request has ended, and whatever comes is the next one's head."""
        self._head_bytes = 0
        super().on_message_complete()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_s, self._give_up)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self._head_bytes is not None and (self.cycle is None or self.cycle.response_complete):
            self.transport.abort()
