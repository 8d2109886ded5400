"""Events of worker processes in the log, over every store: each once, whoever tells it how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.core.contracts import StorePort
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import is_id, new_id
from vortex_prefect.core.reports import TensorReport, WorkerReport
from vortex_prefect.service.worker_events import WorkerEvents
from vortex_prefect.store import open_store

EXECUTION = new_id()
CRASH = WorkerReport(
    "crashed",
    "host/0",
    "host",
    4711,
    "cuda:0",
    reason="killed by signal 11 (SIGSEGV)",
    job={"execution_id": EXECUTION, "node_id": "blur", "job_id": "j"},
    at_ms=1_700_000_000_123,
    event_id=new_id(),
)


def a_report(event: Any = "spawned", **fields: Any) -> WorkerReport:
    return WorkerReport(event, **{"worker_id": "host/0", "host": "host", "pid": 1, "event_id": new_id(), **fields})


@pytest.fixture(params=["fake", "file", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePort]:
    if request.param == "fake":
        yield MemoryStore()
        return
    store = open_store("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/vortex.db")
    yield store
    await store.close()


async def stored(store: StorePort) -> list[Event]:
    return await store.read(lambda uow: uow.events())


async def noted(store: StorePort, *reports: WorkerReport | TensorReport) -> WorkerEvents:
    events = WorkerEvents(store)
    for report in reports:
        events.note(report)
    await events.flush()
    return events


async def test_a_crash_says_how_where_and_in_which_execution(store: StorePort) -> None:
    events = await noted(store, CRASH)
    [event] = await stored(store)
    assert (event.event_type, event.aggregate_type) == ("WorkerCrashed", "Worker")
    assert (event.event_id, event.created_ms) == (CRASH.event_id, CRASH.at_ms)
    assert event.trace_id == EXECUTION.replace("-", "")
    assert event.metadata["user"] == "host"
    assert event.payload == {
        "host": "host",
        "worker_id": "host/0",
        "pid": 4711,
        "device": "cuda:0",
        "reason": CRASH.reason,
        "job": CRASH.job,
    }
    assert events.statistics().crashed == 1


async def test_the_life_of_a_worker_is_one_aggregate(store: StorePort) -> None:
    life = [a_report("spawned"), a_report("crashed", pid=1), a_report("recovered", pid=2, down_ms=40)]
    await noted(store, *life, a_report(worker_id="host/1"), a_report(host="other"))
    events = await stored(store)
    assert [event.event_type for event in events[:3]] == ["WorkerSpawned", "WorkerCrashed", "WorkerRecovered"]
    assert events[2].payload["down_ms"] == 40
    assert len({event.aggregate_id for event in events[:3]}) == 1
    assert len({event.aggregate_id for event in events}) == 3
    assert all(is_id(event.aggregate_id) and event.trace_id is None for event in events)


async def test_a_repeat_is_stored_and_counted_once(store: StorePort) -> None:
    events = await noted(store, CRASH, a_report(), CRASH)
    first = await stored(store)
    assert len(first) == 2
    # From another engine, told otherwise; and once more among new ones.
    events.note(replace(CRASH, reason="otherwise"))
    await events.flush()
    events.note(CRASH)
    events.note(new := a_report())
    await events.flush()
    assert (await stored(store))[:2] == first
    assert [event.event_id for event in (await stored(store))[2:]] == [new.event_id]
    statistics = events.statistics()
    assert (statistics.spawned, statistics.crashed, statistics.recovered, statistics.waiting) == (2, 1, 0, 0)


async def test_a_bridge_that_was_restarted_stores_and_counts_only_what_is_new(store: StorePort) -> None:
    await noted(store, CRASH)
    events = await noted(store, CRASH, a_report("recovered"))
    assert [event.event_type for event in await stored(store)] == ["WorkerCrashed", "WorkerRecovered"]
    assert (events.statistics().crashed, events.statistics().recovered) == (0, 1)


async def test_reports_without_an_id_are_told_apart_by_what_they_tell(store: StorePort) -> None:
    for _ in range(2):
        await noted(store, a_report(event_id="", at_ms=5), a_report(event_id="no id", at_ms=6))
    assert [event.created_ms for event in await stored(store)] == [5, 6]


async def test_what_is_unknown_keeps_nothing_else_out(store: StorePort) -> None:
    await noted(store, a_report("retired"), CRASH)
    assert [event.event_type for event in await stored(store)] == ["WorkerCrashed"]


async def test_a_thousand_are_stored_in_order(store: StorePort) -> None:
    reports = [a_report(at_ms=number) for number in range(1, 1001)]
    events = await noted(store, *reports)
    assert [event.created_ms for event in await stored(store)] == [report.at_ms for report in reports]
    page = await events.page(after=990, limit=4)
    assert [event.sequence_number for event in page] == [991, 992, 993, 994]


class TestAStoreThatFails:
    async def test_gets_everything_later(self) -> None:
        store, paused = MemoryStore(), asyncio.Event()

        async def sleep(_: float) -> None:
            # The store is well again, and something more has happened.
            store.fault = None
            events.note(a_report("recovered"))
            paused.set()

        events = WorkerEvents(store, sleep=sleep)
        store.fault = SystemFault("SY-006", "the disk is full")
        running = asyncio.create_task(events.run())
        events.note(CRASH)
        async with asyncio.timeout(PATIENCE_S):
            await paused.wait()
            while events.statistics().waiting:
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert store.event_types() == ["WorkerCrashed", "WorkerRecovered"]

    async def test_is_not_waited_for_with_more_than_memory_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("vortex_prefect.service.worker_events._WAITING", 3)
        store = MemoryStore()
        await noted(store, *(a_report(at_ms=number) for number in range(1, 6)))
        assert [event.created_ms for event in await stored(store)] == [3, 4, 5]


CAME = TensorReport(
    "allocated",
    "host",
    tuple(
        {"generation": number, "offset": 4096, "size_bytes": 64, "dtype": "uint8", "shape": [64], "node_id": "blur"}
        for number in (1, 2)
    ),
    execution_id=EXECUTION,
    at_ms=1_700_000_000_123,
    event_id=new_id(),
)


async def test_tensors_are_told_of_one_by_one_and_once(store: StorePort) -> None:
    went = TensorReport("evicted", "host", ({"generation": 1, "offset": 4096, "size_bytes": 64},), reason="room")
    await noted(store, CAME, CAME, went, went)
    first, second, gone = await stored(store)
    assert [event.event_type for event in (first, second, gone)] == [
        "TensorAllocated",
        "TensorAllocated",
        "TensorEvicted",
    ]
    assert first.aggregate_id == gone.aggregate_id != second.aggregate_id
    assert {event.aggregate_type for event in (first, second, gone)} == {"Tensor"}
    assert first.payload == {"host": "host", "execution_id": EXECUTION, **CAME.tensors[0]}
    assert gone.payload == {"host": "host", "generation": 1, "offset": 4096, "size_bytes": 64, "reason": "room"}
    assert (first.trace_id, first.created_ms) == (EXECUTION.replace("-", ""), CAME.at_ms)


async def test_a_flood_of_tensors_drives_no_crash_out(store: StorePort) -> None:
    many = [replace(CAME, tensors=CAME.tensors * 50, event_id=new_id()) for _ in range(50)]
    events = await noted(store, CRASH, *many)
    assert "WorkerCrashed" in {event.event_type for event in await stored(store)}
    assert events.statistics().waiting == 0
