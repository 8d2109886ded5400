"""What a room keeps of a document's past: a snapshot without what was overwritten long ago; and who still rests on it.

The document in memory keeps everything; what is stored, and given to those who open it, is the snapshot and what came
after it. `squeeze` says what is forgotten, and what that asks of everybody who edits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc

from vortex_prefect.collab import protocol
from vortex_prefect.collab.encoding import read_state
from vortex_prefect.collab.horizon import Horizon, covers
from vortex_prefect.collab.marks import Marks
from vortex_prefect.collab.squeeze import squeeze
from vortex_prefect.core.contracts import StoredDocument
from vortex_prefect.core.errors import RequestError

#: A snapshot is made when so many bytes of edits lie behind the last one, or a quarter of what it has.
_BEHIND_BYTES = 128 << 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it is to be stored, and the state that it was made of."""

    stored: StoredDocument
    state: bytes
    behind_bytes: int


class Past:
    """The past of one document.

    Attributes:
        number: the last edit that the stored snapshot holds.
        size_bytes: of the stored snapshot.
        behind_bytes: of the edits behind it.
    """

    def __init__(self, doc: Doc[Any], stored: StoredDocument) -> None:
        """`doc` holds what is stored, and nothing else yet."""
        self._doc = doc
        self._marks = Marks(stored.horizon, doc.get_state())
        self._limits = read_state(stored.horizon)
        self._horizon: Horizon | None = None
        self._snapshot, self._state = stored.snapshot, doc.get_state()
        #: Edits since the snapshot was begun that is being made; null while none is.
        self._meanwhile: list[bytes] | None = None
        self.number = stored.number
        self.size_bytes = len(stored.snapshot)
        self.behind_bytes = 0

    @property
    def due(self) -> bool:
        """Whether it is time for a snapshot, and none is being made."""
        return self._meanwhile is None and self.behind_bytes >= max(_BEHIND_BYTES, self.size_bytes // 4)

    def edited(self, updates: Sequence[bytes]) -> None:
        """The document holds these too now."""
        size_bytes = sum(map(len, updates))
        self.behind_bytes += size_bytes
        self._marks.grow(size_bytes, self._doc.get_state)
        if self._meanwhile is not None:
            self._meanwhile += updates

    def horizon(self) -> Horizon:
        """Who may edit. Read with the first edit: that takes 50 ms for a large document, which who looks is spared."""
        if self._horizon is None:
            self._horizon = Horizon(self._snapshot, self._limits)
        return self._horizon

    def reached_by(self, update: bytes) -> bool:
        """Whether an edit rests on nothing that is forgotten; RQ-001 if it is none."""
        try:
            return self.horizon().reached_by(update)
        except (IndexError, ValueError) as error:
            raise RequestError("RQ-001", f"this is no update of a Yjs document: {error}") from None

    def missing(self, state: bytes) -> tuple[bytes, ...] | None:
        """The messages that give a member what is not in its state; null if it has to begin with an empty document.

        Raises:
            RequestError: RQ-001, it is no state.
        """
        try:
            known = read_state(state)
            if not covers(self._limits, known):
                return None
            if any(known.values()):
                return (protocol.answers(self._doc.get_update(state)),)
            tail = self._doc.get_update(self._state)
        except (IndexError, ValueError, RuntimeError) as error:
            raise RequestError("RQ-001", f"this is no state of a Yjs document: {error}") from None
        return protocol.tells(self._snapshot), protocol.answers(tail)

    async def snapshot(self, graph_id: str, number: int) -> Snapshot | None:
        """The document as it is, for storing; null where somebody edits what it would forget.

        Args:
            number: the last edit that the document holds; all of them are stored and settled.
        """
        state, behind_bytes = self._doc.get_state(), self.behind_bytes
        horizon_state = self._marks.next(lambda known: len(self._doc.get_update(known)))
        self._meanwhile = meanwhile = list[bytes]()
        try:
            # 0.3 s for a hundred thousand structs.
            content, horizon = await asyncio.to_thread(_without_past, self._doc.get_update(), horizon_state)
        finally:
            self._meanwhile = None
        if not all(map(horizon.reached_by, meanwhile)):
            return None
        # From now on nobody can.
        self._marks.settle(horizon_state)
        self._horizon, self._limits = horizon, read_state(horizon_state)
        return Snapshot(StoredDocument(graph_id, content, number, number, horizon_state), state, behind_bytes)

    def stored(self, snapshot: Snapshot) -> None:
        """It is on disk."""
        self._snapshot, self._state = snapshot.stored.snapshot, snapshot.state
        self.number = snapshot.stored.number
        self.size_bytes = len(self._snapshot)
        self.behind_bytes -= snapshot.behind_bytes


def _without_past(whole: bytes, horizon_state: bytes) -> tuple[bytes, Horizon]:
    horizon = read_state(horizon_state)
    content = squeeze(whole, horizon)
    return content, Horizon(content, horizon)
