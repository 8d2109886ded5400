"""Who receives which message: rooms, their memory, and one bounded queue a client. No I/O.

Messages of a room are numbered by one counter for all rooms that starts at the
wall clock, so that numbers keep growing over a restart of the bridge and an
old client's `after` is never mistaken for a place in the new sequence.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson

from vortex_prefect.bridge.frames import COMPRESS_FROM_BYTES, deflated_frame, text_frame
from vortex_prefect.core.histogram import Histogram, HistogramSnapshot
from vortex_prefect.core.ids import now_ms
from vortex_prefect.service.messages import Message

#: Seconds; the target of a delivery is 0.01.
_DELIVERY = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)


@dataclass(frozen=True)
class Envelope:
    """A message on its way: `{type, payload, seq, ts_ms}`. Each form is made once for all clients."""

    message: Message
    seq: int
    ts_ms: int
    #: `time.perf_counter` of its publication.
    born: float = 0.0

    @cached_property
    def text(self) -> bytes:
        """The JSON text, in UTF-8."""
        return envelope_text(self.message.type, self.message.payload, self.seq, self.ts_ms)

    @cached_property
    def plain(self) -> bytes:
        """As a WebSocket frame."""
        return text_frame(self.text)

    @cached_property
    def deflated(self) -> bytes:
        """As a frame for clients that take compressed ones; a short text is not compressed."""
        return self.plain if len(self.text) < COMPRESS_FROM_BYTES else deflated_frame(self.text)

    def answering(self, request_id: str) -> Envelope:
        """The same for the client whose request it answers."""
        payload = {**self.message.payload, "request_id": request_id}
        return Envelope(replace(self.message, payload=payload), self.seq, self.ts_ms, self.born)


def envelope_text(type: str, payload: dict[str, Any], seq: int, ts_ms: int) -> bytes:
    """The envelope that every message from the server has."""
    envelope = {"type": type, "payload": payload, "seq": seq, "ts_ms": ts_ms}
    try:
        return orjson.dumps(envelope)
    except TypeError:
        # Whole numbers of more than 64 bits, and halves of surrogate pairs.
        return json.dumps(envelope).encode()


class Backlog:
    """Envelopes in order, of which a newer one replaces the older one of the same key."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, Envelope] = OrderedDict()
        self._droppable: OrderedDict[int, None] = OrderedDict()
        self._newest: dict[tuple[str, ...], int] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def push(self, envelope: Envelope) -> None:
        """Append."""
        key = envelope.message.key
        if key is not None:
            if (older := self._newest.get(key)) is not None:
                self._remove(older)
            self._newest[key] = envelope.seq
        self._held[envelope.seq] = envelope
        self.size_bytes += len(envelope.text)
        if envelope.message.droppable:
            self._droppable[envelope.seq] = None

    def pop_oldest(self) -> Envelope:
        """Remove and return the oldest; KeyError if there is none."""
        return self._remove(next(iter(self._held)))

    def drop(self) -> bool:
        """Give up the oldest one that may be lost; false if none may."""
        if not self._droppable:
            return False
        self._remove(next(iter(self._droppable)))
        return True

    def after(self, seq: int) -> list[Envelope]:
        """Those with a higher number."""
        return [envelope for envelope in self._held.values() if envelope.seq > seq]

    def exceeds(self, messages: int, size_bytes: int) -> bool:
        """Whether it holds more than that; a single message never does."""
        return len(self._held) > messages or (self.size_bytes > size_bytes and len(self._held) > 1)

    def take(self, limit_bytes: int | None = None) -> list[Envelope]:
        """Remove and return the oldest, until they have so many bytes; or all."""
        taken: list[Envelope] = []
        room = self.size_bytes if limit_bytes is None else limit_bytes
        while self._held and (room > 0 or not taken):
            taken.append(self.pop_oldest())
            room -= len(taken[-1].text)
        return taken

    def _remove(self, seq: int) -> Envelope:
        envelope = self._held.pop(seq)
        self.size_bytes -= len(envelope.text)
        self._droppable.pop(seq, None)
        key = envelope.message.key
        if key is not None and self._newest.get(key) == seq:
            del self._newest[key]
        return envelope


