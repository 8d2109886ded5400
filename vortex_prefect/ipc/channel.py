"""A channel: whole frames between two peers, in order, blocking, either way."""

from __future__ import annotations

from typing import Protocol


class ChannelClosed(Exception):
    """The peer is gone, or this end was closed. On a worker's channel it means death."""


class Channel(Protocol):
    """One end of a connection. One thread receives; any thread may send."""

    def send(self, body: bytes) -> None:
        """Send one frame.

        Raises:
            ChannelClosed: the peer is gone.
            WorkerError: WK-010, the frame is too long.
        """

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """The next frame; null if none has come within `timeout_s` (0 looks, null waits for ever).

        Raises:
            ChannelClosed: the peer is gone, nothing more will come.
            WorkerError: WK-010, what came is no frame.
        """

    def spin(self, limit_us: int) -> None:
        """Let each wait begin with up to so many microseconds of looking, where that pays; 0: none."""

    def close(self) -> None:
        """End the connection; a blocked `receive` of either end raises. Repeating does nothing."""

    @property
    def bytes_sent(self) -> int:
        """Bytes that this end has sent, prefixes included."""

    @property
    def bytes_received(self) -> int:
        """Bytes that this end has received, prefixes included."""
