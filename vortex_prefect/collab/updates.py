"""Updates that would end the process, refused before the library sees them.

The library (yrs, through pycrdt 0.14) recurses where it decodes a nested value
and where it deletes a nested type, and a stack that runs out is no exception
but the end of the process. Measured with 8 MiB of stack: values nested 10,000
deep are applied and read, 50,000 are not, which is an update of 100 kB; types
nested 30,000 deep are deleted, 50,000 are not. A thousand leaves room for
smaller stacks, and no graph needs more than two.

The format is that of Yjs' `encodeStateAsUpdate`, version 1, with values as in
lib0's `encoding.writeAny`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vortex_prefect.core.errors import RequestError

MOST_NESTED = 1_000

#: A level of nesting takes two bytes at least, so that what is shorter cannot be too deep.
_BEYOND_DOUBT = 2 * MOST_NESTED

_Id = tuple[int, int]


def check_update(update: bytes) -> None:
    """Let an update pass that may be given to `Doc.apply_update`.

    Nesting is counted within the update. One that adds to what is deep already
    is told by the depth of its events.

    Raises:
        RequestError: RQ-001, it is nested too deep, or no update at all (which
            is only found out in long ones: the library refuses the others).
    """
    if len(update) <= _BEYOND_DOUBT:
        return
    try:
        types = _read_structs(_Reader(update))
    except (IndexError, ValueError) as error:
        raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
    if types.deepest() > MOST_NESTED:
        raise RequestError("RQ-001", f"the update nests shared types more than {MOST_NESTED} deep")


class _Reader:
    """The bytes of an update, read from front to back.

    Raises:
        IndexError: they end too early.
        ValueError: they are of no known form, or nested too deep.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

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
        self._at += count
        if self._at > len(self._data):
            raise IndexError("it ends too early")

    def buffer(self) -> None:
        self.skip(self.number())

    def text_length(self) -> int:
        """Pass over a text; gives its length in UTF-16 code units, which is how Yjs counts."""
        size = self.number()
        start = self._at
        self.skip(size)
        return len(self._data[start : self._at].decode().encode("utf-16-le")) // 2

    def id(self) -> _Id:
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
_SCALARS: dict[int, Callable[[_Reader], object]] = {
    116: _Reader.buffer,
    119: _Reader.buffer,
    120: lambda _: None,
    121: lambda _: None,
    122: lambda reader: reader.skip(8),
    123: lambda reader: reader.skip(8),
    124: lambda reader: reader.skip(4),
    # A signed integer's bytes end as an unsigned one's do.
    125: _Reader.number,
    126: lambda _: None,
    127: lambda _: None,
}


@dataclass(slots=True)
class _Types:
    """Which struct lies in which, as far as the update tells."""

    #: client → first clock and last of each struct, rising.
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    #: First id of a struct → another one that lies beside it (False) or around it (True).
    links: dict[_Id, tuple[_Id, bool]] = field(default_factory=dict)

    def deepest(self) -> int:
        """Length of the longest chain of types within types."""
        depths: dict[_Id, int] = {}
        for start in self.links:
            chain = list(self._chain(start, depths))
            depth = depths.get(self._beyond(chain[-1]), 0)
            for struct in reversed(chain):
                depth += self.links[struct][1]
                depths[struct] = depth
        return max(depths.values(), default=0)

    def _chain(self, struct: _Id, known: dict[_Id, int]) -> Iterator[_Id]:
        """Structs from this one outwards, until one that is known, has no link or came before."""
        seen: set[_Id] = set()
        while struct in self.links and struct not in seen:
            seen.add(struct)
            yield struct
            following = self._beyond(struct)
            if following in known:
                return
            struct = following

    def _beyond(self, struct: _Id) -> _Id:
        """The first id of the struct that a link leads to."""
        client, clock = self.links[struct][0]
        spans = self.spans.get(client, [])
        place = bisect_right(spans, (clock, 1 << 64)) - 1
        if place >= 0 and spans[place][0] <= clock <= spans[place][1]:
            return client, spans[place][0]
        return client, clock


def _read_structs(reader: _Reader) -> _Types:
    types = _Types()
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        spans = types.spans.setdefault(client, [])
        for _ in range(count):
            info = reader.byte()
            link, length = _read_struct(reader, info)
            if link is not None:
                types.links[client, clock] = link
            spans.append((clock, clock + length - 1))
            clock += length
        spans.sort()
    return types


def _read_struct(reader: _Reader, info: int) -> tuple[tuple[_Id, bool] | None, int]:
    """Where a struct lies, and how many clock ticks it takes."""
    kind = info & 0x1F
    if kind in (0, 10):
        return None, reader.number()
    link: tuple[_Id, bool] | None = None
    if info & 0x80:
        link = reader.id(), False
    if info & 0x40:
        right = reader.id()
        link = link or (right, False)
    if not info & 0xC0:
        if reader.number() == 1:
            reader.buffer()
        else:
            link = reader.id(), True
        if info & 0x20:
            reader.buffer()
    return link, _read_content(reader, kind)


def _read_content(reader: _Reader, kind: int) -> int:
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