class Client:
    """One connection's queue. `wake` is called with it when there is something to take, or it is closed.

    Attributes:
        seq: number of the last message that was taken.
        closed: WebSocket close code once the connection is to end, else null.
        reason: why, for people.
        answered: the newest of its own requests whose graph waits here, else null.
    """

    def __init__(self, graph_id: str, seq: int, bounds: Bounds, wake: Callable[[Client], None]) -> None:
        self.graph_id = graph_id
        self.seq = seq
        self.closed: int | None = None
        self.reason = ""
        self.dropped = 0
        self.answered: str | None = None
        self._last_answered: str | None = None
        self._bounds = bounds
        self.joined = time.perf_counter()
        self._wake = wake
        self._backlog = Backlog()

    def push(self, envelope: Envelope) -> None:
        """Queue; where the queue is full, progress gives way, and if there is none the client is closed (1013)."""
        if self.closed is not None:
            return
        self._backlog.push(envelope)
        if envelope.message.asked is not None and envelope.message.asked.by is self:
            self.answered = self._last_answered = envelope.message.asked.request_id
        while self._backlog.exceeds(self._bounds.messages, self._bounds.size_bytes):
            if not self._backlog.drop():
                waiting = f"{len(self._backlog)} messages of {self._backlog.size_bytes} bytes wait"
                self.close(1013, f"fell behind: {waiting}; come back with after={self.seq}")
                break
            self.dropped += 1
        self._wake(self)

    @property
    def waiting(self) -> int:
        """Messages in the queue."""
        return len(self._backlog)

    def take(self, limit_bytes: int | None = None) -> list[Envelope]:
        """What waits, in order: all of it, or the oldest until they have so many bytes."""
        taken = self._backlog.take(limit_bytes)
        if taken:
            self.seq = taken[-1].seq
            if self.answered is not None:
                taken = [self._personal(envelope) for envelope in taken]
        return taken

    def answers(self, request_id: str) -> bool:
        """Whether a message that answers this request was queued; asked once."""
        last, self._last_answered = self._last_answered, None
        return last == request_id

    def _personal(self, envelope: Envelope) -> Envelope:
        if envelope.message.type != "graph.sync" or self.answered is None:
            return envelope
        request_id, self.answered = self.answered, None
        return envelope.answering(request_id)

    def close(self, code: int, reason: str = "") -> None:
        """End the connection; what waits is lost."""
        self.closed = code
        self.reason = reason
        self._backlog.take()
        self._wake(self)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be held."""

    messages: int
    size_bytes: int


class _Room:
    def __init__(self, start: int) -> None:
        self.clients: set[Client] = set()
        self.memory = Backlog()
        #: All that was sent after this number is held, but for what newer messages replaced.
        self.floor = start

    def remember(self, envelope: Envelope, bounds: Bounds) -> None:
        self.memory.push(envelope)
        while self.memory.exceeds(bounds.messages, bounds.size_bytes):
            self.floor = self.memory.pop_oldest().seq


@dataclass(frozen=True, slots=True)
class HubStatistics:
    """What the hub holds and has done since it was made."""

    clients: int
    rooms: int
    published: int
    #: Messages that slow clients did not get.
    dropped: int
    #: Clients that were closed because they did not keep up.
    overflowed: int
    #: Of each message to each client, from its publication until the socket has taken it.
    delivery: HistogramSnapshot


class Hub:
    """The rooms of all graphs.

    Args:
        memory: messages that a room holds for clients that come back.
        queue: messages that may wait for one client.
        memory_bytes, queue_bytes: the same in bytes; one message may be larger.
        idle_rooms: rooms without clients that are remembered, the last left first.
    """

    def __init__(
        self,
        *,
        memory: int = 1024,
        queue: int = 4096,
        memory_bytes: int = 8 << 20,
        queue_bytes: int = 16 << 20,
        idle_rooms: int = 64,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._memory = Bounds(memory, memory_bytes)
        self._queue = Bounds(queue, queue_bytes)
        self._idle_rooms = idle_rooms
        self._clock = clock
        self._seq = clock()
        self._rooms: dict[str, _Room] = {}
        self._idle: OrderedDict[str, None] = OrderedDict()
        self._published = 0
        self._overflowed = 0
        self._dropped = 0
        self._delivery = Histogram(_DELIVERY)

    def delivered(self, client: Client, envelope: Envelope) -> None:
        """A client's socket has taken a message; one that was held for a client that came back tells nothing."""
        if envelope.born >= client.joined:
            self._delivery.observe(time.perf_counter() - envelope.born)

    def publish(self, message: Message) -> None:
        """Hand a message to every client of its graph, or of all, and remember it for those that come back."""
        self._published += 1
        # Counted without a room too: a client that comes back must not look as if it had missed nothing.
        self._seq += 1
        graphs = [message.graph_id] if message.graph_id is not None else list(self._rooms)
        rooms = [room for graph_id in graphs if (room := self._rooms.get(graph_id)) is not None]
        if not rooms:
            return
        envelope = Envelope(message, self._seq, self._clock(), time.perf_counter())
        for room in rooms:
            self._hand_out(envelope, room)

    def _hand_out(self, envelope: Envelope, room: _Room) -> None:
        message = envelope.message
        if message.held:
            room.remember(envelope, self._memory)
        for client in tuple(room.clients):
            client.push(envelope)
            if client.closed is not None:
                self._overflowed += 1
                self.leave(client)

    def join(self, graph_id: str, after: int | None, wake: Callable[[Client], None]) -> tuple[Client, bool]:
        """A client of a graph, and whether it missed nothing.

        With `after`, the number of the last message it has seen, what followed
        is queued first if all of it is held; else the caller has to tell the
        client how things stand.
        """
        room = self._rooms.setdefault(graph_id, _Room(self._seq))
        self._idle.pop(graph_id, None)
        resumed = after is not None and room.floor <= after <= self._seq
        seq = after if after is not None and resumed else self._seq
        client = Client(graph_id, seq, self._queue, wake)
        for envelope in room.memory.after(seq):
            client.push(envelope)
        room.clients.add(client)
        return client, resumed

    def leave(self, client: Client) -> None:
        """Forget a client; its room is remembered for a while."""
        room = self._rooms.get(client.graph_id)
        if room is None or client not in room.clients:
            return
        room.clients.remove(client)
        self._dropped += client.dropped
        if not room.clients:
            self._idle[client.graph_id] = None
            while len(self._idle) > self._idle_rooms:
                forgotten, _ = self._idle.popitem(last=False)
                del self._rooms[forgotten]

    def close(self) -> None:
        """End all connections: the server goes away (1001)."""
        for room in tuple(self._rooms.values()):
            for client in tuple(room.clients):
                client.close(1001, "the server stops")
                self.leave(client)

    def direct(self, client: Client, type: str, payload: dict[str, Any]) -> bytes:
        """A message to one client alone; it repeats the last number, so that the client's `after` stays right."""
        return envelope_text(type, payload, client.seq, self._clock())

    def statistics(self) -> HubStatistics:
        """Counts at this moment."""
        clients = [client for room in self._rooms.values() for client in room.clients]
        return HubStatistics(
            clients=len(clients),
            rooms=len(self._rooms),
            published=self._published,
            dropped=self._dropped + sum(client.dropped for client in clients),
            overflowed=self._overflowed,
            delivery=self._delivery.snapshot(),
        )
