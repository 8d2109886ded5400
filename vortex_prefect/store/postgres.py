"""All that is PostgreSQL's own: connections, the writer's lock, the log's protection."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store import json_text
from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.owner import Owner, Waiting
from vortex_prefect.store.tables import events

#: Seconds that opening a connection may take.
_CONNECT_S = 10
#: Seconds after which a server that no longer answers at all counts as gone.
_SILENCE_S = 30
#: Seconds in which a lock has to become free whose holder is gone: the server may not have noticed yet.
_LOCK_S = 3.0
_LOCK_PAUSE_S = 0.05
#: Seconds after which who waits for the lock looks who has it; it is his at the moment at which it is free.
_LOOK_S = 1
_LOCK_TIMEOUT = "55P03"
#: How the server finds out that the machine of a writer is gone, and with it his lock: after 25 s at most. Its own
#: settings would take two hours.
_SERVER_LOOKS = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}

#: One lock for each schema of a database.
_KEY = "hashtextextended('vortex store ' || current_schema(), 0)"
_HOLDER = f"""
    SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = {_KEY}
"""
#: Where the owner says who he is: `application_name` has 63 bytes. It stays when he goes, which tells a writer whose
#: connection broke whether another has written meanwhile.
_OWNER = "store.owner"
_SIGN = """
    INSERT INTO settings (name, value) VALUES (%s, %s::json) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
_SIGNED = "SELECT value::text FROM settings WHERE name = %s"

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
    losable = True
    commits_early = False

    def __init__(self, url: URL, *, connections: int) -> None:
        name = f"vortex process {os.getpid()} on {socket.gethostname()}"
        self.place = f"{url.host or url.query.get('host') or 'localhost'}/{url.database or url.username or ''}"
        self._holding: Connection | None = None
        self._owner: Owner | None = None
        self._lost: SystemFault | None = None
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
    def writer(self, waiting: Waiting | None = None) -> Iterator[Connection]:
        """See `Database.writer`."""
        try:
            yield self._locked(waiting)
        finally:
            if self._holding is not None:
                with suppress(SQLAlchemyError):
                    # At once: the server notices a closed connection a moment later.
                    self._holding.exec_driver_sql("SELECT pg_advisory_unlock_all()")
                with suppress(SQLAlchemyError):
                    self._holding.close()
            self.close()

    def sign(self, connection: Connection, owner: Owner) -> None:
        """See `Database.sign`."""
        with translated(self.place), connection.begin():
            connection.exec_driver_sql(_SIGN, (_OWNER, owner.to_text()))
        self._owner = owner

    def revived(self, held: Connection) -> Connection:
        """See `Database.revived`."""
        if self._lost is not None:
            raise self._lost
        if not held.invalidated and not held.closed:
            return held
        with suppress(SQLAlchemyError):
            held.close()
        try:
            return self._locked()
        except SystemFault as fault:
            self._lost = fault if fault.code == "SY-005" else None
            raise

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """See `Database.reader`."""
        with translated(self.place):
            connection = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection:
            yield connection

    def sync(self) -> None:
        """See `Database.sync`: each commit waits for that (`synchronous_commit = on`)."""

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

    def _locked(self, waiting: Waiting | None = None) -> Connection:
        with translated(self.place):
            connection = self._engine.connect()
            # For good: given back to the pool, it would keep the lock.
            connection.detach()
        self._holding = connection
        try:
            with translated(self.place):
                self._set_up(connection)
                if waiting is None:
                    self._lock(connection)
                else:
                    self._await_lock(connection, waiting)
                self._check_owner(connection)
                connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: Connection) -> None:
        # Whatever the server's own setting is: what is acknowledged is on its disk.
        connection.exec_driver_sql("SET SESSION synchronous_commit = on")
        for name, value in _SERVER_LOOKS.items():
            connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        if connection.exec_driver_sql("SELECT current_schema()").scalar_one() is None:
            hint = "Make the schema that the search path names, or name another in VORTEX_STORE_URL."
            raise unusable(self.place, "there is no schema for the tables", hint)
        connection.commit()

    def _lock(self, connection: Connection) -> None:
        deadline = time.monotonic() + _LOCK_S
        while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})").scalar_one():
            holder = cast(str | None, connection.exec_driver_sql(_HOLDER).scalar())
            if (holder is not None and _lives(holder)) or time.monotonic() > deadline:
                raise self._taken(connection, holder)
            time.sleep(_LOCK_PAUSE_S)

    def _await_lock(self, connection: Connection, waiting: Waiting) -> None:
        connection.exec_driver_sql(f"SET SESSION lock_timeout = '{_LOOK_S}s'")
        connection.commit()
        while not self._got_lock(connection):
            holder = cast(str | None, connection.exec_driver_sql(_HOLDER).scalar())
            waiting.see(self._signed(connection))
            connection.rollback()
            if not waiting.pause(0):
                raise self._taken(connection, holder)
        connection.exec_driver_sql("SET SESSION lock_timeout = DEFAULT")
        connection.commit()

    def _got_lock(self, connection: Connection) -> bool:
        try:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_KEY})")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_TIMEOUT:
                raise
            connection.rollback()
            return False
        return True

    def _signed(self, connection: Connection) -> Owner | None:
        """Who says that he is the owner."""
        if connection.exec_driver_sql("SELECT to_regclass('settings')").scalar() is None:
            return None
        text = connection.exec_driver_sql(_SIGNED, (_OWNER,)).scalar()
        return None if text is None else Owner.from_text(text)

    def _check_owner(self, connection: Connection) -> None:
        """SY-005 if somebody else has written since this process was the owner."""
        if self._owner is not None and (other := self._signed(connection)) is not None and other.id != self._owner.id:
            who = f"process {other.pid} on {other.host}"
            raise SystemFault("SY-005", f"{self.place} was opened for writing by {who} meanwhile")

    def _taken(self, connection: Connection, holder: str | None) -> SystemFault:
        signed = self._signed(connection)
        if self._owner is not None and signed is not None and signed.id == self._owner.id:
            # The server may not have noticed that our own last connection is gone.
            hint = "It passes when the server has noticed, or another process is the owner."
            return unusable(self.place, f"the lock is still held, by {holder or 'another store'}", hint)
        return SystemFault("SY-005", f"{self.place} is already open for writing, by {holder or 'another store'}")


def _lives(holder: str) -> bool:
    """Whether a holder of the lock certainly lives; of one on another machine nobody here can tell."""
    words = holder.split()
    here = len(words) == 5 and words[0] == "vortex" and words[4] == socket.gethostname()
    return here and words[2].isdecimal() and os.path.exists(f"/proc/{words[2]}")
