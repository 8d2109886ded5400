"""The recorder waits for a server that falls behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.reports import NodeReport, NodeState
from vortex_prefect.engine import backlog as module
from vortex_prefect.engine.backlog import Backlog
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.task_events import FlowRunIdentity

FLOW_RUN = FlowRunIdentity("flow-run-id", "run name")


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_INTERVAL_S", 0.0)
    monkeypatch.setattr(module, "_WINDOW", 300)


class SlowServer:
    """Files fifty task runs each time it is asked how many there are, and notes how much it had to remember."""

    def __init__(self, files: int = 50) -> None:
        self.taken: list[dict[str, Any]] = []
        self.filed = 0
        self.most = 0
        self._files = files

    async def post(self, events: list[dict[str, Any]]) -> None:
        self.taken += events
        self.most = max(self.most, len(self.taken) - self.filed)

    async def count(self, flow_run_id: str) -> int:
        assert flow_run_id == FLOW_RUN.id
        self.filed = min(self.filed + self._files, len(self.taken))
        return self.filed


async def record(server: SlowServer, items: int) -> None:
    recorder = Recorder("e", plan(graph({"n": "canvas"})), server.post, 0.5, Backlog(server.count))
    for item in range(items):
        recorder.note(NodeReport("e", "n", NodeState.RUNNING, at_ms=1, item=item))
        recorder.note(NodeReport("e", "n", NodeState.COMPLETED, at_ms=2, item=item))
    ended = asyncio.Event()
    ended.set()
    async with asyncio.timeout(20):
        await recorder.record(FLOW_RUN, ended)


async def test_never_more_is_on_the_way_than_the_server_can_remember() -> None:
    server = SlowServer()
    await record(server, 2000)
    assert len(server.taken) == 2000
    assert server.most <= 300 + 100


async def test_a_server_that_files_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    server = SlowServer(files=0)
    await record(server, 2000)
    assert len(server.taken) == 2000


async def test_a_server_that_is_away_is_asked_again() -> None:
    class Away(SlowServer):
        away = 3

        async def count(self, flow_run_id: str) -> int:
            if self.away:
                self.away -= 1
                raise ConnectionError("away")
            return await super().count(flow_run_id)

    server = Away()
    await record(server, 1000)
    assert server.most <= 400


async def test_what_was_short_is_one_event_however_late_it_is_looked_at() -> None:
    server = SlowServer()
    await record(server, 10)
    assert [event["event"] for event in server.taken] == ["prefect.task-run.Completed"] * 10
