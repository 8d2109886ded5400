"""One commit of a room: what goes to the disk in one transaction, and who is told of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import merge_updates

from vortex_prefect.collab import protocol
from vortex_prefect.collab.changes import Author, Authored
from vortex_prefect.collab.roles import Ledger, Member
from vortex_prefect.core.contracts import DocumentUpdate, GraphRecord, UnitOfWork
from vortex_prefect.core.errors import Problem, RequestError, SystemFault
from vortex_prefect.graph.model import Graph


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody edited at once."""

    update: bytes
    author: Author
    #: Who need not be told.
    member: Member | None


@dataclass(frozen=True, slots=True)
class Commit:
    """What was gathered for it."""

    #: The graph as it was last stored.
    record: GraphRecord
    edits: Sequence[Edit]
    #: Number of the last edit before these.
    number: int
    #: What the document says now, and how it came to that; null and none where that waits for more moves.
    graph: Graph | None
    changes: Sequence[Authored]
    #: What those who asked lack.
    replies: Mapping[Member, tuple[bytes, ...]]
    #: Who waits for the record.
    waiting: Sequence[asyncio.Future[GraphRecord]]
    #: For `Ledger.tell`.
    asked: Any

    @property
    def last(self) -> int:
        """Number of its last edit."""
        return self.number + len(self.edits)

    @property
    def writes(self) -> bool:
        """Whether anything of it is for the disk."""
        return bool(self.edits) or self.graph is not None

    def write(self, uow: UnitOfWork, ledger: Ledger) -> GraphRecord:
        """Store the edits, and what is settled of them; the graph's record then.

        Raises:
            RequestError: RQ-002, the graph was deleted.
            SystemFault: SY-007, somebody else has changed its record meanwhile.
        """
        graph_id = self.record.id
        stored = uow.graph(graph_id)
        if stored is None:
            raise RequestError("RQ-002", "the graph was deleted")
        if stored.version != self.record.version:
            message = f"graph {graph_id} is at version {stored.version}, its document continues {self.record.version}"
            raise SystemFault("SY-007", message)
        numbered = enumerate(self.edits, self.number + 1)
        uow.append_updates(graph_id, [DocumentUpdate(number, edit.update, edit.author) for number, edit in numbered])
        if self.graph is None:
            return self.record
        uow.settle_document(graph_id, self.last)
        return ledger.settle(uow, stored, self.graph, self.changes)

    @property
    def concerns_others(self) -> bool:
        """Whether anybody outside the room is to be told of it."""
        return self.graph is not None or bool(self.waiting)

    def tell_members(self, members: Iterable[Member]) -> None:
        """Tell those in the room, once it is committed."""
        self._tell_edits(members)
        for member, messages in self.replies.items():
            for message in messages:
                member.send(message)

    def tell_others(self, record: GraphRecord, ledger: Ledger, problems: Sequence[Problem]) -> None:
        """Tell all outside of it, once it is on disk.

        Args:
            record: what `write` gave.
            problems: of the document.
        """
        if self.graph is not None:
            ledger.tell(record, self.graph, problems, self.asked)
        for each in self.waiting:
            if not each.done():
                each.set_result(record)

    def _tell_edits(self, members: Iterable[Member]) -> None:
        if not self.edits:
            return
        authors = {edit.member for edit in self.edits}
        updates = [edit.update for edit in self.edits]
        frame = protocol.tells(updates[0] if len(updates) == 1 else merge_updates(*updates))
        for member in members:
            if authors != {member}:
                member.send(frame)
