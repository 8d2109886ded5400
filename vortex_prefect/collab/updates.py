"""Updates that would end the process, refused before the library sees them.

The library (yrs, through pycrdt 0.14) recurses where it decodes a nested value
and where it deletes a nested type, and a stack that runs out is no exception
but the end of the process. Measured with 8 MiB of stack: values nested 10,000
deep are applied and read, 50,000 are not, which is an update of 100 kB; types
nested 30,000 deep are deleted, 50,000 are not. A thousand leaves room for
smaller stacks, and no graph needs more than two.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from vortex_prefect.collab.encoding import MOST_NESTED, Id, Reader, Struct, read_struct
from vortex_prefect.core.errors import RequestError

#: A level of nesting takes two bytes at least, so that what is shorter cannot be too deep.
_BEYOND_DOUBT = 2 * MOST_NESTED


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
        types = _read_structs(Reader(update))
    except (IndexError, ValueError) as error:
        raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
    if types.deepest() > MOST_NESTED:
        raise RequestError("RQ-001", f"the update nests shared types more than {MOST_NESTED} deep")


@dataclass(slots=True)
class _Types:
    """Which struct lies in which, as far as the update tells."""

    #: client → first clock and last of each struct, rising.
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    #: First id of a struct → another one that lies beside it (False) or around it (True).
    links: dict[Id, tuple[Id, bool]] = field(default_factory=dict)

    def deepest(self) -> int:
        """Length of the longest chain of types within types."""
        depths: dict[Id, int] = {}
        for start in self.links:
            chain = list(self._chain(start, depths))
            depth = depths.get(self._beyond(chain[-1]), 0)
            for struct in reversed(chain):
                depth += self.links[struct][1]
                depths[struct] = depth
        return max(depths.values(), default=0)

    def _chain(self, struct: Id, known: dict[Id, int]) -> Iterator[Id]:
        """Structs from this one outwards, until one that is known, has no link or came before."""
        seen: set[Id] = set()
        while struct in self.links and struct not in seen:
            seen.add(struct)
            yield struct
            following = self._beyond(struct)
            if following in known:
                return
            struct = following

    def _beyond(self, struct: Id) -> Id:
        """The first id of the struct that a link leads to."""
        client, clock = self.links[struct][0]
        spans = self.spans.get(client, [])
        place = bisect_right(spans, (clock, 1 << 64)) - 1
        if place >= 0 and spans[place][0] <= clock <= spans[place][1]:
            return client, spans[place][0]
        return client, clock


def _read_structs(reader: Reader) -> _Types:
    types = _Types()
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        spans = types.spans.setdefault(client, [])
        for _ in range(count):
            struct = read_struct(reader)
            if (link := _link(struct)) is not None:
                types.links[client, clock] = link
            spans.append((clock, clock + struct.length - 1))
            clock += struct.length
        spans.sort()
    return types


def _link(struct: Struct) -> tuple[Id, bool] | None:
    """Where a struct lies."""
    beside = struct.left or struct.right
    if beside is not None:
        return beside, False
    return None if struct.parent is None else (struct.parent, True)
