"""What differs between the databases that a store may stand on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

from vortex_prefect.store.owner import Owner, Waiting


class Database(Protocol):
    """A database that is reachable; `close` ends all its connections."""

    #: For messages: the file, or host and name. Never holds a password.
    place: str
    #: There is one connection only, which readers have to share with the writer.
    in_memory: bool
    #: After an error within a transaction the database takes nothing but a rollback.
    errors_abort: bool
    #: The writer's lock hangs on a connection, and goes with it.
    losable: bool
    #: A commit returns before it is on disk: it outlives every process, and the power only after `sync`.
    commits_early: bool

    def writer(self, waiting: Waiting | None = None) -> AbstractContextManager[Connection]:
        """The one connection that writes; it holds the writer's lock for as long as it lives.

        Args:
            waiting: of somebody who waits while another has the lock.

        Raises:
            SystemFault: SY-005 another store holds the lock, SY-006 the database is not usable.
        """

    def sign(self, connection: Connection, owner: Owner) -> None:
        """Tell all who can read the store who writes it, once its tables are there; from now on that is this one."""

    def revived(self, held: Connection) -> Connection:
        """The writer's connection, made anew with its lock where the database has closed it.

        Raises:
            SystemFault: SY-006 the database is not usable now; SY-005 another has owned the store meanwhile, and
                what this process knows of it is old: it never writes again.
        """

    def reader(self) -> AbstractContextManager[Connection]:
        """A connection for one read; its transaction sees one snapshot."""

    def in_transaction(self, connection: Connection) -> bool:
        """Whether the transaction still stands after an error: the database may have rolled back on its own."""

    def sync(self) -> None:
        """Let the disk have all that was committed before; in any thread, beside the writer's.

        Raises:
            SystemFault: SY-006, the disk has failed.
        """

    def knows_event(self, connection: Connection, event_id: str) -> bool:
        """Whether the table of events has an event; asked before each append, and rarely answered with yes."""

    def event_values(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """The columns of the table of events, in the order of `tables.events`, as the driver takes them.

        Raises:
            TypeError, ValueError: the payload or the metadata are no JSON.
        """

    def insert_events(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows of `event_values`, through the driver itself: SQLAlchemy takes 24 µs for each, SQLite 5."""

    def read_facts(self, connection: Connection, after: int, limit: int) -> Iterable[Sequence[Any]]:
        """Number, type, aggregate's type and id, payload, metadata and time of events after a number, in order."""

    def protect_events(self, connection: Connection) -> None:
        """Have the database itself refuse changes of the log."""

    def close(self) -> None:
        """End all connections that are not in use."""
