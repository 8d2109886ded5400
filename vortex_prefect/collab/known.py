"""Which edits a document holds, and whether another one rests on nothing else.

The library keeps what it cannot place yet, and applies it when what is missing comes: an edit would then be in memory
that nobody was told of and that is on no disk. Whoever keeps to the protocol never sends one; he sends what he has in
order, and everything that is asked for first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
            ends, named = self._read(Reader(update))
        except (IndexError, ValueError) as error:
            raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None
        for client, clock in named:
            if clock >= max(ends.get(client, 0), self._ends.get(client, 0)):
                raise RequestError("RQ-001", "the update rests on edits that were not sent")
        return ends

    def add(self, ends: Mapping[int, int]) -> None:
        """The document holds these too."""
        for client, end in ends.items():
            self._ends[client] = max(end, self._ends.get(client, 0))

    def _read(self, reader: Reader) -> tuple[dict[int, int], Iterable[Id]]:
        """Where each client's structs end, and everything that has to be there."""
        ends: dict[int, int] = {}
        named: list[Id] = []
        for _ in range(reader.number()):
            count, client, clock = reader.number(), reader.number(), reader.number()
            if clock > max(ends.get(client, 0), self._ends.get(client, 0)):
                raise ValueError("what came before is missing")
            for _ in range(count):
                struct = read_struct(reader)
                if struct.info & 0x1F == SKIP:
                    raise ValueError("it has gaps")
                named += [link for link in (struct.left, struct.right, struct.parent) if link is not None]
                clock += struct.length
            ends[client] = max(clock, ends.get(client, 0))
        for client, ranges in read_ranges(reader).items():
            named += [(client, start + length - 1) for start, length in ranges if length > 0]
        return ends, named
