"""The pool's worker: what it is to Prefect, and how it hands runs over."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseWorker

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import new_id
from vortex_prefect.engine import work_pool
from vortex_prefect.engine.chores import RETENTION
from vortex_prefect.engine.publication import Publication
from vortex_prefect.engine.work_pool import POOL_TYPE, VortexWorker, pool_template, serve_pool


class Engine:
    """Takes flow runs, or fails."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.taken: list[str] = []
        self.prepared = asyncio.Event()

    async def run_flow_run(self, flow_run_id: str) -> None:
        self.taken.append(flow_run_id)
        if self.fault is not None:
            raise self.fault

    async def prepare_pool(self, pool: str) -> None:
        self.prepared.set()


class Started:
    """What Prefect waits for before it takes the next run."""

    def __init__(self) -> None:
        self.values: list[int] = []

    def started(self, value: int) -> None:
        self.values.append(value)


def flow_run() -> FlowRun:
    return FlowRun.model_validate({"id": new_id(), "flow_id": new_id(), "name": "f"})


def worker(engine: Any) -> VortexWorker:
    made = VortexWorker("vortex")
    made.flow_runs = engine
    return made


def test_prefect_finds_the_type_by_its_name() -> None:
    assert BaseWorker.get_worker_class_from_type(POOL_TYPE) is VortexWorker


def test_the_pool_takes_just_what_a_publication_carries() -> None:
    properties = pool_template()["variables"]["properties"]
    carried = Publication({}, "h").to_job_variables()
    assert set(carried) == set(properties)
    json.dumps(pool_template())


async def test_a_run_is_handed_over_and_prefect_told_that_it_started() -> None:
    engine, started, begun = Engine(), Started(), flow_run()
    result = await worker(engine).run(begun, BaseJobConfiguration(), task_status=started)  # type: ignore[arg-type]
    assert engine.taken == [str(begun.id)]
    assert len(started.values) == 1
    assert result.status_code == 0


async def test_of_a_run_that_the_pool_has_nothing_is_asked_but_the_engine() -> None:
    """Each question to a server that is busy could lose the run; there is not even a client here."""
    engine, offered = Engine(), flow_run()
    subject = worker(engine)
    subject._submitting_flow_run_ids.add(offered.id)
    await subject._submit_run(offered)
    assert engine.taken == [str(offered.id)]
    assert offered.id not in subject._submitting_flow_run_ids  # once it is suspended, the pool has it again


async def test_a_chore_goes_prefects_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    prefects: list[FlowRun] = []

    async def submit(_: BaseWorker[Any, Any, Any], flow_run: FlowRun) -> None:
        prefects.append(flow_run)

    monkeypatch.setattr(BaseWorker, "_submit_run", submit)
    engine, chore = Engine(), flow_run().model_copy(update={"tags": [RETENTION]})
    await worker(engine)._submit_run(chore)
    assert (prefects, engine.taken) == ([chore], [])


@pytest.mark.parametrize("fault", [SystemFault("SY-008", "Prefect is away"), RuntimeError("SY-008, or so")])
async def test_a_run_that_no_engine_takes_does_not_stay_pending(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    subject, begun = worker(Engine(fault)), flow_run()
    crashed: list[tuple[FlowRun, str]] = []

    async def crash(flow_run: FlowRun, message: str) -> None:
        crashed.append((flow_run, message))

    monkeypatch.setattr(subject, "_propose_crashed_state", crash)
    await subject.run(begun, BaseJobConfiguration(), task_status=Started())  # type: ignore[arg-type]
    assert [run.id for run, _ in crashed] == [begun.id]
    assert "SY-008" in crashed[0][1]


async def test_a_worker_of_prefects_command_looks_for_the_stack_of_its_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VORTEX_HOME", str(tmp_path))
    subject = VortexWorker("vortex")
    crashed: list[str] = []

    async def crash(flow_run: FlowRun, message: str) -> None:
        crashed.append(message)

    monkeypatch.setattr(subject, "_propose_crashed_state", crash)
    await subject.run(flow_run(), BaseJobConfiguration())
    assert "SY-004" in crashed[0]
    assert str(tmp_path / "run" / "engine.sock") in crashed[0]


async def test_an_event_makes_it_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    events: asyncio.Queue[Any] = asyncio.Queue()
    looks: asyncio.Queue[None] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def subscriber(filter: Any) -> AsyncIterator[AsyncIterator[Any]]:
        assert {"prefect.flow-run.Scheduled", "prefect.flow-run.Resuming"} <= set(filter.event.name)
        yield heard()

    async def heard() -> AsyncIterator[Any]:
        while True:
            item = await events.get()
            if isinstance(item, Exception):
                raise item
            yield item

    async def look() -> None:
        looks.put_nowait(None)

    subject = worker(Engine())
    monkeypatch.setattr(work_pool, "get_events_subscriber", subscriber)
    monkeypatch.setattr(work_pool, "_RECONNECT_S", 0)
    monkeypatch.setattr(work_pool, "_AGAIN_S", ())
    subject._nudge = asyncio.Event()
    monkeypatch.setattr(subject, "get_and_submit_flow_runs", look)
    listening = asyncio.create_task(subject._listen())
    async with asyncio.timeout(10):
        await looks.get()  # what came while nobody listened
        events.put_nowait("one")
        await looks.get()
        events.put_nowait(ConnectionError("broken off"))
        await looks.get()  # connected again
        events.put_nowait("two")
        await looks.get()
        monkeypatch.setattr(work_pool, "_AGAIN_S", (0.01, 0.01))
        events.put_nowait("three")
        for _ in range(3):  # what it tells of may not be there to read yet
            await looks.get()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_many_events_are_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()
    faults = [RuntimeError("the server is away")]

    async def look() -> None:
        looks.put_nowait(None)
        if faults:
            raise faults.pop()

    subject = worker(Engine())
    subject._nudge = asyncio.Event()
    monkeypatch.setattr(work_pool, "_AGAIN_S", ())
    monkeypatch.setattr(subject, "get_and_submit_flow_runs", look)
    looking = asyncio.create_task(subject._look())
    async with asyncio.timeout(10):
        for _ in range(2):
            for _ in range(100):
                subject._nudge.set()
            await looks.get()
    await asyncio.sleep(0.01)
    assert looks.empty()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_whatever_the_worker_stumbles_over_it_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def stumble(self: VortexWorker, **_: Any) -> None:
        assert self.flow_runs is engine
        begun.put_nowait(self.name)
        raise RuntimeError("the server was restarted")

    monkeypatch.setattr(work_pool, "_RESTART_S", 0)
    monkeypatch.setattr(VortexWorker, "start", stumble)
    engine = Engine()
    serving = asyncio.create_task(serve_pool(engine, "vortex"))
    async with asyncio.timeout(10):
        names = [await begun.get() for _ in range(3)]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert engine.prepared.is_set()
    assert len(set(names)) == 1
