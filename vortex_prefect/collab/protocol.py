"""Messages of the y-websocket protocol (y-protocols 1.0.7: `sync.js`, `awareness.js`, `auth.js`), one to a frame.

Numbers are lib0's variable-length unsigned integers, seven bits to a byte, lowest first; JavaScript holds 53 of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from vortex_prefect.core.errors import RequestError

_SYNC, _AWARENESS, _AUTH, _QUERY_AWARENESS = range(4)
_STEP_1, _STEP_2, _UPDATE = range(3)
_PERMISSION_DENIED = 0

#: Bytes of the longest number, and the largest.
_LONGEST, _LARGEST = 8, (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class Asks:
    """The peer has this state (a Yjs state vector) and wants the rest."""

    state: bytes


@dataclass(frozen=True, slots=True)
class Edits:
    """What the peer has, as a Yjs update; `answer`: because it was asked for."""

    update: bytes
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Shows:
    """States of clients: an awareness update."""

    content: bytes


@dataclass(frozen=True, slots=True)
class AsksWhoIsThere:
    """The peer wants the states of all clients."""


Message = Asks | Edits | Shows | AsksWhoIsThere


def parse(frame: bytes) -> Message:
    """Read a frame.

    Raises:
        RequestError: RQ-001, it is no message of the protocol.
    """
    reader = Reader(frame)
    kind = reader.number()
    if kind == _AWARENESS:
        return Shows(reader.content())
    if kind == _QUERY_AWARENESS:
        return AsksWhoIsThere()
    if kind == _SYNC:
        step = reader.number()
        if step == _STEP_1:
            return Asks(reader.content())
        if step in (_STEP_2, _UPDATE):
            return Edits(reader.content(), step == _STEP_2)
    raise RequestError("RQ-001", "this is no message of the y-websocket protocol")


def asks(state: bytes) -> bytes:
    """The frame that asks a peer for what is not in this state."""
    return bytes((_SYNC, _STEP_1)) + _sized(state)


def answers(update: bytes) -> bytes:
    """The frame that answers `Asks`."""
    return bytes((_SYNC, _STEP_2)) + _sized(update)


def tells(update: bytes) -> bytes:
    """The frame with an edit of somebody else."""
    return bytes((_SYNC, _UPDATE)) + _sized(update)


def shows(content: bytes) -> bytes:
    """The frame with states of clients."""
    return bytes((_AWARENESS,)) + _sized(content)


def denies(reason: str) -> bytes:
    """The frame that says that an edit was not taken."""
    return bytes((_AUTH, _PERMISSION_DENIED)) + _sized(reason.encode())


def number(value: int) -> bytes:
    """A number as lib0 writes it."""
    found = bytearray()
    while value > 0x7F:
        found.append(0x80 | value & 0x7F)
        value >>= 7
    found.append(value)
    return bytes(found)


def sized_text(text: str) -> bytes:
    """A text as lib0 writes it."""
    return _sized(text.encode())


def _sized(content: bytes) -> bytes:
    return number(len(content)) + content


class Reader:
    """Reads lib0's encoding; RQ-001 where the bytes end early or a number is too long."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        """The next number."""
        found = 0
        for place in range(_LONGEST):
            if self._at >= len(self._data):
                raise _broken()
            byte = self._data[self._at]
            self._at += 1
            found |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if found > _LARGEST:
                    raise _broken()
                return found
        raise _broken()

    def content(self) -> bytes:
        """The next bytes, behind their length."""
        length = self.number()
        if length > len(self._data) - self._at:
            raise _broken()
        found = self._data[self._at : self._at + length]
        self._at += length
        return found

    def text(self) -> str:
        """The next text."""
        try:
            return self.content().decode()
        except UnicodeDecodeError:
            raise _broken() from None


def _broken() -> RequestError:
    return RequestError("RQ-001", "this is no message of the y-websocket protocol, or a part of one")
