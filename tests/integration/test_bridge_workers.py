"""Worker processes over HTTP: their states, their events, their numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest

from tests.fakes.bridge import Bridge, bridge
from tests.fakes.engine import unreachable
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.answers import EventList
from vortex_prefect.bridge.routes import operations
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import WorkerReport

LIFE: tuple[Literal["spawned", "crashed", "recovered"], ...] = ("spawned", "crashed", "recovered")


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with bridge(tmp_path) as made:
        yield made


async def test_workers_are_told_as_hosts_tell_them(made: Bridge) -> None:
    made.engine.workers = [
        {"id": "h/0", "pid": None, "host": "h", "device": None, "state": "joining", "job": None, "restarts": 0},
        {"id": "h/1", "pid": 7, "host": "h", "device": "cpu", "state": "suspect", "job": "j", "restarts": 2}
        | {"role": "spare", "rss_bytes": 5 << 30, "device_bytes": None},
    ]
    assert (await made.http.get("/api/workers")).json()["workers"] == made.engine.workers


async def test_events_of_workers_are_a_log(made: Bridge) -> None:
    await made.graph()
    reports = [
        WorkerReport(event, "h/0", "h", 7, at_ms=1000 + number, event_id=new_id()) for number, event in enumerate(LIFE)
    ]
    made.engine.tell(*reports, *reports)
    await _stored(made, 3)
    answer = (await made.http.get("/api/workers/events")).json()
    assert [event["event_id"] for event in answer["events"]] == [report.event_id for report in reports]
    assert answer["next"] is None
    first = answer["events"][0]
    assert (first["event_type"], first["payload"]["worker_id"]) == ("WorkerSpawned", "h/0")
    assert first["created_at"] == "1970-01-01T00:00:01.000Z"
    page = (await made.http.get("/api/workers/events", params={"limit": 2})).json()
    assert page == {"events": answer["events"][:2], "next": page["events"][1]["sequence_number"]}
    rest = (await made.http.get("/api/workers/events", params={"after": page["next"]})).json()
    assert rest["events"] == answer["events"][2:]
    refused = await made.http.get("/api/workers/events", params={"after": "-1"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "RQ-001")


async def test_the_example_of_a_workers_event_is_one(made: Bridge) -> None:
    schema = (await made.http.get("/openapi.json")).json()
    answer = schema["paths"]["/api/workers/events"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"]["$ref"].endswith("/EventList")
    job = {"execution_id": new_id(), "node_id": "n", "job_id": "j"}
    made.engine.tell(WorkerReport("crashed", "h/0", "h", 7, "cpu", reason="killed", job=job, event_id=new_id()))
    await _stored(made, 1)
    [told] = (await made.http.get("/api/workers/events")).json()["events"]
    [shown] = EventList.model_validate(answer["example"]).model_dump()["events"]
    assert (told.keys(), told["payload"].keys()) == (shown.keys(), shown["payload"].keys())
    assert told["event_type"] == shown["event_type"]
    assert told["metadata"] == {"address": None, "client": None, **shown["metadata"]}


async def test_metrics_count_workers(made: Bridge) -> None:
    crash = WorkerReport("crashed", "h/0", "h", 7, event_id=new_id())
    made.engine.workers = [{"state": state} for state in ("ready", "busy", "busy", "upside down")]
    made.engine.tell(WorkerReport("spawned", "h/0", "h", 7, event_id=new_id()), crash, crash)
    await _stored(made, 2)
    lines = (await made.http.get("/metrics")).text.splitlines()
    assert {
        "vortex_worker_spawns_total 1.0",
        "vortex_worker_crashes_total 1.0",
        "vortex_worker_recoveries_total 0.0",
        'vortex_workers{state="busy"} 2.0',
        'vortex_workers{state="ready"} 1.0',
        'vortex_workers{state="dead"} 0.0',
        'vortex_workers{state="upside down"} 1.0',
    } <= set(lines)
    made.engine.fault = unreachable()
    without = (await made.http.get("/metrics")).text
    # As they were told last, and marked as old.
    assert 'vortex_workers{state="busy"} 2.0' in without
    assert "vortex_engine_up 0.0" in without
    assert "vortex_worker_crashes_total 1.0" in without


async def test_metrics_do_not_wait_for_an_engine_that_stands_still(
    made: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "_SCRAPE_S", 0)
    monkeypatch.setattr(made.engine, "status", asyncio.Event().wait)
    async with asyncio.timeout(PATIENCE_S):
        assert "vortex_queue_waiting 0.0" in (await made.http.get("/metrics")).text


async def _stored(made: Bridge, count: int) -> None:
    """Until so many events of workers are in the store."""
    async with asyncio.timeout(PATIENCE_S):
        while len(await made.store.read(lambda uow: uow.events(aggregate_type="Worker"))) < count:
            await asyncio.sleep(0)
