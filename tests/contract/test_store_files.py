"""What a store promises of its file: durability, one writer, nothing left behind, what it refuses to open."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.store.records import a_graph, an_event, an_execution, keeping, putting
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store import open_store

_ROOT = Path(__file__).parents[2]

# Appends an event and moves the graph on in one unit of work, and prints what was acknowledged.
_WRITE_FOR_EVER = """
import asyncio, sys
from tests.unit.store.records import a_graph, an_event
from vortex_prefect.store import open_store

async def main(url, graph_id):
    store = open_store(url)
    async def one(_):
        def work(unit):
            event = unit.append(an_event(graph_id))
            unit.put_graph(a_graph(id=graph_id, version=event.sequence_number))
            return event
        event = await store.write(work)
        print(event.sequence_number, event.event_id, flush=True)
    while True:
        await asyncio.gather(*map(one, range(4)))

asyncio.run(main(*sys.argv[1:]))
"""

_OPEN_AND_WAIT = """
import sys
from vortex_prefect.store import open_store
store = open_store(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vortex.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def _python(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )


async def test_everything_is_there_after_reopening(url: str) -> None:
    graph, execution = a_graph(), an_execution(options={"idempotency_key": "k"})
    store = open_store(url)
    event = await store.write(lambda unit: unit.append(an_event(trace_id="0" * 31 + "1", span_id="f" * 16)))
    await store.write(putting(graph, execution))
    await store.write(keeping("s", [1]))
    await store.close()

    store = open_store(url)
    assert await store.read(lambda unit: unit.events()) == [event]
    assert await store.read(lambda unit: unit.graph(graph.id)) == graph
    assert await store.read(lambda unit: unit.execution_by_key("k")) == execution
    assert await store.read(lambda unit: unit.get_setting("s")) == [1]
    assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number == 2
    await store.close()


async def test_kill_in_the_middle_of_writes_keeps_all_that_was_acknowledged(
    url: str, processes: list[subprocess.Popen[str]]
) -> None:
    graph_id = a_graph().id
    process = _python(_WRITE_FOR_EVER, url, graph_id)
    processes.append(process)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(200)]
    process.kill()
    lines += [line for line in process.stdout if line.endswith("\n")]
    acknowledged = dict(line.split() for line in lines)

    store = open_store(url)
    events = await store.read(lambda unit: unit.events(limit=100_000))
    graph = await store.read(lambda unit: unit.graph(graph_id))
    await store.close()
    stored = {str(event.sequence_number): event.event_id for event in events}
    assert len(acknowledged) >= 200
    assert acknowledged.items() <= stored.items()
    assert [event.sequence_number for event in events] == list(range(1, len(events) + 1))
    assert graph is not None
    assert graph.version == len(events)


async def test_a_read_sees_one_snapshot(url: str) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event()))
    with store._reading() as connection, connection.begin():
        before = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        await store.write(lambda unit: unit.append(an_event()))
        after = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
    await store.close()
    assert (before, after) == (1, 1)


async def test_no_other_program_writes_between_a_units_first_read_and_its_write(url: str, path: Path) -> None:
    store = open_store(url)

    def read_then_write(unit: UnitOfWork) -> None:
        unit.events()
        other = sqlite3.connect(path, timeout=0)
        with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("DELETE FROM settings")
        unit.append(an_event())

    await store.write(read_then_write)
    await store.close()


@pytest.mark.parametrize("statement", ["UPDATE events SET payload = '{}'", "DELETE FROM events"])
async def test_the_database_itself_refuses_to_change_events(url: str, path: Path, statement: str) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event()))
    await store.close()
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="events are immutable"):
        raw.execute(statement)


async def test_columns_of_the_log_are_the_specifications(url: str, path: Path) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event(span_id="0123456789abcdef", created_ms=1_700_000_000_123)))
    await store.close()
    with closing(sqlite3.connect(path)) as raw:
        cursor = raw.execute("SELECT * FROM events")
        row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    assert list(row) == [
        "event_id", "sequence_number", "trace_id", "span_id", "event_type",
        "aggregate_type", "aggregate_id", "payload", "metadata", "created_at",
    ]  # fmt: skip
    assert row["span_id"] == "00000000000000000123456789abcdef"
    assert row["created_at"] == "2023-11-14 22:13:20.123000"


