"""A room of documents without a network: messages arrive when they are told to, and the server squeezes what it has.

Beside it stands a document that is given the same edits and keeps all of its history.
"""

from __future__ import annotations

import itertools
from typing import Any

from pycrdt import Doc, Map, TransactionEvent

from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.horizon import Horizon
from vortex_prefect.collab.squeeze import squeeze

#: How the library writes an update without content, and the state of a document without any.
NOTHING = b"\x00\x00"
ROOT = "nodes"


def says(doc: Doc[Any]) -> Any:
    """What stands in it."""
    return doc.get(ROOT, type=Map).to_py()


class SqueezedClient:
    """One person: a document, what it has not sent yet, and what has not reached it yet."""

    def __init__(self, client_id: int) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.online = False
        self.sent: list[bytes] = []
        self.coming: list[bytes] = []
        self.local = False
        self._subscription = self.doc.observe(self._on_transaction)

    def _on_transaction(self, event: TransactionEvent) -> None:
        if self.local and self.online and event.update != NOTHING:
            self.sent.append(event.update)


class SqueezedRoom:
    """Attributes:
    doc: the server's document.
    full: all that it accepted.
    refused: how often somebody had to begin anew.
    """

    def __init__(self, count: int) -> None:
        self.doc: Doc[Any] = Doc(client_id=1)
        self.full: Doc[Any] = Doc()
        self.horizon = Horizon(NOTHING, {})
        self.squeezed = NOTHING
        self.refused = 0
        # Who comes later has the smaller id half of the time.
        self._ids = (1_000 + number * (-1) ** number for number in itertools.count())
        self.clients = [SqueezedClient(next(self._ids)) for _ in range(count)]

    def connect(self, place: int) -> None:
        """Exchange states, as y-websocket does, unless connected."""
        client = self.clients[place]
        if client.online:
            return
        state = client.doc.get_state()
        if not self.horizon.covered_by(read_state(state)):
            self._begin_anew(place)
            return
        client.online = True
        client.sent = [client.doc.get_update(self.doc.get_state())]
        fresh = not any(read_state(state).values())
        # Who has nothing is given the squeezed document, and what came after it.
        client.coming = [self.squeezed, self.doc.get_update(_state_of(self.squeezed))] if fresh else []
        client.coming = client.coming or [self.doc.get_update(state)]

    def disconnect(self, place: int) -> None:
        """What is on the way is lost."""
        client = self.clients[place]
        client.online, client.sent, client.coming = False, [], []

    def _begin_anew(self, place: int) -> None:
        self.refused += 1
        self.clients[place] = SqueezedClient(next(self._ids))
        self.connect(place)

    def take_one(self, place: int) -> None:
        """The server gets the next edit of a client."""
        client = self.clients[place]
        if not client.sent:
            return
        update = client.sent.pop(0)
        if not self.horizon.reached_by(update):
            self._begin_anew(place)
            return
        told: list[bytes] = []
        subscription = self.doc.observe(lambda event: told.append(event.update))
        self.doc.apply_update(update)
        self.doc.unobserve(subscription)
        self.full.apply_update(update)
        for other in self.clients:
            if other.online and other is not client:
                other.coming += [each for each in told if each != NOTHING]

    def hear_one(self, place: int) -> None:
        """A client gets the next edit of the others."""
        client = self.clients[place]
        if client.coming:
            client.doc.apply_update(client.coming.pop(0))

    def squeeze(self) -> None:
        """Store the document without its past; it goes on with all of it."""
        state = read_state(self.doc.get_state())
        self.squeezed = squeeze(self.doc.get_update(), state)
        self.horizon = Horizon(self.squeezed, state)

    def restart(self) -> None:
        """Go on with what is stored and came after it; everybody is cut off."""
        behind = self.doc.get_update(_state_of(self.squeezed))
        client_id = self.doc.client_id
        self.doc = Doc(client_id=client_id)
        self.doc.apply_update(self.squeezed)
        self.doc.apply_update(behind)
        for place in range(len(self.clients)):
            self.disconnect(place)

    def settle(self) -> None:
        """Let everybody come back, and everything arrive."""
        for _ in range(2):
            for place in range(len(self.clients)):
                self.disconnect(place)
                self.connect(place)
                while self.clients[place].sent:
                    self.take_one(place)
        for place, client in enumerate(self.clients):
            while client.coming:
                self.hear_one(place)


def _state_of(update: bytes) -> bytes:
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    return doc.get_state()
