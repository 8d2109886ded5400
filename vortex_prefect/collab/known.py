"""Which edits a document holds, and whether another one rests on nothing else.

The library keeps what it cannot place yet, and applies it when what is missing comes: an edit would then be in memory
that nobody was told of and that is on no disk. Whoever keeps to the protocol never sends one; he sends what he has in
order, and everything that is asked for first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from vortex_prefect.collab.encoding import SKIP, Id, Reader, read_ranges, read_struct
from vortex_prefect.core.errors import RequestError


class Known:
    """The state vector of a document, kept beside it: reading it anew for each edit takes longer than the edit."""

    def __init__(self, state: Mapping[int, int]) -> None:
        self._ends = dict(state)

    def check(self, update: bytes) -> dict[int, int]:
        """Client → the end of what an update brings.

        Raises:
            RequestError: RQ-001, it is none, or rests on what is not here.
        """
        try:
            reader = Reader(update)
            ends = self._placed(dict(_blocks(reader)))
            deleted = read_ranges(reader)
        except (IndexError, ValueError) as error:
            raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
        for client, ranges in deleted.items():
            end = max(ends.get(client, 0), self._ends.get(client, 0))
            if any(start + length > end for start, length in ranges):
                raise RequestError("RQ-001", "the update deletes what was not sent")
        return ends

    def add(self, ends: Mapping[int, int]) -> None:
        """The document holds these too."""
        for client, end in ends.items():
            self._ends[client] = max(end, self._ends.get(client, 0))

    def _placed(self, blocks: Mapping[int, _Block]) -> dict[int, int]:
        """Place the structs as the library does, each once all that it names is there; ValueError if one never is."""
        ends = {client: self._ends.get(client, 0) for client in blocks}

        def here(link: Id) -> bool:
            client, clock = link
            return clock < (ends[client] if client in ends else self._ends.get(client, 0))

        waiting = {client: deque(block.structs) for client, block in blocks.items() if block.clock <= ends[client]}
        if len(waiting) < len(blocks):
            raise ValueError("what came before is missing")
        moved = True
        while moved:
            moved = False
            for client, structs in waiting.items():
                while structs and all(map(here, structs[0].links)):
                    ends[client] = max(structs.popleft().end, ends[client])
                    moved = True
        if any(waiting.values()):
            raise ValueError("it rests on edits that were not sent")
        return ends


class _Placing(NamedTuple):
    end: int
    links: tuple[Id, ...]


class _Block(NamedTuple):
    clock: int
    structs: list[_Placing]


def _blocks(reader: Reader) -> Iterator[tuple[int, _Block]]:
    """Each client's structs: where they begin, and of each where it ends and what it names."""
    seen: set[int] = set()
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        if client in seen:
            raise ValueError("a client is there twice")
        seen.add(client)
        block = _Block(clock, [])
        for _ in range(count):
            struct = read_struct(reader)
            if struct.info & 0x1F == SKIP:
                raise ValueError("it has gaps")
            clock += struct.length
            links = (struct.left, struct.right, struct.parent)
            block.structs.append(_Placing(clock, tuple(link for link in links if link is not None)))
        yield client, block
