"""What a store on PostgreSQL promises beside: one writer, and a server that goes away and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.contract.postgres_server import PostgresServer, running_postgres
from tests.unit.store.records import an_event
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store import open_store

_ROOT = Path(__file__).parents[2]

_OPEN_AND_WAIT = """
import sys
from vortex_prefect.store import open_store
store = open_store(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.schema() as url:
        yield url


def _end_writers(url: str) -> None:
    """As a server does that is restarted: it ends all connections but this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'vortex process %'"
        )


class TestOneWriter:
    async def test_a_second_store_is_refused_until_the_first_closes(self, url: str) -> None:
        store = open_store(url)
        with pytest.raises(SystemFault, match=r"SY-005 .*already open for writing, by vortex process"):
            open_store(url)
        await store.close()
        await open_store(url).close()

    async def test_another_schema_is_another_store(self, url: str, postgres: PostgresServer) -> None:
        store = open_store(url)
        with postgres.schema() as other:
            await open_store(other).close()
        await store.close()

    async def test_a_process_that_was_killed_keeps_nobody_out(self, url: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", _OPEN_AND_WAIT, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            with pytest.raises(SystemFault, match=f"SY-005.*vortex process {process.pid} on"):
                open_store(url)
        finally:
            process.kill()
            process.communicate()
        await open_store(url).close()


class TestAServerThatEndsConnections:
    async def test_fails_what_it_met_and_serves_the_next_with_the_lock_held_again(self, url: str) -> None:
        store = open_store(url)
        await store.write(lambda unit: unit.append(an_event()))
        await store.read(lambda unit: unit.events())
        _end_writers(url)
        with pytest.raises(SystemFault, match="SY-006"):
            await store.write(lambda unit: unit.append(an_event()))
        appended = await store.write(lambda unit: unit.append(an_event()))
        assert appended.sequence_number == 2
        with pytest.raises(SystemFault, match="SY-005"):
            open_store(url)
        await store.close()

    async def test_and_whose_lock_another_has_taken_writes_no_more(self, url: str) -> None:
        store = open_store(url)
        await store.write(lambda unit: unit.append(an_event()))
        _end_writers(url)
        other = open_store(url)
        for _ in range(2):
            with pytest.raises(SystemFault, match=r"SY-00[56]"):
                await store.write(lambda unit: unit.append(an_event()))
        assert (await other.write(lambda unit: unit.append(an_event()))).sequence_number == 2
        await other.close()
        await store.close()

    async def test_and_whom_another_relieved_writes_no_more_though_the_lock_is_free_again(self, url: str) -> None:
        """What it knows is older than what that other one wrote."""
        store = open_store(url)
        _end_writers(url)
        other = open_store(url)
        await other.write(lambda unit: unit.append(an_event()))
        await other.close()
        for _ in range(3):
            with pytest.raises(SystemFault, match=r"SY-00[56]"):
                await store.write(lambda unit: unit.append(an_event()))
        with pytest.raises(SystemFault, match="SY-005"):
            await store.check()
        again = open_store(url)
        assert len(await again.read(lambda unit: unit.events())) == 1
        await again.close()
        await store.close()

    async def test_a_check_holds_the_lock_again(self, url: str) -> None:
        store = open_store(url)
        _end_writers(url)
        await store.check()
        with pytest.raises(SystemFault, match="SY-005"):
            open_store(url)
        assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number == 1
        await store.close()


async def test_a_power_cut_of_the_server_keeps_what_was_acknowledged() -> None:
    with running_postgres("-c fsync=on") as server, server.schema() as url:
        store = open_store(url)
        written = [await store.write(lambda unit: unit.append(an_event())) for _ in range(50)]
        server.stop()
        with pytest.raises(SystemFault, match="SY-006"):
            await store.write(lambda unit: unit.append(an_event()))
        with pytest.raises(SystemFault, match=r"SY-006 .*cannot be reached"):
            await store.write(lambda unit: unit.append(an_event()))
        server.start("-c fsync=on")
        more = await store.write(lambda unit: unit.append(an_event()))
        assert await store.read(lambda unit: unit.events()) == [*written, more]
        await store.close()


@pytest.mark.parametrize("statement", ["UPDATE events SET payload = '{}'", "DELETE FROM events", "TRUNCATE events"])
async def test_the_database_itself_refuses_to_change_events(url: str, statement: str) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event()))
    await store.close()
    with psycopg.connect(url) as raw, pytest.raises(psycopg.errors.RaiseException, match="events are immutable"):
        raw.execute(statement.encode())


async def test_columns_of_the_log_are_the_specifications(url: str) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event(span_id="0123456789abcdef", created_ms=1_700_000_000_123)))
    await store.close()
    with psycopg.connect(url) as raw:
        columns = raw.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_name = 'events' AND table_schema = current_schema() ORDER BY ordinal_position"
        ).fetchall()
        span = raw.execute("SELECT span_id, created_at AT TIME ZONE 'UTC' FROM events").fetchone()
    assert columns == [
        ("event_id", "uuid"), ("sequence_number", "bigint"), ("trace_id", "uuid"), ("span_id", "uuid"),
        ("event_type", "character varying"), ("aggregate_type", "character varying"), ("aggregate_id", "uuid"),
        ("payload", "json"), ("metadata", "json"), ("created_at", "timestamp with time zone"),
    ]  # fmt: skip
    assert span is not None
    assert (str(span[0]), str(span[1])) == ("00000000-0000-0000-0123-456789abcdef", "2023-11-14 22:13:20.123000")


@pytest.mark.parametrize(
    ("part", "other", "reason"),
    [("/postgres?", "/nowhere?", "there is no such database"), ("search_path%3Dt", "search_path%3Dx", "no schema")],
)
def test_what_is_not_there_is_named(url: str, part: str, other: str, reason: str) -> None:
    with pytest.raises(SystemFault, match=f"SY-006.*{reason}"):
        open_store(url.replace(part, other))
