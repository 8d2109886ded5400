"""The in-memory twin of a Unix socket pair, for tests and for peers in one process."""

from __future__ import annotations

import queue
import threading

from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.wire.framing import PREFIX_BYTES, frame

_END = None


class MemoryChannel:
    """A `Channel` whose peer lives in the same process."""

    def __init__(self, inbox: queue.SimpleQueue[bytes | None], outbox: queue.SimpleQueue[bytes | None]) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._closed = threading.Event()
        self._peer_closed = False
        self._peer: MemoryChannel | None = None
        self.bytes_sent = 0
        self.bytes_received = 0

    @classmethod
    def pair(cls) -> tuple[MemoryChannel, MemoryChannel]:
        """Two connected ends."""
        one: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        other: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        left, right = cls(one, other), cls(other, one)
        left._peer, right._peer = right, left
        return left, right

    def send(self, body: bytes) -> None:
        """See `Channel.send`."""
        data = frame(body)
        if self._closed.is_set() or self._peer is None or self._peer._closed.is_set():
            raise ChannelClosed("the peer closed")
        self._outbox.put(data[PREFIX_BYTES:])
        self.bytes_sent += len(data)

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """See `Channel.receive`."""
        if self._peer_closed or self._closed.is_set():
            raise ChannelClosed("closed")
        try:
            body = self._inbox.get(timeout=timeout_s) if timeout_s != 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None
        if body is _END:
            self._peer_closed = True
            raise ChannelClosed("the peer closed")
        self.bytes_received += len(body) + PREFIX_BYTES
        return body

    def spin(self, limit_us: int) -> None:
        """See `Channel.spin`; a queue wakes its reader quickly as it is."""

    def close(self) -> None:
        """See `Channel.close`."""
        if not self._closed.is_set():
            self._closed.set()
            self._outbox.put(_END)
            self._inbox.put(_END)
