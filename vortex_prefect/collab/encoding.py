"""The bytes of a Yjs update: `encodeStateAsUpdate`, version 1, with values as in lib0's `encoding.writeAny`.

Structs of each client come first, then what is deleted (yjs 13.6: `utils/encoding.js`, `structs/Item.js`). Nothing here
recurses, so that what is nested is told and not run into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

#: Levels of values within values that are read; why no more, `updates` says.
MOST_NESTED = 1_000

#: A client, and a tick of its clock.
Id = tuple[int, int]

#: Kinds of structs that hold a place and no item: collected ones, and gaps.
GC, SKIP = 0, 10
#: Kind of an item whose content is gone.
DELETED = 1
#: What an item's first byte says besides its kind: it lies in a map, and names who stood right or left of it.
IN_MAP, HAS_RIGHT, HAS_LEFT = 0x20, 0x40, 0x80


class Struct(NamedTuple):
    """One struct, apart from its content."""

    #: The first byte.
    info: int
    #: Clock ticks.
    length: int
    left: Id | None
    right: Id | None
    #: The item that holds the type around it; null in a root, and where a neighbour tells.
    parent: Id | None
    #: Where the bytes that name its place begin, if no neighbour tells, and where its content does.
    place_at: int
    content_at: int


class Reader:
    """The bytes of an update, read from front to back.

    Raises:
        IndexError: they end too early.
        ValueError: they are of no known form, or nested too deep.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def number(self) -> int:
        """A variable-length unsigned integer: seven bits a byte, the lowest first."""
        found = shift = 0
        while True:
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found
            if shift > 63:
                raise ValueError("a number is longer than 64 bits")

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._data):
            raise IndexError("it ends too early")

    def buffer(self) -> None:
        self.skip(self.number())

    def text_length(self) -> int:
        """Pass over a text; gives its length in UTF-16 code units, which is how Yjs counts."""
        size = self.number()
        start = self.at
        self.skip(size)
        return len(self._data[start : self.at].decode().encode("utf-16-le")) // 2

    def id(self) -> Id:
        return self.number(), self.number()

    def value(self) -> None:
        """Pass over one value, however nested, without recursion."""
        # Of each container around the present place: how many values it still has, and whether they have keys.
        around: list[tuple[int, bool]] = [(1, False)]
        while around:
            left, keyed = around.pop()
            if left == 0:
                continue
            around.append((left - 1, keyed))
            if keyed:
                self.buffer()
            kind = self.byte()
            if kind in _CONTAINERS:
                around.append((self.number(), kind == _OBJECT))
                if len(around) > MOST_NESTED:
                    raise ValueError(f"a value is nested more than {MOST_NESTED} deep")
            elif kind in _SCALARS:
                _SCALARS[kind](self)
            else:
                raise ValueError(f"a value is of the unknown kind {kind}")


_OBJECT = 118
_CONTAINERS = frozenset({117, _OBJECT})
_SCALARS: dict[int, Callable[[Reader], object]] = {
    116: Reader.buffer,
    119: Reader.buffer,
    120: lambda _: None,
    121: lambda _: None,
    122: lambda reader: reader.skip(8),
    123: lambda reader: reader.skip(8),
    124: lambda reader: reader.skip(4),
    # A signed integer's bytes end as an unsigned one's do.
    125: Reader.number,
    126: lambda _: None,
    127: lambda _: None,
}


def read_struct(reader: Reader) -> Struct:
    """The next struct.

    Raises:
        IndexError: the bytes end too early.
        ValueError: it is of no known form.
    """
    info = reader.byte()
    kind = info & 0x1F
    if kind in (GC, SKIP):
        return Struct(info, reader.number(), None, None, None, reader.at, reader.at)
    left = reader.id() if info & HAS_LEFT else None
    right = reader.id() if info & HAS_RIGHT else None
    parent: Id | None = None
    place_at = reader.at
    if left is None and right is None:
        if reader.number() == 1:
            reader.buffer()
        else:
            parent = reader.id()
        if info & IN_MAP:
            reader.buffer()
    content_at = reader.at
    return Struct(info, _pass_over_content(reader, kind), left, right, parent, place_at, content_at)


def read_ranges(reader: Reader) -> dict[int, list[tuple[int, int]]]:
    """What is deleted: client → first clock and number of ticks of each range, as they stand there."""
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(reader.number()):
        ranges = found.setdefault(reader.number(), [])
        ranges.extend(reader.id() for _ in range(reader.number()))
    return found


def read_state(state: bytes) -> dict[int, int]:
    """A state vector: client → clock of the first tick that is not there.

    Raises:
        IndexError: the bytes end too early.
        ValueError: a number is too long.
    """
    reader = Reader(state)
    return dict(reader.id() for _ in range(reader.number()))


def _pass_over_content(reader: Reader, kind: int) -> int:
    """Pass over what a struct holds; gives its length in clock ticks."""
    if kind == 1:
        return reader.number()
    if kind in (2, 8):
        count = reader.number()
        for _ in range(count):
            if kind == 2:
                reader.buffer()
            else:
                reader.value()
        return count
    if kind == 4:
        return reader.text_length()
    if kind in (3, 5):
        reader.buffer()
    elif kind == 6:
        reader.buffer()
        reader.buffer()
    elif kind == 7:
        if reader.number() in (3, 5):
            reader.buffer()
    elif kind == 9:
        reader.buffer()
        reader.value()
    else:
        raise ValueError(f"a struct is of the unknown kind {kind}")
    return 1
