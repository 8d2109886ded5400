"""The watch over flow runs in flight: an event is a nudge, the API is the truth."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes.prefect import FakePrefect
from vortex_prefect.engine import watch
from vortex_prefect.engine.watch import FlowRunWatch


class Events:
    """Prefect's event stream: gives what a test puts in, or breaks."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.connections = 0

    @contextlib.asynccontextmanager
    async def subscriber(self, filter: Any, reconnection_attempts: int) -> AsyncIterator[AsyncIterator[Any]]:
        self.connections += 1
        assert "prefect.flow-run.Cancelling" in filter.event.name
        yield self._events()

    async def _events(self) -> AsyncIterator[Any]:
        while True:
            item = await self.queue.get()
            if isinstance(item, Exception):
                raise item
            yield item

    def tell(self, flow_run_id: str) -> None:
        self.queue.put_nowait(SimpleNamespace(resource=SimpleNamespace(id=f"prefect.flow-run.{flow_run_id}")))


class Scene:
    def __init__(self) -> None:
        self.api = FakePrefect()
        self.events = Events()
        self.seen: list[tuple[str, str]] = []
        self.news = asyncio.Event()
        self.watch = FlowRunWatch(self.api, self._on_state)

    def _on_state(self, flow_run_id: str, state: dict[str, Any]) -> None:
        self.seen.append((flow_run_id, state["name"]))
        self.news.set()

    async def sees(self, flow_run_id: str, name: str) -> None:
        async with asyncio.timeout(10):
            while (flow_run_id, name) not in self.seen:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    scene = Scene()
    monkeypatch.setattr(watch, "get_events_subscriber", scene.events.subscriber)
    monkeypatch.setattr(watch, "_POLL_S", 3600)
    monkeypatch.setattr(watch, "_AGAIN_S", 3600)
    monkeypatch.setattr(watch, "_RECONNECT_S", 0)
    running = asyncio.create_task(scene.watch.run())
    yield scene
    assert not running.done(), "the watch gave up"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_run_is_asked_for_as_soon_as_it_is_watched(scene: Scene) -> None:
    flow_run_id = scene.api.given_run("CANCELLING")
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Cancelling")


async def test_an_event_of_a_watched_run_asks_at_once(scene: Scene) -> None:
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    scene.api.set(flow_run_id, "PAUSED", "Suspended")
    scene.events.tell(flow_run_id)  # without it, the next look is an hour away
    await scene.sees(flow_run_id, "Suspended")


async def test_events_of_other_runs_ask_nothing(scene: Scene) -> None:
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    asked = len(scene.api.asked)
    for _ in range(10):
        scene.events.tell("somebody-elses")
    while not scene.events.queue.empty():
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert len(scene.api.asked) == asked


async def test_after_an_event_it_asks_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an event tells of may not be there to read yet."""
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    monkeypatch.setattr(watch, "_AGAIN_S", 0.01)
    scene.seen.clear()
    scene.events.tell(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    scene.api.set(flow_run_id, "CANCELLING")
    await scene.sees(flow_run_id, "Cancelling")


async def test_without_events_it_asks_regularly(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_POLL_S", 0.01)
    monkeypatch.setattr(watch, "_AGAIN_S", 0.01)
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    scene.api.set(flow_run_id, "CANCELLING")
    await scene.sees(flow_run_id, "Cancelling")


async def test_nothing_is_asked_while_nothing_runs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    monkeypatch.setattr(watch, "_POLL_S", 0)
    scene.watch.discard(flow_run_id)
    scene.watch._nudge.set()
    await asyncio.sleep(0.05)
    asked = len(scene.api.asked)
    await asyncio.sleep(0.05)
    assert len(scene.api.asked) == asked


async def test_it_outlives_a_server_that_is_away_and_a_broken_stream(scene: Scene) -> None:
    flow_run_id = scene.api.given_run()
    scene.api.away = 5
    scene.events.queue.put_nowait(RuntimeError("the connection was closed"))
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    while scene.events.connections < 2:
        await asyncio.sleep(0)
    scene.api.set(flow_run_id, "CANCELLING")
    scene.events.tell(flow_run_id)
    await scene.sees(flow_run_id, "Cancelling")


async def test_an_answer_that_is_none_does_not_end_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([ValueError("not JSON")])
    states = scene.api.flow_run_states

    async def odd(ids: Any) -> Any:
        if (error := next(answers, None)) is not None:
            raise error
        return await states(ids)

    monkeypatch.setattr(scene.api, "flow_run_states", odd)
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    scene.events.tell(flow_run_id)
    await asyncio.sleep(0)
    scene.watch._nudge.set()
    await scene.sees(flow_run_id, "Running")


async def test_a_flow_run_that_was_deleted_is_told_of(scene: Scene) -> None:
    scene.api.database = "here"
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    del scene.api.runs[flow_run_id]
    scene.events.tell(flow_run_id)
    await scene.sees(flow_run_id, "Deleted")


async def test_a_server_with_another_database_ends_nothing(scene: Scene) -> None:
    scene.api.database = "here"
    flow_run_id = scene.api.given_run()
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    scene.api.runs.clear()
    scene.api.database = "elsewhere"
    scene.events.tell(flow_run_id)
    async with asyncio.timeout(10):
        while flow_run_id in scene.watch._watched:
            await asyncio.sleep(0)
    assert (flow_run_id, "Deleted") not in scene.seen


async def test_an_answer_to_an_earlier_run_is_none_to_its_retry(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    flow_run_id = scene.api.given_run("CANCELLING")
    states = scene.api.flow_run_states

    async def slow(ids: Any) -> Any:
        answer = await states(ids)
        if scene.api.state(flow_run_id) == "Cancelling":
            scene.watch.discard(flow_run_id)
            scene.api.set(flow_run_id, "RUNNING")
            scene.watch.add(flow_run_id)
        return answer

    monkeypatch.setattr(scene.api, "flow_run_states", slow)
    scene.watch.add(flow_run_id)
    await scene.sees(flow_run_id, "Running")
    assert (flow_run_id, "Cancelling") not in scene.seen
