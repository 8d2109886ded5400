"""A channel whose other end is made up as it goes, without threads: it can be late, silent, gone, or wrong."""

from __future__ import annotations

from tests.fuzz.dice import Dice
from tests.fuzz.packets import Known, packet
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.wire.framing import frame
from vortex_prefect.wire.packets import decode
from vortex_prefect.wire.payloads import Payload, RoomGrant

#: What a peer does next, by a byte: below the first bytes of any kind, below the second says nothing, …
_RAW, _SILENT, _GONE = 48, 56, 58


class HostilePeer:
    """A `Channel` to a peer that does what the dice say, and leaves once they are used up.

    Attributes:
        heard: what it was sent.
        frames: how many frames it sent.
        longest_spin_us: what the other end was told to look for, at most.
    """

    def __init__(self, dice: Dice, known: Known) -> None:
        self._dice = dice
        self._known = known
        self._gone = False
        self.heard: list[Payload] = []
        self.frames = 0
        self.longest_spin_us = 0
        self.bytes_sent = 0
        self.bytes_received = 0

    def send(self, body: bytes) -> None:
        """See `Channel.send`."""
        self.bytes_sent += len(frame(body))
        payload = decode(body)
        self.heard.append(payload)
        if isinstance(payload, RoomGrant) and payload.error is None:
            self._known.grants.append(payload)

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """See `Channel.receive`."""
        if self._gone or not self._dice.left:
            if timeout_s == 0:
                return None  # a look does not tell that a peer is gone
            raise ChannelClosed("the peer left")
        kind = self._dice.byte()
        if _RAW <= kind < _SILENT and timeout_s is not None:
            return None
        if _SILENT <= kind < _GONE:
            self._gone = True
            raise ChannelClosed("the peer left")
        if kind == _GONE:
            raise WorkerError("WK-010", "what came is no frame")
        self.frames += 1
        body = self._dice.blob() if kind < _RAW else packet(self._dice, self._known)
        self.bytes_received += len(frame(body))
        return body

    def spin(self, limit_us: int) -> None:
        """See `Channel.spin`."""
        self.longest_spin_us = max(self.longest_spin_us, limit_us)

    def close(self) -> None:
        """See `Channel.close`."""
        self._gone = True
