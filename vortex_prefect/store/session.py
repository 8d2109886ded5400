"""One transaction, in which units of work run one after the other, and the part of the log that it adds.

A commit waits for the disk, so the writer lets all who wait share one. Each of them is undone alone where it fails:
by a savepoint, which is made before its first statement. Most units only append, and events wait in memory until
somebody reads the log or the transaction ends: such a unit costs no statement of its own but the look for its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    CursorResult,
    Executable,
    RootTransaction,
    RowMapping,
    Select,
    bindparam,
    func,
    select,
)

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Event, Fact
from vortex_prefect.store.database import Database
from vortex_prefect.store.faults import translated
from vortex_prefect.store.rows import event_of, event_row, fact_of
from vortex_prefect.store.tables import events

T = TypeVar("T")
Row = dict[str, Any]

# The statements of the hot path are built once: building them took 0.56 of an append's 0.91 ms of CPU.
_STORED = select(events).where(events.c.event_id == bindparam("event_id"))
# No sequence of the database, which leaves gaps after a rollback. Who writes alone may remember the answer.
_LAST = select(func.coalesce(func.max(events.c.sequence_number), 0))


class Lost(Exception):
    """The whole transaction is undone; the cause says why."""


class Session:
    """A transaction on a connection. Each method may raise what `faults.translated` does.

    Args:
        shared: by several units of work.
        last: number of the log's last event, where it is known.
    """

    def __init__(
        self,
        connection: Connection,
        database: Database,
        *,
        writable: bool,
        shared: bool = False,
        last: int | None = None,
    ) -> None:
        self._connection = connection
        self._database = database
        self._place = database.place
        self._writable = writable
        self._shared = shared
        self._fault: SystemFault | None = None
        #: What is appended and not yet in the table, in the form of `Database.event_values`; event id → its event.
        self._tail: list[tuple[str, tuple[Any, ...]]] = []
        self._tail_events: dict[str, Event] = {}
        #: Where in `_tail` the events of the present unit begin.
        self._mark = 0
        self._last = last
        self._last_before: int | None = None
        self._savepoint = False
        #: Events of the present unit that are new to the log.
        self.appended = 0

    # The log

    def append(self, event: Event) -> Event:
        """The event with its number; one whose id is there already is answered with the one stored.

        Raises:
            ValueError: an id is not in its canonical form.
            TypeError: payload or metadata are no JSON.
        """
        self.refuse_reader()
        row = event_row(event)
        if (stored := self.event(event.event_id)) is not None:
            return stored
        if self._last is None:
            self._last = self.execute(_LAST, CursorResult.scalar_one)
        number = self._last + 1
        self._tail.append((event.event_id, self._database.event_values({**row, "sequence_number": number})))
        self._last = number
        numbered = event.numbered(number)
        self._tail_events[event.event_id] = numbered
        self.appended += 1
        return numbered

    def event(self, event_id: str) -> Event | None:
        """An event of the log by its id, or null."""
        self.check()
        if (waiting := self._tail_events.get(event_id)) is not None:
            return waiting
        if self._database.errors_abort:
            self._begin_statements()
        try:
            if not self._database.knows_event(self._connection, event_id):
                return None
        except Exception:
            with self._watched():  # entered for nothing, it takes as long as the question
                raise
        row = self.execute(_STORED, _first, {"event_id": event_id})
        return None if row is None else event_of(row)

    def log(self, statement: Select[Any]) -> list[RowMapping]:
        """Rows of a statement that reads the table of events."""
        self._flush()
        return list(self.execute(statement, _all))

    def facts(self, after: int, limit: int) -> list[Fact]:
        """What projections need of the events with a higher number, in order."""
        self._flush()
        self._begin_statements()
        with self._watched():
            return list(map(fact_of, self._database.read_facts(self._connection, after, limit)))

    # Statements

    def write(
        self, statement: Executable, take: Callable[[CursorResult[Any]], T], values: Row | list[Row] | None = None
    ) -> T:
        """Execute what changes a table other than the log's."""
        self.refuse_reader()
        return self.execute(statement, take, values)

    def execute(
        self, statement: Executable, take: Callable[[CursorResult[Any]], T], values: Row | list[Row] | None = None
    ) -> T:
        """Execute, and take what is wanted of the result here: a damaged page is met when its rows are fetched."""
        self.check()
        self._begin_statements()
        with self._watched():
            return take(self._connection.execute(statement, values))

    @property
    def last(self) -> int | None:
        """The number of the log's last event; null if nobody has asked."""
        return self._last

    def check(self) -> None:
        """Raise the fault that the work met and swallowed: the database may have rolled back on its own."""
        if self._fault:
            raise self._fault

    def refuse_reader(self) -> None:
        """SY-007 in a session that only reads."""
        self.check()
        if not self._writable:
            raise SystemFault("SY-007", "a read tried to write")

    # Units of work

    def begin_unit(self) -> None:
        """What follows is undone together."""
        self._fault = None
        self._mark = len(self._tail)
        self._last_before = self._last
        self._savepoint = False
        self.appended = 0

    def end_unit(self) -> None:
        """Keep it, as far as the transaction is."""
        self.check()
        if self._savepoint:
            with self._watched():
                self._connection.exec_driver_sql("RELEASE SAVEPOINT unit")

    def undo_unit(self) -> None:
        """Undo what this unit did, and only that.

        Raises:
            Lost: that is not possible, since the database has given the transaction up, or has only this unit.
        """
        cause = self._fault
        for event_id, _ in self._tail[self._mark :]:
            del self._tail_events[event_id]
        del self._tail[self._mark :]
        self._last = self._last_before
        if not self._shared or not self._database.in_transaction(self._connection):
            raise Lost from cause
        if self._savepoint:
            try:
                with translated(self._place):
                    self._connection.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
                    self._connection.exec_driver_sql("RELEASE SAVEPOINT unit")
            except SystemFault as fault:
                raise Lost from fault

    def end(self) -> None:
        """Refuse all further use."""
        self._fault = SystemFault("SY-007", "a unit of work was used after its end")

    def flush(self) -> None:
        """Write the rest of the log, at the transaction's end."""
        with translated(self._place):
            self._insert(len(self._tail))

    def _begin_statements(self) -> None:
        if self._shared and not self._savepoint:
            # What those before have appended must not be undone with this.
            with self._watched():
                self._insert(self._mark)
                self._mark = 0
                self._connection.exec_driver_sql("SAVEPOINT unit")
            self._savepoint = True

    def _flush(self) -> None:
        self.check()
        if self._tail:
            self._begin_statements()
            with self._watched():
                self._insert(len(self._tail))

    def _insert(self, count: int) -> None:
        if count:
            self._database.insert_events(self._connection, [values for _, values in self._tail[:count]])
            for event_id, _ in self._tail[:count]:
                del self._tail_events[event_id]
            del self._tail[:count]

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with translated(self._place):
                yield
        except SystemFault as fault:
            self._fault = fault
            raise


def commit(transaction: RootTransaction) -> None:
    """Commit; a transaction whose commit failed is rolled back."""
    try:
        transaction.commit()
    except BaseException:
        # SQLAlchemy forgets a transaction whose COMMIT failed; SQLite keeps it open until told.
        transaction.connection.connection.rollback()
        raise


def _first(result: CursorResult[Any]) -> RowMapping | None:
    return result.mappings().first()


def _all(result: CursorResult[Any]) -> list[RowMapping]:
    return list(result.mappings().all())
