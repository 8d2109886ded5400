"""All structs of a complete document, from its bytes: a hundred thousand of them in a fraction of a second."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from vortex_prefect.collab.encoding import DELETED, GC, IN_MAP, SKIP, Id, Reader, Struct, read_ranges, read_struct

#: A tick of a client's clock as one number: clients by the order in which they come, a clock below 2⁵³ each.
Tick = int
_CLOCK_BITS = 53
#: As many as a clock has.
CLOCKS = (1 << _CLOCK_BITS) - 1

_NUMBER = rb"([\x80-\xff]{0,6}[\x00-\x7f])"
#: Nearly all structs of a document that grew too large: a value of a map, overwritten, which names its predecessor.
_OVERWRITTEN = re.compile(rb"\xa1" + _NUMBER + _NUMBER + rb"\x01", re.DOTALL)


class NoDocumentError(Exception):
    """The bytes are no complete document, or hold something of which the rules are not known."""


class Part(NamedTuple):
    """One struct."""

    first: Tick
    last: Tick
    #: Where its bytes are.
    start: int
    end: int
    #: Whether it is a value, or a run of dead ones, of a map's key.
    keyed: bool
    #: Whether it is a collected one, of which only the length is known.
    collected: bool
    #: The value that it was set in the place of; null if there was none, or it is no map's.
    origin: Tick | None
    #: Where the bytes begin that name map and key, if it has no origin; and where the content does.
    place: int
    content: int


class History:
    """What a complete document is made of.

    Attributes:
        data: its bytes.
        parts: client → all that is his, in the order of his clock.
        deletions: where the bytes begin that tell what is deleted.

    Raises:
        NoDocumentError: by making one.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parts: dict[int, list[Part]] = {}
        self._clients: list[int] = []
        self._bases: dict[int, Tick] = {}
        #: The same, by a client's id as it is written.
        self._written: dict[bytes, Tick] = {}
        self._firsts: dict[int, list[Tick]] = {}
        try:
            self._read(Reader(data))
        except (IndexError, ValueError) as error:
            raise NoDocumentError(str(error)) from None

    def tick(self, client: int, clock: int) -> Tick:
        """The number that stands for it."""
        if (base := self._bases.get(client)) is None:
            base = self._bases[client] = len(self._clients) << _CLOCK_BITS
            self._clients.append(client)
        return base + clock

    def client(self, tick: Tick) -> int:
        """Whose it is."""
        return self._clients[tick >> _CLOCK_BITS]

    def id(self, tick: Tick) -> Id:
        """Its client and clock."""
        return self.client(tick), tick & CLOCKS

    def at(self, tick: Tick) -> Part:
        """What holds a tick; NoDocumentError if nothing does."""
        client = self.client(tick)
        parts = self.parts.get(client, [])
        if client not in self._firsts:
            self._firsts[client] = [part.first for part in parts]
        place = bisect_right(self._firsts[client], tick) - 1
        if place < 0 or parts[place].last < tick:
            raise NoDocumentError("something names what is not there")
        return parts[place]

    def keyed(self) -> Iterator[Part]:
        """All values of maps."""
        for parts in self.parts.values():
            for part in parts:
                if part.keyed:
                    yield part

    def deleted(self, tick: Tick) -> bool:
        """Whether it is."""
        ranges = self._deletions.get(self.client(tick), [])
        clock = tick & CLOCKS
        place = bisect_right(ranges, (clock, CLOCKS)) - 1
        return place >= 0 and clock < sum(ranges[place])

    def _read(self, reader: Reader) -> None:
        for _ in range(reader.number()):
            self._read_client(reader)
        self.deletions = reader.at
        self._deletions = {client: sorted(ranges) for client, ranges in read_ranges(reader).items()}
        if reader.at != len(self.data):
            raise NoDocumentError("bytes stand behind its end")

    def _read_client(self, reader: Reader) -> None:
        count, client, clock = reader.number(), reader.number(), reader.number()
        if clock or client in self.parts:
            raise NoDocumentError("it does not hold all that a client did, in one piece")
        first = self.tick(client, 0)
        parts = self.parts[client] = []
        data, match, written = self.data, _OVERWRITTEN.match, self._written
        append, new, tick, at = parts.append, tuple.__new__, first, reader.at
        for _ in range(count):
            if (found := match(data, at)) is not None:
                whose, when = found.groups()
                base = written.get(whose)
                end = found.end()
                origin = (self._learn(whose) if base is None else base) + _decoded(when)
                # Half the time of calling the class.
                append(new(Part, (tick, tick, at, end, True, False, origin, at, end - 2)))
                tick += 1
            else:
                reader.at = at
                part = self._part(tick, at, read_struct(reader), reader)
                append(part)
                tick, end = part.last + 1, reader.at
            at = end
        reader.at = at
        if tick - first > CLOCKS:
            raise NoDocumentError("a clock is too large")

    def _part(self, tick: Tick, start: int, struct: Struct, reader: Reader) -> Part:
        kind = struct.info & 0x1F
        if kind == SKIP or struct.length < 1:
            raise NoDocumentError("a part of it is missing")
        keyed = kind != GC and bool(struct.info & IN_MAP)
        if keyed and struct.right is not None:
            raise NoDocumentError("a value of a map stands left of another one")
        if keyed and struct.length > 1 and kind != DELETED:
            raise NoDocumentError("a key of a map has several values at once")
        origin = self._named(struct.left) if keyed else None
        last = tick + struct.length - 1
        return Part(tick, last, start, reader.at, keyed, kind == GC, origin, struct.place_at, struct.content_at)

    def _named(self, found: Id | None) -> Tick | None:
        if found is None:
            return None
        if found[1] > CLOCKS:
            raise NoDocumentError("a clock is too large")
        return self.tick(*found)

    def _learn(self, written: bytes) -> Tick:
        base = self._written[written] = self.tick(_decoded(written), 0)
        return base


def _decoded(number: bytes) -> int:
    """A number of at most 49 bits, as it is written."""
    if len(number) <= 3:
        bits = int.from_bytes(number, "little")
        return bits & 0x7F | bits >> 1 & 0x3F80 | bits >> 2 & 0x1FC000
    found = 0
    for byte in reversed(number):
        found = found << 7 | byte & 0x7F
    return found
