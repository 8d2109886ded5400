"""What a store in a file does between a commit and the disk: who waits, who goes on, what is lost with the power."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes.rooms import until
from tests.fakes.sink import PATIENCE_S
from tests.unit.store.records import an_event
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Event
from vortex_prefect.store import SqlStore, open_store


class Disk:
    """`os.fdatasync`, which can be stopped, or fail; and what is surely there: the files as its last call met them."""

    def __init__(self, path: Path, kept: Path) -> None:
        self._path, self._kept = path, kept
        self._runs = threading.Event()
        self._runs.set()
        self.error: OSError | None = None
        self.calls = 0
        self._sync = os.fdatasync

    def stop(self) -> None:
        self._runs.clear()

    def start(self) -> None:
        self._runs.set()

    def fdatasync(self, file: int) -> None:
        self.calls += 1
        before = self._kept / str(self.calls)
        before.mkdir()
        for each in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            shutil.copy(each, before)
        self._runs.wait()
        if self.error is not None:
            raise self.error
        self._sync(file)
        self.after_power_loss = before / self._path.name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vortex.db"


@pytest.fixture
def disk(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    (tmp_path / "kept").mkdir()
    disk = Disk(path, tmp_path / "kept")
    monkeypatch.setattr(os, "fdatasync", disk.fdatasync)
    yield disk
    disk.start()


@pytest.fixture
async def store(disk: Disk, path: Path) -> AsyncIterator[SqlStore]:
    store = open_store(f"sqlite:///{path}")
    yield store
    disk.start()
    await store.close()


def appending(unit: UnitOfWork) -> Event:
    return unit.append(an_event())


async def stored(store: SqlStore) -> list[Event]:
    return await store.read(lambda unit: unit.events(limit=100_000))


async def after_power_loss(disk: Disk) -> list[Event]:
    """What another machine would find on that disk."""
    store = open_store(f"sqlite:///{disk.after_power_loss}")
    try:
        return await stored(store)
    finally:
        await store.close()


async def test_what_was_acknowledged_outlives_the_power(store: SqlStore, disk: Disk) -> None:
    for _ in range(3):
        event = await store.write(appending)
        assert event in await after_power_loss(disk)


async def test_all_who_are_acknowledged_together_outlive_it(store: SqlStore, disk: Disk) -> None:
    events = await asyncio.gather(*(store.write(appending) for _ in range(50)))
    assert await after_power_loss(disk) == sorted(events, key=lambda event: event.sequence_number or 0)


async def test_what_is_committed_early_outlives_it_after_synced(store: SqlStore, disk: Disk) -> None:
    event = await store.write(appending, early=True)
    await store.synced()
    assert await after_power_loss(disk) == [event]


async def test_what_is_committed_early_is_brought_to_the_disk_though_nobody_waits(store: SqlStore, disk: Disk) -> None:
    event = await store.write(appending, early=True)
    await until(lambda: hasattr(disk, "after_power_loss"))
    assert await after_power_loss(disk) == [event]


async def test_a_disk_that_stops_holds_up_only_those_who_wait_for_it(store: SqlStore, disk: Disk) -> None:
    disk.stop()
    waits = asyncio.create_task(store.write(appending))
    await until(lambda: disk.calls)
    async with asyncio.timeout(PATIENCE_S):
        early = [await store.write(appending, early=True) for _ in range(3)]
    synced = asyncio.create_task(store.synced())
    assert [event.sequence_number for event in early] == [2, 3, 4]
    assert len(await stored(store)) == 4
    assert [waits.done(), synced.done()] == [False, False]
    disk.start()
    assert (await waits).sequence_number == 1
    await synced
    assert len(await after_power_loss(disk)) == 4


async def test_one_sync_serves_all_who_wait(store: SqlStore, disk: Disk) -> None:
    disk.stop()
    first = asyncio.create_task(store.write(appending))
    await until(lambda: disk.calls)
    more = [asyncio.create_task(store.write(appending)) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        early = await store.write(appending, early=True)
    assert early.sequence_number == 22
    disk.start()
    await asyncio.gather(first, *more)
    assert disk.calls == 2


async def test_closing_waits_for_the_disk(store: SqlStore, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.stop()
    waits = [asyncio.create_task(store.write(appending)) for _ in range(2)]
    await until(lambda: disk.calls)
    syncer = store._syncer
    assert syncer is not None
    close = syncer.close

    def start_and_close() -> None:
        disk.start()
        close()

    monkeypatch.setattr(syncer, "close", start_and_close)
    async with asyncio.timeout(PATIENCE_S):
        await store.close()
    assert [(await each).sequence_number for each in waits] == [1, 2]
    with pytest.raises(SystemFault, match=r"SY-006.*closed"):
        await store.synced()


class TestAFailedSync:
    @pytest.fixture(autouse=True)
    def broken(self, disk: Disk) -> None:
        disk.error = OSError(errno.EIO, os.strerror(errno.EIO))

    async def test_is_told_to_all_who_wait_for_the_disk(self, store: SqlStore, path: Path) -> None:
        found = await asyncio.gather(*(store.write(appending) for _ in range(3)), return_exceptions=True)
        assert {str(fault) for fault in found} == {f"SY-006 {path}: the disk reports an error (Input/output error)"}
        assert isinstance(found[0], SystemFault)
        assert "start again" in (found[0].hint or "")

    async def test_is_not_known_to_those_who_do_not(self, store: SqlStore) -> None:
        assert (await store.write(appending, early=True)).sequence_number == 1
        with pytest.raises(SystemFault, match="SY-006"):
            await store.synced()

    async def test_is_the_last_one(self, store: SqlStore, disk: Disk, path: Path) -> None:
        with pytest.raises(SystemFault, match="SY-006"):
            await store.write(appending)
        # The kernel reports each lost page once; what it says afterwards is no answer to the question.
        disk.error = None
        for refused in (store.write(appending), store.write(appending, early=True), store.synced(), store.check()):
            with pytest.raises(SystemFault, match=r"SY-006.*Input/output error"):
                await refused
        assert len(await stored(store)) == 1
        assert "Input/output error" in (store.statistics().last_error or "")
        await store.close()
        again = open_store(f"sqlite:///{path}")
        assert (await again.write(appending)).sequence_number == 2
        await again.close()
