"""The schema's revision: makes the tables where there are none, migrates older ones, refuses what it cannot read."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from vortex_prefect.store.database import Database
from vortex_prefect.store.faults import unusable
from vortex_prefect.store.tables import metadata, schema_version

#: The last revision in `migrations/versions`. Who changes `tables` adds one, and names it here.
HEAD = "0006"

_REVISION = "alembic_version"
#: What counted before Alembic did → the revision that it was.
_BEFORE = {1: "0001", 2: "0002"}
_MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(connection: Connection, database: Database) -> None:
    """Bring the database to the revision `HEAD`, in one transaction.

    Raises:
        SystemFault: SY-006 if a later release wrote it, or if its tables are somebody else's.
    """
    with connection.begin():
        tables = set(inspect(connection).get_table_names())
        if not tables:
            _create(connection, database)
        elif (found := revision(connection, tables)) is None:
            reason = "the database is not a VORTEX store"
            raise unusable(database.place, reason, "Choose another database or another home.")
        elif found != HEAD:
            _upgrade(connection, database, found)


def _create(connection: Connection, database: Database) -> None:
    # What all migrations in turn would make; a test compares. Alembic itself takes 0.2 s to import.
    metadata.create_all(connection)
    database.protect_events(connection)
    connection.execute(schema_version.insert().values(version=int(HEAD)))
    connection.execute(text(f"CREATE TABLE {_REVISION} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {_REVISION} VALUES ('{HEAD}')"))


def revision(connection: Connection, tables: set[str]) -> str | None:
    """What the database says of itself; null if it is none of ours."""
    if _REVISION in tables and "events" in tables:
        return str(connection.execute(text(f"SELECT version_num FROM {_REVISION}")).scalar())
    if schema_version.name not in tables:
        return None
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    return _BEFORE.get(version, str(version))


def _upgrade(connection: Connection, database: Database, found: str) -> None:
    from alembic import command  # noqa: PLC0415 - rarely needed, and slow to import
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if found not in known:
        reason = f"schema revision {found}; this release reads up to {HEAD}"
        raise unusable(database.place, reason, "Run the release of VORTEX that wrote it, or choose another home.")
    if _REVISION not in inspect(connection).get_table_names():
        command.stamp(config, found)
    command.upgrade(config, HEAD)
