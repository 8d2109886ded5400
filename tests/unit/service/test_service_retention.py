"""What is kept for how long, and that a dry run touches nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.unit.service.conftest import ACTOR
from tests.unit.store.records import an_execution
from vortex_prefect.core.contracts import QueueEntry, UnitOfWork
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.service.contents import FOLDER, Contents
from vortex_prefect.service.retention import DAY_MS, HOUR_MS, Retention, RetentionReport, Rules

NOW = 1_000 * DAY_MS


def entry(left_ms: int | None) -> QueueEntry:
    return QueueEntry(new_id(), new_id(), "ada", 0, 0, 0, left_ms=left_ms)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def retention(store: MemoryStore, folder: Path, rules: Rules | None = None) -> Retention:
    return Retention(store, folder, rules or Rules(), clock=lambda: NOW)


async def filled(store: MemoryStore) -> dict[str, str]:
    """Entries and executions on either side of their limits; ids of the executions."""
    entries = [entry(None), entry(NOW - 24 * HOUR_MS), entry(NOW - 24 * HOUR_MS - 1)]
    runs, kept, gone = (
        an_execution(status=ExecutionStatus.RUNNING, created_ms=0),
        an_execution(status=ExecutionStatus.FAILED, finished_ms=NOW - 90 * DAY_MS),
        an_execution(status=ExecutionStatus.COMPLETED, finished_ms=NOW - 90 * DAY_MS - 1),
    )

    def put(uow: UnitOfWork) -> None:
        for each in entries:
            uow.put_queue_entry(replace(each, queued_ms=0))
        for record in (runs, kept, gone):
            uow.put_execution(record)

    await store.write(put)
    return {"runs": runs.id, "kept": kept.id, "gone": gone.id}


async def test_places_go_after_a_day_and_executions_after_ninety_but_never_what_waits_or_runs(
    store: MemoryStore, tmp_path: Path
) -> None:
    ids = await filled(store)
    report = await retention(store, tmp_path).run(ACTOR)
    assert report == RetentionReport(False, 1, 1, 0, 0)
    left = await store.read(lambda uow: {record.id for record in uow.executions(9)})
    assert left == {ids["runs"], ids["kept"]}
    assert [e.left_ms for e in await store.read(lambda uow: uow.queue_entries())] == [None, NOW - 24 * HOUR_MS]
    assert store.event_types() == ["QueueEntriesForgotten", "ExecutionsForgotten"]
    assert await retention(store, tmp_path).run(ACTOR) == RetentionReport(False, 0, 0, 0, 0)
    assert len(store.event_types()) == 2  # of nothing there is no event


async def test_a_dry_run_tells_the_same_and_touches_nothing(store: MemoryStore, tmp_path: Path) -> None:
    ids = await filled(store)
    folder = output(tmp_path, ids["gone"], 10, days=3)
    rules = Rules(outputs_ms=2 * DAY_MS)
    tried = await retention(store, tmp_path, rules).run(ACTOR, dry_run=True)
    assert folder.exists()
    assert store.event_types() == []
    assert len(await store.read(lambda uow: uow.executions(9))) == 3
    done = await retention(store, tmp_path, rules).run(ACTOR)
    assert tried == replace(done, dry_run=True)
    assert not folder.exists()


async def test_more_than_one_unit_of_work_takes_are_forgotten(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vortex_prefect.service.retention._BATCH", 2)
    records = [an_execution(status=ExecutionStatus.COMPLETED, finished_ms=at) for at in range(1, 8)]

    def put(uow: UnitOfWork) -> None:
        for record in records:
            uow.put_execution(record)

    await store.write(put)
    assert (await retention(store, tmp_path).run(ACTOR)).executions == 7
    assert await store.read(lambda uow: uow.executions(9)) == []


def output(folder: Path, execution_id: str, size: int, *, days: float) -> Path:
    """An output of an execution that was written so many days ago."""
    path = folder / execution_id / "picture.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    at_s = NOW / 1000 - days * 86400
    for each in (path, path.parent):
        os.utime(each, (at_s, at_s))
    return path.parent


class TestOutputs:
    async def test_stay_for_ever_without_a_rule(self, store: MemoryStore, tmp_path: Path) -> None:
        folder = output(tmp_path, new_id(), 10, days=999)
        assert (await retention(store, tmp_path).run(ACTOR)).outputs == 0
        assert folder.exists()

    async def test_go_by_age_unless_their_execution_runs(self, store: MemoryStore, tmp_path: Path) -> None:
        runs = an_execution(status=ExecutionStatus.RUNNING)
        await store.write(lambda uow: uow.put_execution(runs))
        old, new = output(tmp_path, new_id(), 10, days=8), output(tmp_path, new_id(), 10, days=6)
        still = output(tmp_path, runs.id, 10, days=9)
        (tmp_path / "notes").mkdir()
        report = await retention(store, tmp_path, Rules(outputs_ms=7 * DAY_MS)).run(ACTOR)
        assert (report.outputs, report.outputs_bytes) == (1, 10)
        assert [path.exists() for path in (old, new, still, tmp_path / "notes")] == [False, True, True, True]
        assert store.event_types() == ["OutputsRemoved"]

    async def test_go_by_size_the_oldest_first(self, store: MemoryStore, tmp_path: Path) -> None:
        folders = [output(tmp_path, new_id(), 100, days=days) for days in (4, 3, 2, 1)]
        report = await retention(store, tmp_path, Rules(outputs_bytes=250)).run(ACTOR)
        assert report.outputs == 2
        assert [folder.exists() for folder in folders] == [False, False, True, True]

    async def test_take_their_content_along_with_the_last_of_them(self, store: MemoryStore, tmp_path: Path) -> None:
        contents = Contents(tmp_path)
        ids = [new_id(), new_id()]
        for execution_id, days in zip(ids, (9, 1), strict=True):
            contents.keep(tmp_path / execution_id / "a.png", b"same", {})
            at_s = NOW / 1000 - days * 86400
            os.utime(tmp_path / execution_id, (at_s, at_s))
        # Of one inode there is one time: the folder's own decides nothing here.
        os.utime(tmp_path / ids[0] / "a.png", (NOW / 1000 - 9 * 86400,) * 2)
        await retention(store, tmp_path, Rules(outputs_ms=5 * DAY_MS)).run(ACTOR)
        assert not list((tmp_path / FOLDER).rglob("*.json"))


class TestContents:
    def test_equal_ones_are_one_file(self, tmp_path: Path) -> None:
        contents = Contents(tmp_path)
        paths = [tmp_path / new_id() / "a.png" for _ in range(3)]
        digests = {contents.keep(path, b"picture", {"media_type": "image/png"}) for path in paths}
        assert len(digests) == 1
        assert {path.stat().st_ino for path in paths} == {paths[0].stat().st_ino}
        assert paths[0].stat().st_nlink == 4
        assert [path.name for path in paths[0].parent.iterdir()] == ["a.png"]
        [about] = (tmp_path / FOLDER).rglob("*.json")
        assert about.read_text() == '{"media_type": "image/png"}'

    def test_another_one_takes_the_place_and_leaves_the_content_to_others(self, tmp_path: Path) -> None:
        contents = Contents(tmp_path)
        first, second = tmp_path / "1" / "a.png", tmp_path / "2" / "a.png"
        for path, data in ((first, b"one"), (second, b"one"), (first, b"two"), (first, b"two")):
            contents.keep(path, data, {})
        assert (first.read_bytes(), second.read_bytes()) == (b"two", b"one")
        assert [path.name for path in first.parent.iterdir()] == ["a.png"]

    def test_what_nothing_links_to_is_removed(self, tmp_path: Path) -> None:
        contents = Contents(tmp_path)
        kept, gone = tmp_path / "1" / "a.png", tmp_path / "2" / "a.png"
        contents.keep(kept, b"kept", {})
        contents.keep(gone, b"gone!", {})
        gone.unlink()
        assert contents.tidy() == (1, 5)
        assert contents.tidy() == (0, 0)
        assert kept.read_bytes() == b"kept"
        assert len([path for path in (tmp_path / FOLDER).rglob("*") if path.is_file()]) == 2

    def test_a_file_system_without_links_gets_copies(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        path = tmp_path / "1" / "a.png"
        Contents(tmp_path).keep(path, b"picture", {})
        assert (path.read_bytes(), path.stat().st_nlink) == (b"picture", 1)
