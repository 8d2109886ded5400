"""Who is in a room, and what each shows of himself: the awareness states of y-protocols.

A client's state belongs to the connection that spoke for it first. Clients of y-websocket send on whatever changes,
others' states too, and without an owner the echo of somebody who has just left would bring a ghost back.

The clocks that are told are the server's own. A client that comes back after a lost connection has the clock that it
had before, and the others, who were told that it is gone, would take that for old news until its next heartbeat.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from vortex_prefect.collab.protocol import Reader, number, sized_text
from vortex_prefect.core.errors import RequestError

_GONE = "null"
#: Clients that one connection may speak for, and bytes of the state of one.
_MOST_CLIENTS, _MOST_BYTES = 4, 16 << 10
#: The largest clock that a client may have: those that the server tells go on from there, and JavaScript has 53 bits.
_LARGEST_CLOCK = 1 << 52
#: Clients that are gone, whose clocks are kept for their return.
_MOST_GONE = 1_000


@dataclass(slots=True)
class _Shown:
    #: The connection; null once it is gone.
    owner: object | None
    clock: int
    #: JSON.
    state: str


class Presence:
    """The states of one room."""

    def __init__(self) -> None:
        self._shown: OrderedDict[int, _Shown] = OrderedDict()
        self._owned: dict[object, set[int]] = {}

    def take(self, owner: object, content: bytes) -> set[int]:
        """Take in an awareness update of a connection; the clients that show something else now.

        Raises:
            RequestError: RQ-001 it is none, RQ-005 a state is too long.
        """
        reader = Reader(content)
        entries = [(reader.number(), _clock(reader.number()), _state(reader.text())) for _ in range(reader.number())]
        return {client for client, clock, state in entries if self._take(owner, client, clock, state)}

    def leave(self, owner: object) -> set[int]:
        """The clients of a connection that has ended, all of them gone now."""
        gone = self._owned.pop(owner, set())
        for client in gone:
            shown = self._shown[client]
            shown.owner, shown.state = None, _GONE
            shown.clock += 1
            self._shown.move_to_end(client)
        self._forget_old()
        return gone

    def update(self, clients: Iterable[int] | None = None, *, without: object = None) -> bytes | None:
        """The awareness update about these clients, or about all that are there; null if it would tell nothing.

        Args:
            without: a connection whose own clients are left out: it knows them better.
        """
        own = self._owned.get(without, set())
        chosen = self._there() if clients is None else [client for client in clients if client in self._shown]
        told = [client for client in chosen if client not in own]
        if not told:
            return None
        parts = [number(len(told))]
        for client in told:
            shown = self._shown[client]
            parts += (number(client), number(shown.clock), sized_text(shown.state))
        return b"".join(parts)

    def _there(self) -> list[int]:
        return [client for client, shown in self._shown.items() if shown.owner is not None]

    def _take(self, owner: object, client: int, clock: int, state: str) -> bool:
        known = self._shown.get(client)
        if known is not None and known.owner is not None:
            if known.owner is not owner or known.state == state:
                return False
        elif state == _GONE or not self._may_claim(owner, known):
            return False
        told = clock if known is None else max(clock, known.clock + 1)
        self._shown[client] = _Shown(owner, told, state)
        self._owned.setdefault(owner, set()).add(client)
        return True

    def _may_claim(self, owner: object, known: _Shown | None) -> bool:
        own = self._owned.get(owner, ())
        # One that was there before comes back as the first thing that its connection says.
        return len(own) < _MOST_CLIENTS if known is None else not own

    def _forget_old(self) -> None:
        gone = [client for client, shown in self._shown.items() if shown.owner is None]
        for client in gone[: max(0, len(gone) - _MOST_GONE)]:
            del self._shown[client]


def _clock(clock: int) -> int:
    if clock > _LARGEST_CLOCK:
        raise RequestError("RQ-001", f"the clock of an awareness state is beyond {_LARGEST_CLOCK}")
    return clock


def _state(text: str) -> str:
    """A state as it came; what no client could read would end all of them."""
    if len(text.encode()) > _MOST_BYTES:
        raise RequestError("RQ-005", f"an awareness state has more than {_MOST_BYTES} bytes")
    try:
        state = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError("RQ-001", "an awareness state is no JSON") from None
    if state is not None and not isinstance(state, dict):
        raise RequestError("RQ-001", "an awareness state is an object or null")
    return _GONE if state is None else text
