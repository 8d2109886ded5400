"""Reading a store beside the process that writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, make_url

from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.schema import HEAD, revision
from vortex_prefect.store.session import Session
from vortex_prefect.store.sql_store import database_of
from vortex_prefect.store.sqlite import database_path
from vortex_prefect.store.unit import RecentRecords, SqlUnit


@contextmanager
def reading(url: str) -> Iterator[SqlUnit]:
    """A unit of work on one snapshot, which cannot write; whoever writes the store is not disturbed.

    Raises:
        SystemFault: SY-006 there is no such store, or one of another release; SY-003 as `open_store`.
    """
    database = database_of(url)
    path = database_path(make_url(url)) if url.startswith("sqlite") else None
    if path is not None and not Path(path).exists():
        raise unusable(str(path), "there is no store", "Start the stack once, or name another home.")
    try:
        with database.reader() as connection, translated(database.place), connection.begin():
            found = revision(connection, set(inspect(connection).get_table_names()))
            if found != HEAD:
                reason = f"schema revision {found}; this release reads {HEAD}"
                raise unusable(database.place, reason, "Start the stack of this release once, which migrates it.")
            unit = SqlUnit(Session(connection, database, writable=False), RecentRecords(), writable=False)
            try:
                yield unit
            finally:
                unit.end()
    finally:
        database.close()
