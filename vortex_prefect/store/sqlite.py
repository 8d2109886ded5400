"""All that is SQLite's own: the file, connections, transactions' beginnings, the log's protection."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event

from vortex_prefect.store import json_text
from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.lock import sign, writer_lock
from vortex_prefect.store.owner import Owner, Waiting
from vortex_prefect.store.tables import events

#: How long a statement waits for another program's lock before SQLITE_BUSY.
_BUSY_TIMEOUT_S = 5.0

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit does not wait for the disk: `SqliteDatabase.sync` does, in a thread of its own, so that a disk that stops
    # for a tenth of a second holds up those who wait for it and nobody else. FULL would sync within the commit.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    # Pages (16 MB). Who commits when the log is that long moves it into the file, which takes some milliseconds: at
    # SQLite's own 1,000 pages one crowded commit in 60 does, at this one in 250. Recovery reads at most as much.
    "PRAGMA wal_autocheckpoint = 4000",
)

_PROTECTION = (
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END",
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END",
)

_WRITER = "vortex_writer"

_FACTS = """
    SELECT sequence_number, event_type, aggregate_type, aggregate_id, payload, metadata, created_at
    FROM events WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?
"""
_INSERT = f"INSERT INTO events ({', '.join(c.name for c in events.c)}) VALUES ({', '.join('?' for _ in events.c)})"


class SqliteDatabase:
    """A file, or a database in memory: see `store.database.Database`.

    Args:
        url: of SQLAlchemy's.
        connections: the most that there may be at once, of a file.
    """

    errors_abort = False
    losable = False

    def __init__(self, url: URL, *, connections: int) -> None:
        self._path = database_path(url)
        self._lock = self._log = -1
        self.in_memory = self._path is None
        self.commits_early = self._path is not None
        self.place = str(self._path or ":memory:")
        target = url if self._path is None else url.set(database=str(self._path))
        self._engine = create_sqlite_engine(target, connections=connections)

    @contextmanager
    def writer(self, waiting: Waiting | None = None) -> Iterator[Connection]:
        """See `Database.writer`; makes file and folder where absent."""
        if self._path is None:
            with self._engine.connect() as connection:
                yield as_writer(connection)
            return
        create_file(self._path)
        with writer_lock(self._path, waiting) as self._lock:
            with translated(self.place):
                connection = self._engine.connect()
            with connection:
                yield as_writer(connection)
            self.close()

    def sign(self, connection: Connection, owner: Owner) -> None:  # noqa: ARG002 - the lock's file says it
        """See `Database.sign`."""
        if self._path is not None:
            sign(self._lock, owner)

    def revived(self, held: Connection) -> Connection:
        """See `Database.revived`: nobody closes a file."""
        return held

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """See `Database.reader`."""
        with translated(self.place):
            connection = self._engine.connect()
        with connection:
            yield connection

    def in_transaction(self, connection: Connection) -> bool:
        """See `Database.in_transaction`: a full disk or a failing one ends it (sqlite.org/lang_transaction.html §3)."""
        return _raw(connection).in_transaction

    def sync(self) -> None:
        """See `Database.sync`: to the write-ahead log what `synchronous = FULL` does to it at the end of a commit.

        SQLite locks the other two files of a database and never this one, so closing it frees no lock of SQLite's; and
        it stays the same file for as long as the writer's connection is open.
        """
        if self._path is None:
            return
        try:
            if self._log < 0:
                self._log = os.open(f"{self._path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            os.fdatasync(self._log)
        except OSError as error:
            hint = f"Check the disk of {self.place} and the kernel's log, then start again."
            raise unusable(self.place, f"the disk reports an error ({error.strerror})", hint) from error

    def knows_event(self, connection: Connection, event_id: str) -> bool:
        """See `Database.knows_event`: 1 µs; the same question through SQLAlchemy takes 14."""
        question = "SELECT 1 FROM events WHERE event_id = ?"
        return _raw(connection).execute(question, (event_id.replace("-", ""),)).fetchone() is not None

    def event_values(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """See `Database.event_values`: ids without dashes and times in UTC, as SQLAlchemy keeps both here."""
        return (
            row["event_id"].replace("-", ""),
            row["sequence_number"],
            row["trace_id"] and row["trace_id"].replace("-", ""),
            row["span_id"] and row["span_id"].replace("-", ""),
            row["event_type"],
            row["aggregate_type"],
            row["aggregate_id"].replace("-", ""),
            json_text.encode(row["payload"]),
            json_text.encode(row["metadata"]),
            row["created_at"].replace(tzinfo=None).isoformat(" ", "microseconds"),
        )

    def insert_events(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """See `Database.insert_events`."""
        _raw(connection).executemany(_INSERT, rows)

    def read_facts(self, connection: Connection, after: int, limit: int) -> Iterator[Sequence[Any]]:
        """See `Database.read_facts`."""
        decode, parse = json_text.decode, datetime.fromisoformat
        for number, kind, of, key, payload, metadata, at in _raw(connection).execute(_FACTS, (after, limit)):
            dashed = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
            yield number, kind, of, dashed, decode(payload), decode(metadata), parse(at)

    def protect_events(self, connection: Connection) -> None:
        """See `Database.protect_events`."""
        for statement in _PROTECTION:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        """See `Database.close`."""
        self._engine.dispose()
        if self._log >= 0:
            os.close(self._log)
            self._log = -1


def database_path(url: URL) -> Path | None:
    """The database's file, free of symbolic links; null for a database in memory."""
    if not url.database or url.database == ":memory:":
        return None
    return Path(url.database).resolve()


def create_file(path: Path) -> None:
    """Make the file and its folder where absent, readable by this user only; -wal and -shm take the same rights.

    Raises:
        SystemFault: SY-006 if the operating system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        hint = f"Check that {path} is a file that this user may write, on a disk with free space."
        raise unusable(str(path), str(error.strerror), hint) from error


def create_sqlite_engine(url: URL, *, connections: int) -> Engine:
    """An engine with at most `connections` connections, any of which any thread may use (one in memory)."""
    options: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    if database_path(url) is None:
        options = {"poolclass": StaticPool}
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        json_serializer=json_text.encode,
        json_deserializer=json_text.decode,
        **options,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def as_writer(connection: Connection) -> Connection:
    """The connection, its transactions taking the write lock when they begin, not at their first write.

    A transaction that begins as a reader cannot become a writer once another program has written.
    """
    return connection.execution_options(**{_WRITER: True})


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _set_up(dbapi_connection: Any, _record: Any) -> None:
    for pragma in _PRAGMAS:
        dbapi_connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    # Left to itself the driver begins at the first write only, and reads would see no snapshot.
    writes = connection.get_execution_options().get(_WRITER, False)
    _raw(connection).execute("BEGIN IMMEDIATE" if writes else "BEGIN").close()
