"""All that is SQLite's own: connections, transactions' beginnings, the log's protection."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event

from vortex_prefect.store.faults import unusable

#: How long a statement waits for another program's lock before SQLITE_BUSY.
_BUSY_TIMEOUT_S = 5.0

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # NORMAL may lose the last commits when power fails; FULL costs 0.1 ms a commit.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

_PROTECTION = (
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END",
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are immutable'); END",
)

_WRITER = "vortex_writer"


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
        json_serializer=partial(json.dumps, separators=(",", ":")),
        json_deserializer=_decoded,
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


def protect_events(connection: Connection) -> None:
    """Have the database itself refuse changes of the log."""
    for statement in _PROTECTION:
        connection.exec_driver_sql(statement)


def _decoded(text: str) -> Any:
    # Whole numbers here have at most 64 bits, which is what msgpack carries and `json_problems` lets pass.
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # NaN, infinities and lone surrogates, which Python's encoder writes.
        return json.loads(text)


def _set_up(dbapi_connection: Any, _record: Any) -> None:
    for pragma in _PRAGMAS:
        dbapi_connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    # Left to itself the driver begins at the first write only, and reads would see no snapshot.
    writes = connection.get_execution_options().get(_WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
