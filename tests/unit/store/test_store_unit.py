"""A unit of work when the database fails in the middle of it, or at its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.store.records import a_graph, an_event
from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Event
from vortex_prefect.store import SqlStore, open_store
from vortex_prefect.store.rows import event_row
from vortex_prefect.store.unit import SqlUnit


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path}/vortex.db")
    yield store
    await store.close()


def sql(unit: UnitOfWork, statement: str) -> None:
    cast(SqlUnit, unit)._session._connection.exec_driver_sql(statement)


def fill_the_disk(unit: UnitOfWork) -> None:
    """Allow the database one page more than it has."""
    count = cast(SqlUnit, unit)._session._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sql(unit, f"PRAGMA max_page_count = {count + 1}")


def append_much(unit: UnitOfWork) -> Event:
    return unit.append(an_event(payload={"text": "x" * 100_000}))


async def test_a_full_disk_is_said_with_the_path_and_passes(store: SqlStore, tmp_path: Path) -> None:
    await store.write(fill_the_disk)
    with pytest.raises(SystemFault, match=f"SY-006 {tmp_path}/vortex.db: the disk is full") as caught:
        await store.write(append_much)
    assert caught.value.hint == f"Free space on the file system of {tmp_path}/vortex.db."
    assert str(store.statistics().last_error) == str(caught.value)
    await store.write(lambda unit: sql(unit, "PRAGMA max_page_count = 100000"))
    assert (await store.write(append_much)).sequence_number == 1


async def test_a_full_disk_fails_all_who_share_the_commit_and_keeps_nothing_of_them(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vortex_prefect.store.writer._LONGEST_S", 60.0)
    entered, go_on = threading.Event(), threading.Event()

    def block(unit: UnitOfWork) -> None:
        fill_the_disk(unit)
        entered.set()
        assert go_on.wait(30)

    first = asyncio.create_task(store.write(block))
    await asyncio.to_thread(entered.wait, 30)
    small = asyncio.create_task(store.write(lambda unit: unit.append(an_event())))
    large = [asyncio.create_task(store.write(append_much)) for _ in range(3)]
    while store.statistics().queued < 5:
        await asyncio.sleep(0)
    go_on.set()
    await first
    ended = await asyncio.gather(small, *large, return_exceptions=True)
    assert [getattr(end, "code", end) for end in ended] == ["SY-006"] * 4
    await store.write(lambda unit: sql(unit, "PRAGMA max_page_count = 100000"))
    assert (await store.write(append_much)).sequence_number == 1


async def test_work_that_swallows_a_fault_does_not_commit(store: SqlStore) -> None:
    graph = a_graph()

    def work(unit: UnitOfWork) -> None:
        unit.put_graph(graph)
        with suppress(SystemFault):
            append_much(unit)
        with suppress(SystemFault):
            unit.put_setting("after", 1)

    await store.write(fill_the_disk)
    with pytest.raises(SystemFault, match="the disk is full"):
        await store.write(work)
    assert await store.read(lambda unit: (unit.graph(graph.id), unit.get_setting("after"))) == (None, None)


async def test_a_commit_that_fails_leaves_nothing_and_the_next_succeeds(store: SqlStore) -> None:
    def orphan(unit: UnitOfWork) -> None:
        unit.append(an_event())
        sql(unit, "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        sql(unit, "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        sql(unit, "INSERT INTO child VALUES (1)")

    with pytest.raises(SystemFault, match=r"SY-007.*FOREIGN KEY"):
        await store.write(orphan)
    assert (await store.write(lambda unit: unit.append(an_event()))).sequence_number == 1


# Whole numbers that JSON documents may have here: `json_problems` refuses larger ones.
_integers = st.integers(-(1 << 63), (1 << 64) - 1)
_json = st.recursive(
    st.none() | st.booleans() | _integers | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_events = st.builds(
    Event,
    event_type=st.sampled_from(["NodeMoved", "TensorEvicted"]),
    aggregate_type=st.sampled_from(["Graph", "Tensor"]),
    aggregate_id=st.uuids().map(str),
    payload=st.dictionaries(st.text(), _json, max_size=3),
    metadata=st.dictionaries(st.text(), _json, max_size=3),
    trace_id=st.none() | st.integers(0, (1 << 128) - 1).map("{:032x}".format),
    span_id=st.none() | st.integers(0, (1 << 64) - 1).map("{:016x}".format),
    event_id=st.uuids().map(str),
    # Years 1 to 9999, as a timestamp can hold.
    created_ms=st.integers(-62_135_596_800_000, 253_402_300_799_999),
)


@settings(deadline=None)
@given(st.lists(_events, max_size=5, unique_by=lambda event: event.event_id))
async def test_every_event_comes_back_as_it_was(events: list[Event]) -> None:
    store = open_store("sqlite://")
    appended = await store.write(lambda unit: [unit.append(event) for event in events])
    read = await store.read(lambda unit: unit.events())
    await store.close()
    assert read == appended
    assert [event_row(event) for event in read] == [event_row(event) for event in events]
