"""An engine that is played: scripted lanes, a Prefect server in memory, and what tests do with both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun

from tests.fakes.prefect import FakePrefect
from tests.unit.engine.scripted import Act, ScriptedLanes
from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine import attachments
from vortex_prefect.engine.engine import Engine
from vortex_prefect.engine.flow import Outcome
from vortex_prefect.engine.publication import Publication
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.runs import Runs
from vortex_prefect.graph.canonical import graph_hash

FORM = graph(
    {"n": "canvas", "b": "blur"},
    "n.image > b.image",
    id=new_id(),
    name="form",
    inputs=[{"name": "radius", "node": "b", "param": "radius"}],
)


class Stage:
    """An engine whose nodes and whose Prefect are played."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api = FakePrefect()
        #: node → what its attempts do; see `ScriptedLanes`.
        self.script: dict[str, list[Act] | Callable[[Job], Act]] = {}
        self.lanes = ScriptedLanes()
        self.lanes._script = self.script
        #: What Prefect's flow engine does at a flow's end instead of setting its state.
        self.at_the_end: Callable[[str], None] | None = None
        #: Flow runs as Prefect's flow engine is given them.
        self.given: list[FlowRun] = []
        for name in ("_HEAD_START_S", "_RETRY_S"):
            monkeypatch.setattr(attachments, name, 0.001)
        monkeypatch.setattr("vortex_prefect.engine.engine.Flows", lambda runner, hooks: self)
        monkeypatch.setattr("vortex_prefect.engine.engine.PrefectApi", lambda: self.api)
        self.engine = Engine(Settings(home), "tcp://127.0.0.1:1")
        self.runs = self.engine._runs
        monkeypatch.setattr(self.runs, "on_dask", _directly)
        monkeypatch.setattr(Runs, "lanes", self.lanes)
        self.runs._catalogue = CATALOGUE
        self.engine._deployments.use(CATALOGUE)

    # `Flows`

    async def run(self, flow_run: FlowRun, name: str, outcome: Outcome) -> None:
        flow_run_id = str(flow_run.id)
        self.given.append(flow_run)
        self.api.set(flow_run_id, "RUNNING")
        state = await outcome()
        if self.at_the_end is not None:
            self.at_the_end(flow_run_id)
            return
        self.api.runs[flow_run_id]["state"] = {
            "type": state.type.value, "name": state.name, "message": state.message,
        }  # fmt: skip

    async def refuse(self, flow_run: FlowRun, error: VortexError) -> None:
        self.api.runs[str(flow_run.id)]["state"] = {"type": "FAILED", "name": "Failed", "message": str(error)}

    # What a test does

    async def executed(self, subject: Any = FORM, **options: Any) -> str:
        request = ExecutionRequest(new_id(), subject.to_document(), graph_hash(subject), **options)
        await self.engine.execute(request)
        return request.execution_id

    def run_of(self, execution_id: str) -> Run:
        run = self.runs.get(execution_id)
        assert run is not None
        return run

    def flow_run_of(self, execution_id: str) -> str:
        found = [key for key, run in self.api.runs.items() if run.get("idempotency_key") == execution_id]
        assert len(found) == 1
        return found[0]

    def begun_in_prefect(self, subject: Any = FORM, **fields: Any) -> str:
        """A flow run that the pool has for a worker."""
        variables = Publication(subject.to_document(), graph_hash(subject)).to_job_variables()
        return self.api.given_run("SCHEDULED", **{"job_variables": variables, "parameters": {}, **fields})

    async def settled(self) -> None:
        """Until nothing of the engine runs."""
        async with asyncio.timeout(10):
            while self.engine._tasks:
                await asyncio.gather(*self.engine._tasks, return_exceptions=True)

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.001)

    def nothing_is_left(self) -> None:
        assert self.engine._ledger.entries() == []
        assert self.engine._attachments._runs == {}
        assert self.engine._attachments.watch._watched == {}


async def _directly(work: Any) -> Any:
    return await work


async def running(stage: Stage) -> tuple[str, str]:
    """An execution whose first node runs until it is cancelled, and its flow run."""
    stage.script["n"] = [None]
    execution_id = await stage.executed()
    await stage.until(lambda: stage.run_of(execution_id).flow_run is not None and stage.lanes.jobs)
    return execution_id, stage.flow_run_of(execution_id)


async def suspended(stage: Stage) -> tuple[str, str]:
    execution_id, flow_run_id = await running(stage)
    stage.api.set(flow_run_id, "PAUSED", "Suspended")
    stage.engine._attachments._on_state(flow_run_id, {"type": "PAUSED", "name": "Suspended"})
    await stage.until(lambda: stage.run_of(execution_id).paused)
    await asyncio.sleep(0.01)
    return execution_id, flow_run_id
