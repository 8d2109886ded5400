"""Who may edit a document that was squeezed, and with what: nobody is to need what was left out.

A member that has nothing, or all up to the horizon, shares the history of the document from there on. Its edits do too,
but for those that it made before it had all of that and that come after: they set values in the place of such as others
have no more. The library would take them for dead where the value was left out, and for alive elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from vortex_prefect.collab.encoding import GC, IN_MAP, SKIP, Id, Reader, Struct, read_struct
from vortex_prefect.collab.history import History, NoDocumentError


def covers(horizon: Mapping[int, int], state: Mapping[int, int]) -> bool:
    """Whether who has a state has nothing of what is before a horizon, or all of it."""
    return not any(state.values()) or all(state.get(client, 0) >= clock for client, clock in horizon.items())


class Horizon:
    """Up to where a document was squeezed.

    Raises:
        ValueError: by making one, the document is none.
    """

    def __init__(self, document: bytes, state: Mapping[int, int]) -> None:
        """`document`: what `squeeze` gave for this horizon, or for the same one later on; `state`: the horizon."""
        self._state = dict(state)
        self._kept: set[Id] = set()
        self._places: set[bytes] = set()
        if not state:
            return
        try:
            history = History(document)
        except NoDocumentError as error:
            raise ValueError(f"this is no document: {error}") from None
        for part in history.keyed():
            client, clock = history.id(part.last)
            if clock < self._state.get(client, 0):
                self._kept.add((client, clock))
                if part.origin is None:
                    self._places.add(document[part.place : part.content])

    def covered_by(self, state: Mapping[int, int]) -> bool:
        """Whether who has this state, as a state vector says it, has nothing or all up to the horizon."""
        return covers(self._state, state)

    def reached_by(self, update: bytes) -> bool:
        """Whether an update needs nothing that was left out.

        Raises:
            IndexError: its bytes end too early.
            ValueError: it is of no known form.
        """
        if not self._state:
            return True
        reader = Reader(update)
        for _ in range(reader.number()):
            count, client, clock = reader.number(), reader.number(), reader.number()
            limit = self._state.get(client, 0)
            for _ in range(count):
                struct = read_struct(reader)
                # What is from before the horizon is there already.
                if clock >= limit and not self._fits(struct, update):
                    return False
                clock += struct.length
        return True

    def _fits(self, struct: Struct, update: bytes) -> bool:
        if struct.info & 0x1F in (GC, SKIP) or not struct.info & IN_MAP:
            return True
        beside = struct.left or struct.right
        if beside is not None:
            return beside[1] >= self._state.get(beside[0], 0) or beside in self._kept
        return update[struct.place_at : struct.content_at] not in self._places
