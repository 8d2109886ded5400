"""All that is PostgreSQL's own: connections, the writer's lock, the log's protection."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store import json_text
from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.tables import events

#: Seconds that opening a connection may take.
_CONNECT_S = 10
#: Seconds after which a server that no longer answers at all counts as gone.
_SILENCE_S = 30
#: Seconds in which a lock has to become free whose holder is gone: the server may not have noticed yet.
_LOCK_S = 3.0
_LOCK_PAUSE_S = 0.05

#: One lock for each schema of a database.
_KEY = "hashtextextended('vortex store ' || current_schema(), 0)"
_HOLDER = f"""
    SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = {_KEY}
"""

_PROTECTION = (
    """
    CREATE OR REPLACE FUNCTION vortex_immutable() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'events are immutable'; END $$
    """,
    """
    CREATE TRIGGER events_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION vortex_immutable()
    """,
)

_FACTS = """
    SELECT sequence_number, event_type, aggregate_type, aggregate_id::text, payload, metadata, created_at
    FROM events WHERE sequence_number > %s ORDER BY sequence_number LIMIT %s
"""
_INSERT = f"INSERT INTO events ({', '.join(c.name for c in events.c)}) VALUES ({', '.join('%s' for _ in events.c)})"


class PostgresDatabase:
    """A schema of a database of PostgreSQL's, the first one of its search path: see `store.database.Database`.

    The writer's lock is an advisory one of the writer's own connection: whoever writes on a connection holds the lock
    that it has, and one that breaks takes its lock along.

    Args:
        url: of SQLAlchemy's; any form of `postgresql`.
        connections: the most that there may be at once.
    """

    in_memory = False
    errors_abort = True

    def __init__(self, url: URL, *, connections: int) -> None:
        name = f"vortex process {os.getpid()} on {socket.gethostname()}"
        self.place = f"{url.host or url.query.get('host') or 'localhost'}/{url.database or url.username or ''}"
        self._holding: Connection | None = None
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=connections,
            max_overflow=0,
            json_serializer=json_text.encode_standard,
            json_deserializer=json_text.decode_standard,
            connect_args={
                "connect_timeout": _CONNECT_S,
                # A server that is cut off must not hold the writer for the two hours that the kernel would wait.
                "keepalives_idle": _SILENCE_S,
                "tcp_user_timeout": 1000 * _SILENCE_S,
                "application_name": name,
            },
        )

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """See `Database.writer`."""
        try:
            yield self._locked()
        finally:
            if self._holding is not None:
                with suppress(SQLAlchemyError):
                    self._holding.close()
            self.close()

    def revived(self, held: Connection) -> Connection:
        """See `Database.revived`."""
        if not held.invalidated and not held.closed:
            return held
        with suppress(SQLAlchemyError):
            held.close()
        return self._locked()

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """See `Database.reader`."""
        with translated(self.place):
            connection = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection:
            yield connection

    def in_transaction(self, connection: Connection) -> bool:
        """See `Database.in_transaction`: as long as there is the connection."""
        return not connection.invalidated

    def knows_event(self, connection: Connection, event_id: str) -> bool:
        """See `Database.knows_event`."""
        found = connection.exec_driver_sql("SELECT 1 FROM events WHERE event_id = %s", (event_id,))
        return found.first() is not None

    def event_values(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """See `Database.event_values`."""
        encoded = {name: json_text.encode_standard(row[name]) for name in ("payload", "metadata")}
        return tuple({**row, **encoded}[column.name] for column in events.c)

    def insert_events(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """See `Database.insert_events`."""
        connection.exec_driver_sql(_INSERT, list(rows))

    def read_facts(self, connection: Connection, after: int, limit: int) -> Iterable[Sequence[Any]]:
        """See `Database.read_facts`."""
        return connection.exec_driver_sql(_FACTS, (after, limit))

    def protect_events(self, connection: Connection) -> None:
        """See `Database.protect_events`."""
        for statement in _PROTECTION:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        """See `Database.close`."""
        self._engine.dispose()

    def _locked(self) -> Connection:
        with translated(self.place):
            connection = self._engine.connect()
            # For good: given back to the pool, it would keep the lock.
            connection.detach()
        self._holding = connection
        try:
            with translated(self.place):
                self._set_up(connection)
                self._lock(connection)
                connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: Connection) -> None:
        # Whatever the server's own setting is: what is acknowledged is on its disk.
        connection.exec_driver_sql("SET SESSION synchronous_commit = on")
        if connection.exec_driver_sql("SELECT current_schema()").scalar_one() is None:
            hint = "Make the schema that the search path names, or name another in VORTEX_STORE_URL."
            raise unusable(self.place, "there is no schema for the tables", hint)
        connection.commit()

    def _lock(self, connection: Connection) -> None:
        deadline = time.monotonic() + _LOCK_S
        while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})").scalar_one():
            holder = cast(str | None, connection.exec_driver_sql(_HOLDER).scalar())
            if (holder is not None and _lives(holder)) or time.monotonic() > deadline:
                raise SystemFault("SY-005", f"{self.place} is already open for writing, by {holder or 'another store'}")
            time.sleep(_LOCK_PAUSE_S)


def _lives(holder: str) -> bool:
    """Whether a holder of the lock certainly lives; of one on another machine nobody here can tell."""
    words = holder.split()
    here = len(words) == 5 and words[0] == "vortex" and words[4] == socket.gethostname()
    return here and words[2].isdecimal() and os.path.exists(f"/proc/{words[2]}")
