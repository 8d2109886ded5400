"""Stores of earlier releases are taken over; what all migrations make is what a new store has."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests.contract.postgres_server import PostgresServer
from tests.unit.store.records import an_event
from vortex_prefect.core.contracts import QueueEntry
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.store import open_store, schema
from vortex_prefect.store.sql_store import database_of
from vortex_prefect.store.tables import metadata

_FIRST = (Path(__file__).parent / "first_schema.sql").read_text()
_GRAPH, _EXECUTION = str(UUID("1" * 32)), str(UUID("2" * 32))
_VERSION_2 = """
    ALTER TABLE graphs ADD COLUMN nodes INTEGER NOT NULL DEFAULT 0;
    UPDATE graphs SET nodes = 2;
    ALTER TABLE executions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    UPDATE schema_version SET version = 2;
"""
#: Later stores of version 2.
_DOCUMENTS = """
    CREATE TABLE documents (
        graph_id CHAR(32) NOT NULL PRIMARY KEY, snapshot BLOB NOT NULL, number BIGINT NOT NULL, settled BIGINT NOT NULL
    );
    CREATE TABLE document_updates (
        graph_id CHAR(32) NOT NULL, number BIGINT NOT NULL, content BLOB NOT NULL, author JSON NOT NULL,
        PRIMARY KEY (graph_id, number)
    );
    CREATE INDEX ix_events_workers ON events (sequence_number) WHERE aggregate_type = 'Worker';
"""


@pytest.mark.parametrize(
    "script", [_FIRST, _FIRST + _VERSION_2, _FIRST + _VERSION_2 + _DOCUMENTS], ids=["1", "2", "2 with documents"]
)
async def test_earlier_stores_are_taken_over_with_all_that_they_hold(tmp_path: Path, script: str) -> None:
    path = tmp_path / "vortex.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(script)
    for _ in range(2):
        store = open_store(f"sqlite:///{path}")
        [event] = await store.read(lambda unit: unit.events(limit=1))
        assert (event.event_type, event.span_id, event.created_ms) == (
            "GraphCreated",
            "0123456789abcdef",
            1_700_000_000_123,
        )
        [head] = await store.read(lambda unit: unit.graph_heads(9))
        assert (head.id, head.nodes, head.version, head.state) == (_GRAPH, 2, 3, GraphState.MODIFIED)
        record = await store.read(lambda unit: unit.execution(_EXECUTION))
        assert record is not None
        assert await store.read(lambda unit: unit.waiting()) == [QueueEntry(_EXECUTION, _GRAPH, "local", 4, 5 << 20, 5)]
        assert await store.read(lambda unit: unit.unsettled_documents()) == []
        assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number > 1
        await store.close()
    # The release that wrote it must not open it any more.
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT version FROM schema_version").fetchall() == [(6,)]


async def test_a_migration_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vortex.db"
    # The last migration finds a table of its name.
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(_FIRST + "CREATE TABLE queue_entries (x INTEGER);")
        before = raw.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    with pytest.raises(SystemFault, match="queue_entries already exists"):
        open_store(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before
        raw.execute("DROP TABLE queue_entries")
    await open_store(f"sqlite:///{path}").close()


async def test_a_store_of_a_later_release_is_refused(store_url: str) -> None:
    if store_url == "sqlite://":
        return
    await open_store(store_url).close()
    database = database_of(store_url)
    with ExitStack() as stack:
        stack.callback(database.close)
        connection = stack.enter_context(database.writer())
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(SystemFault, match=r"SY-006 .*schema revision 9999; this release reads up to"):
        open_store(store_url)


def test_the_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_all_migrations_make_what_a_new_store_has(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/vortex.db"
        if kind == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = stack.enter_context(server.schema())
        database = database_of(url)
        stack.callback(database.close)
        connection = stack.enter_context(database.writer())
        with connection.begin():
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(schema._MIGRATIONS))
            command.upgrade(config, "head")
            context = MigrationContext.configure(connection, opts={"compare_server_default": False})
            assert compare_metadata(context, metadata) == []
