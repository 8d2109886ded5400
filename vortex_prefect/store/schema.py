"""The schema's version: creates the tables where there are none, refuses what this release cannot read."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select

from vortex_prefect.store.faults import unusable
from vortex_prefect.store.sqlite import protect_events
from vortex_prefect.store.tables import events, metadata, schema_version

#: Version of the tables in `tables`. A release that changes them raises it and migrates in `prepare`.
SCHEMA_VERSION = 1


def prepare(connection: Connection, place: str) -> None:
    """Bring the database to `SCHEMA_VERSION`, in one transaction.

    Raises:
        SystemFault: SY-006 if its version is another, or if its tables are somebody else's.
    """
    with connection.begin():
        names = inspect(connection).get_table_names()
        if not names:
            _create(connection)
        elif schema_version.name not in names:
            raise unusable(place, "the database is not a VORTEX store", "Choose another file or another home.")
        else:
            _check(connection, place)
            _add_indexes(connection)


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    protect_events(connection)
    connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))


def _check(connection: Connection, place: str) -> None:
    found = connection.execute(select(schema_version.c.version)).scalar_one()
    if found != SCHEMA_VERSION:
        reason = f"schema version {found}; this release reads version {SCHEMA_VERSION}"
        raise unusable(place, reason, "Run the release of VORTEX that wrote it, or choose another home.")


def _add_indexes(connection: Connection) -> None:
    """Indexes that the log has got since the store was made: no other version, for nobody has to know of them."""
    for index in events.indexes:
        index.create(connection, checkfirst=True)
