"""The schema's version: creates the tables where there are none, refuses what this release cannot read."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select, text, update

from vortex_prefect.store.database import Database
from vortex_prefect.store.faults import unusable
from vortex_prefect.store.tables import document_updates, documents, events, metadata, schema_version

#: Version of the tables in `tables`. A release that changes them raises it and migrates in `prepare`.
SCHEMA_VERSION = 2

#: Lists need neither decode documents nor count in them.
_TO_2 = (
    "ALTER TABLE graphs ADD COLUMN nodes INTEGER NOT NULL DEFAULT 0",
    "UPDATE graphs SET nodes = (SELECT count(*) FROM json_each(graphs.document, '$.nodes'))",
    "ALTER TABLE executions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
)


def prepare(connection: Connection, database: Database) -> None:
    """Bring the database to `SCHEMA_VERSION`, in one transaction.

    Raises:
        SystemFault: SY-006 if its version is another, or if its tables are somebody else's.
    """
    place = database.place
    with connection.begin():
        names = inspect(connection).get_table_names()
        if not names:
            _create(connection, database)
        elif schema_version.name not in names:
            raise unusable(place, "the database is not a VORTEX store", "Choose another file or another home.")
        else:
            _upgrade(connection)
            _check(connection, place)
            _add_indexes(connection)


def _create(connection: Connection, database: Database) -> None:
    metadata.create_all(connection)
    database.protect_events(connection)
    connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))


def _upgrade(connection: Connection) -> None:
    found = connection.execute(select(schema_version.c.version)).scalar_one()
    if found == 1:
        for statement in _TO_2:
            connection.execute(text(statement))
        metadata.create_all(connection, [documents, document_updates])
        connection.execute(update(schema_version).values(version=2))


def _check(connection: Connection, place: str) -> None:
    found = connection.execute(select(schema_version.c.version)).scalar_one()
    if found != SCHEMA_VERSION:
        reason = f"schema version {found}; this release reads version {SCHEMA_VERSION}"
        raise unusable(place, reason, "Run the release of VORTEX that wrote it, or choose another home.")


def _add_indexes(connection: Connection) -> None:
    """Indexes that the log has got since the store was made: no other version, for nobody has to know of them."""
    for index in events.indexes:
        index.create(connection, checkfirst=True)
