"""Copies made while the store is written, put back; and damage, which is found."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.postgres_server import PostgresServer
from tests.unit.store.records import a_graph, an_event, putting
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store import open_store, reading
from vortex_prefect.store.backup import back_up, problems, restore


@pytest.fixture(params=["file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield f"sqlite:///{tmp_path}/home/vortex.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.schema() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(server.bin), prepend=":")
        yield url


async def test_a_copy_of_a_store_that_is_written_is_whole_and_comes_back(url: str, tmp_path: Path) -> None:
    store = open_store(url)
    stop = threading.Event()
    graph = a_graph()
    await store.write(putting(graph))

    async def write_on() -> None:
        while not stop.is_set():
            await store.write(lambda unit: [unit.append(an_event()) for _ in range(3)])

    writing = asyncio.create_task(write_on())
    while store.statistics().events < 100:
        await asyncio.sleep(0)
    target = tmp_path / "copies" / "monday"
    size = await asyncio.to_thread(back_up, url, target)
    before = store.statistics().events
    while store.statistics().events < before + 30:
        await asyncio.sleep(0)
    stop.set()
    await writing
    await store.write(lambda unit: unit.delete_graph(graph.id))
    with pytest.raises(SystemFault, match="SY-005"):
        restore(url, target)
    await store.close()

    assert size == target.stat().st_size
    assert [path.name for path in target.parent.iterdir()] == ["monday"]
    restore(url, target)
    with reading(url) as unit:
        count, last = unit.log_extent()
        assert unit.graph(graph.id) == graph
    assert 100 <= count == last <= before
    assert count % 3 == 0  # units of work are whole
    assert problems(url) == []
    store = open_store(url)
    assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number == last + 1
    await store.close()


async def test_what_was_there_is_kept_beside_the_copy(tmp_path: Path) -> None:
    url, target = f"sqlite:///{tmp_path}/vortex.db", tmp_path / "copy"
    await open_store(url).close()
    back_up(url, target)
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event()))
    await store.close()
    kept = restore(url, target)
    assert kept is not None
    for path, count in ((tmp_path / "vortex.db", 0), (kept, 1)):
        with reading(f"sqlite:///{path}") as unit:
            assert unit.log_extent() == (count, count)


def test_what_is_no_backup_replaces_nothing(tmp_path: Path) -> None:
    url, path = f"sqlite:///{tmp_path}/vortex.db", tmp_path / "vortex.db"
    path.write_text("mine")
    (tmp_path / "letter").write_bytes(b"a letter to a friend" * 500)
    with closing(sqlite3.connect(tmp_path / "birds")) as raw, raw:
        raw.execute("CREATE TABLE birds (name TEXT)")
    for name, reason in (("letter", "damaged"), ("birds", "no VORTEX store"), ("nothing", "no such file")):
        with pytest.raises(SystemFault, match=f"SY-006 .*{reason}"):
            restore(url, tmp_path / name)
    assert path.read_text() == "mine"


def test_of_nothing_there_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(SystemFault, match=r"SY-006 .*there is no store"):
        back_up(f"sqlite:///{tmp_path}/vortex.db", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


async def test_damage_and_gaps_are_found(tmp_path: Path) -> None:
    url, path = f"sqlite:///{tmp_path}/vortex.db", tmp_path / "vortex.db"
    store = open_store(url)
    await store.write(lambda unit: [unit.append(an_event(payload={"text": "x" * 3000})) for _ in range(50)])
    await store.close()
    assert problems(url) == []
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DROP TRIGGER events_no_delete")
        raw.execute("DELETE FROM events WHERE sequence_number = 7")
    assert problems(url) == ["the log has 49 events, and the last one is number 50"]
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)
    assert problems(url) != []
    with pytest.raises(SystemFault, match=r"SY-006 .*damaged"):
        back_up(url, tmp_path / "copy")


async def test_who_reads_neither_writes_nor_is_in_the_way(url: str) -> None:
    store = open_store(url)
    await store.write(lambda unit: unit.append(an_event()))
    with reading(url) as unit:
        assert len(unit.events()) == 1
        await store.write(lambda unit: unit.append(an_event()))
        assert len(unit.events()) == 1
        with pytest.raises(SystemFault, match="a read tried to write"):
            unit.append(an_event())
    await store.close()
