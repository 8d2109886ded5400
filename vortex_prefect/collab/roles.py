"""What a room needs of those around it: who is connected to it, and what becomes of its changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vortex_prefect.collab.changes import Author, Authored
from vortex_prefect.core.contracts import GraphRecord, UnitOfWork
from vortex_prefect.core.errors import Problem
from vortex_prefect.graph.model import Graph


class Timer(Protocol):
    """What is to happen later."""

    def cancel(self) -> None:
        """Let it not happen; nothing where it has."""


#: Does something once, so many seconds from now, on the event loop.
Later = Callable[[float, Callable[[], None]], Timer]


class Member(Protocol):
    """One connection to a room. Its methods neither block nor raise."""

    @property
    def author(self) -> Author:
        """Who edits by it."""

    @property
    def writes(self) -> bool:
        """Whether he may."""

    def send(self, message: bytes, *, droppable: bool = False) -> None:
        """Send a message of the protocol, or end the connection that does not keep up."""

    def close(self, code: int, reason: str) -> None:
        """End the connection."""


class Ledger(Protocol):
    """What the changes of a document become outside of it."""

    def settle(self, uow: UnitOfWork, record: GraphRecord, graph: Graph, changes: Sequence[Authored]) -> GraphRecord:
        """Write events and the graph's next record; `record` is the one that is stored."""

    def tell(self, record: GraphRecord, graph: Graph, problems: Sequence[Problem], asked: Any) -> None:
        """A record is on disk; `asked` is what its change came with, or null."""


@dataclass(slots=True)
class Tally:
    """What all rooms of a process have done."""

    #: Edits that they stored.
    edits: int = 0


@dataclass(frozen=True, slots=True)
class RoomStatistics:
    """A room as it stands."""

    members: int
    #: Edits in the store that its snapshot does not hold.
    edits: int
    size_bytes: int
    problems: int