class TestOneWriter:
    async def test_a_second_store_is_refused_until_the_first_closes(self, url: str, path: Path) -> None:
        store = open_store(url)
        with pytest.raises(SystemFault, match=f"SY-005 {path}.*process {os.getpid()}"):
            open_store(url)
        await store.close()
        await open_store(url).close()

    async def test_a_second_process_is_refused_until_the_first_dies(
        self, url: str, processes: list[subprocess.Popen[str]]
    ) -> None:
        process = _python(_OPEN_AND_WAIT, url)
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(SystemFault, match=f"SY-005.*process {process.pid}"):
            open_store(url)
        process.kill()
        process.wait()
        await open_store(url).close()

    async def test_another_name_of_the_file_is_the_same_file(self, url: str, path: Path, tmp_path: Path) -> None:
        store = open_store(url)
        (tmp_path / "alias.db").symlink_to(path)
        with pytest.raises(SystemFault, match="SY-005"):
            open_store(f"sqlite:///{tmp_path}/alias.db")
        await store.close()


class TestRefusals:
    async def test_of_a_database_that_is_another_programs(self, url: str, path: Path) -> None:
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("CREATE TABLE birds (name TEXT)")
        with pytest.raises(SystemFault, match=r"SY-006.*not a VORTEX store"):
            open_store(url)
        with closing(sqlite3.connect(path)) as raw:
            assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("birds",)]

    async def test_of_a_file_that_is_no_database(self, url: str, path: Path) -> None:
        path.write_bytes(b"a letter to a friend" * 500)
        with pytest.raises(SystemFault, match=f"SY-006 {path}: the file is no database") as caught:
            open_store(url)
        assert caught.value.hint is not None
        assert str(path) in caught.value.hint

    async def test_of_a_folder_in_the_files_place(self, url: str, path: Path) -> None:
        path.mkdir()
        with pytest.raises(SystemFault, match=f"SY-006 {path}: Is a directory"):
            open_store(url)

    async def test_of_a_home_that_is_a_file(self, path: Path) -> None:
        path.write_text("")
        with pytest.raises(SystemFault, match=f"SY-006 {path}/vortex.db"):
            open_store(f"sqlite:///{path}/vortex.db")

    @pytest.mark.parametrize("url", ["mysql://ada:secret@db/vortex", "sqlite+aiosqlite://", "ada:secret@db"])
    def test_of_what_this_release_does_not_support(self, url: str) -> None:
        with pytest.raises(SystemFault, match="SY-003") as caught:
            open_store(url)
        assert "secret" not in str(caught.value)

    async def test_leave_the_lock_free(self, url: str, path: Path) -> None:
        path.write_bytes(b"a letter to a friend" * 500)
        with pytest.raises(SystemFault, match="SY-006"):
            open_store(url)
        path.unlink()
        await open_store(url).close()


async def test_a_damaged_page_is_reported_with_the_path(url: str, path: Path) -> None:
    store = open_store(url)
    await store.write(lambda unit: [unit.append(an_event(payload={"text": "x" * 3000})) for _ in range(50)])
    await store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    store = open_store(url)
    with pytest.raises(SystemFault, match=f"SY-006 {path}: the database is damaged"):
        await store.read(lambda unit: unit.events())
    assert str(store.statistics().last_error).startswith("SY-006")
    await store.close()


async def test_creates_folders_and_keeps_others_out(tmp_path: Path) -> None:
    path = tmp_path / "home" / "state" / "vortex.db"
    store = open_store(f"sqlite:///{path}")
    await store.write(lambda unit: unit.append(an_event()))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    await store.close()
    assert modes == dict.fromkeys(("vortex.db", "vortex.db-wal", "vortex.db-shm", "vortex.db.lock"), 0o600)


def _descriptors() -> set[str]:
    return {
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    }


@pytest.mark.parametrize("in_memory", [False, True])
async def test_nothing_is_left_after_closing(url: str, path: Path, in_memory: bool) -> None:
    threads, descriptors = set(threading.enumerate()), _descriptors()
    store = open_store("sqlite://" if in_memory else url)
    await store.write(lambda unit: unit.append(an_event()))
    await store.read(lambda unit: unit.events())
    assert set(threading.enumerate()) > threads
    await store.close()
    assert set(threading.enumerate()) == threads
    assert _descriptors() == descriptors
    assert in_memory or sorted(file.name for file in path.parent.iterdir()) == ["vortex.db", "vortex.db.lock"]


async def test_the_list_of_workers_reads_no_more_than_it_needs(path: Path, url: str) -> None:
    await open_store(url).close()
    question = "SELECT * FROM events WHERE sequence_number > ? AND aggregate_type = 'Worker' ORDER BY sequence_number"
    with closing(sqlite3.connect(path)) as connection:
        steps = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {question} LIMIT 10", (0,))]
    assert steps == ["SEARCH events USING INDEX ix_events_workers (sequence_number>?)"]
