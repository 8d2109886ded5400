"""The engine and Prefect: flow runs that stand for executions, over scripted lanes and a server in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause

from tests.fakes.prefect import FakePrefect
from tests.fakes.tracer import Recording, context_of
from tests.unit.engine.scripted import RAISED, Act, ScriptedLanes
from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job
from vortex_prefect.core.reports import (
    AdoptionReport,
    ExecutionReport,
    ExecutionStatus,
    NodeState,
    PreviewReport,
    Report,
)
from vortex_prefect.core.settings import Settings
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine import attachments
from vortex_prefect.engine.engine import Engine
from vortex_prefect.engine.flow import Outcome
from vortex_prefect.engine.ledger import Entry
from vortex_prefect.engine.publication import Publication
from vortex_prefect.engine.recovery import Fallen
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


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, monkeypatch)
    yield stage
    for run in stage.runs:
        await stage.engine.cancel(run.id)
    tasks = list(stage.engine._tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# -- executions of the editor ----------------------------------------------------------------


async def test_an_execution_gets_a_flow_run_of_its_graphs_deployment(stage: Stage) -> None:
    execution_id = await stage.executed()
    await stage.settled()
    flow_run_id = stage.flow_run_of(execution_id)
    run = stage.api.runs[flow_run_id]
    assert run["state"] == {"type": "COMPLETED", "name": "Completed", "message": "2 completed"}
    assert run["parameters"] == {"radius": 3.0}
    assert run["deployment_id"] in stage.api.deployments
    assert {event["event"] for event in stage.api.events} == {"prefect.task-run.Completed"}
    assert [body["type"] for body in stage.api.artifacts.values()] == ["markdown"]
    stage.nothing_is_left()


async def test_it_waits_for_a_server_that_is_away_and_is_recorded_in_full(stage: Stage) -> None:
    stage.api.away = 7
    execution_id = await stage.executed()
    await stage.until(stage.run_of(execution_id).ended.is_set)
    assert stage.run_of(execution_id).status is ExecutionStatus.COMPLETED
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    assert len(stage.api.events) == 2


async def test_it_runs_though_prefect_refuses_it(stage: Stage) -> None:
    stage.api.refusal = SystemFault("SY-007", "no")
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.COMPLETED
    stage.nothing_is_left()


async def test_a_deployment_that_was_deleted_is_made_anew(stage: Stage) -> None:
    await stage.executed()
    await stage.settled()
    (first,) = stage.api.deployments
    del stage.api.deployments[first]
    execution_id = await stage.executed()
    await stage.settled()
    (second,) = stage.api.deployments
    assert stage.api.runs[stage.flow_run_of(execution_id)]["deployment_id"] == second != first


async def test_an_execution_that_cannot_begin_has_no_flow_run(stage: Stage) -> None:
    request = ExecutionRequest(new_id(), FORM.to_document(), "0" * 64)
    await stage.engine.execute(request)
    await stage.settled()
    run = stage.run_of(request.execution_id)
    assert run.status is ExecutionStatus.FAILED
    assert stage.api.runs == {}
    told = run.history.execution()
    assert told is not None
    assert told.error is not None
    assert told.error["code"] == "VE-011"


async def test_pictures_are_for_who_listens_now_and_for_no_record(stage: Stage) -> None:
    stage.lanes.shows = {"n": [b"picture"]}
    pictures: list[PreviewReport] = []

    async def listen() -> None:
        async for report in stage.engine.reports():
            if isinstance(report, PreviewReport):
                pictures.append(report)
            elif isinstance(report, ExecutionReport) and report.status.final:
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    execution_id = await stage.executed()
    async with asyncio.timeout(10):
        await listening
    assert [(report.execution_id, report.node_id, report.jpeg) for report in pictures] == [
        (execution_id, "n", b"picture")
    ]
    await stage.settled()
    assert not any(isinstance(report, PreviewReport) for report in stage.run_of(execution_id).history.in_order())
    assert {event["event"] for event in stage.api.events} == {"prefect.task-run.Completed"}


async def test_a_defect_of_the_recorder_does_not_keep_the_flow_run_from_ending(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(events: Any) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(stage.api, "post_events", broken)
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_that_breaks_off_is_ended_all_the_same(stage: Stage) -> None:
    def give_up(_: str) -> None:
        raise RuntimeError("Prefect's engine gave up")

    stage.at_the_end = give_up
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "Completed"
    stage.nothing_is_left()


async def test_a_retry_that_was_asked_for_meanwhile_stays_asked_for(stage: Stage) -> None:
    """An automation may be quicker than our last look."""
    stage.at_the_end = lambda flow_run_id: stage.api.set(flow_run_id, "SCHEDULED", "AwaitingRetry")
    execution_id = await stage.executed()
    await stage.settled()
    assert stage.api.state(stage.flow_run_of(execution_id)) == "AwaitingRetry"
    stage.nothing_is_left()


# -- what Prefect wants ----------------------------------------------------------------------


async def running(stage: Stage) -> tuple[str, str]:
    """An execution whose first node runs until it is cancelled, and its flow run."""
    stage.script["n"] = [None]
    execution_id = await stage.executed()
    await stage.until(lambda: stage.run_of(execution_id).flow_run is not None and stage.lanes.jobs)
    return execution_id, stage.flow_run_of(execution_id)


async def test_a_cancel_ends_run_and_flow_run(stage: Stage) -> None:
    execution_id, flow_run_id = await running(stage)
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_a_pause_is_told_once_and_so_is_the_end_of_it(stage: Stage) -> None:
    execution_id, flow_run_id = await running(stage)
    reports = stage.engine.reports()
    told: list[Report] = []

    async def listen() -> None:
        async for report in reports:
            told.append(report)  # noqa: PERF401 - there is no end to them

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    for state in ("PAUSED", "PAUSED", "RUNNING", "RUNNING"):
        stage.engine._attachments._on_state(flow_run_id, {"type": state, "name": state.capitalize()})
        await asyncio.sleep(0.01)
        assert stage.run_of(execution_id).paused is (state == "PAUSED")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    seen = [report.status for report in told if isinstance(report, ExecutionReport)]
    assert [status for status in seen if status is ExecutionStatus.PAUSED] == [ExecutionStatus.PAUSED]
    assert seen[-2:] == [ExecutionStatus.PAUSED, ExecutionStatus.RUNNING]


async def test_a_pause_that_comes_before_the_plan_holds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, plan = asyncio.Event(), stage.runs._plan

    async def slow(request: ExecutionRequest, trace: TraceContext) -> Any:
        await gate.wait()
        return await plan(request, trace)

    monkeypatch.setattr(stage.runs, "_plan", slow)
    execution_id = await stage.executed()
    run = stage.run_of(execution_id)
    await stage.runs.steer(run, "pause")
    gate.set()
    await run.planned.wait()
    await stage.until(lambda: run.executor is not None and run.executor._attempts.paused)
    await asyncio.sleep(0.05)
    assert stage.lanes.jobs == []
    await stage.runs.steer(run, "resume")
    await stage.until(run.ended.is_set)
    assert run.status is ExecutionStatus.COMPLETED


async def test_a_cancel_that_comes_before_the_plan_holds(stage: Stage) -> None:
    execution_id = await stage.executed()
    assert await stage.engine.cancel(execution_id)
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.lanes.jobs == []
    assert not await stage.engine.cancel(execution_id)
    assert not await stage.engine.cancel("unknown")


async def test_the_end_is_the_last_word(stage: Stage) -> None:
    """A pause that was on its way when the run ended is not told after it."""
    execution_id = await stage.executed()
    run = stage.run_of(execution_id)
    await stage.until(lambda: run.executor is not None)
    await stage.until(run.ended.is_set)
    await stage.runs.steer(run, "pause")
    told = run.history.execution()
    assert told is not None
    assert told.status is ExecutionStatus.COMPLETED


# -- suspended -------------------------------------------------------------------------------


async def suspended(stage: Stage) -> tuple[str, str]:
    execution_id, flow_run_id = await running(stage)
    stage.api.set(flow_run_id, "PAUSED", "Suspended")
    stage.engine._attachments._on_state(flow_run_id, {"type": "PAUSED", "name": "Suspended"})
    await stage.until(lambda: stage.run_of(execution_id).paused)
    await asyncio.sleep(0.01)
    return execution_id, flow_run_id


async def test_a_suspended_run_leaves_its_flow_and_keeps_its_state(stage: Stage) -> None:
    execution_id, flow_run_id = await suspended(stage)
    assert stage.api.state(flow_run_id) == "Suspended"
    assert not stage.run_of(execution_id).ended.is_set()
    # While it is suspended, Prefect's Running of the moment before resumes nothing.
    stage.engine._attachments._on_state(flow_run_id, {"type": "RUNNING", "name": "Running"})
    await asyncio.sleep(0.01)
    assert stage.run_of(execution_id).paused


async def test_a_resumed_run_is_the_same_execution(stage: Stage) -> None:
    execution_id, flow_run_id = await suspended(stage)
    run = stage.run_of(execution_id)
    stage.api.set(flow_run_id, "SCHEDULED", "Resuming")
    resumed = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(lambda: not run.paused)
    assert stage.run_of(execution_id) is run
    await stage.engine.cancel(execution_id)
    async with asyncio.timeout(10):
        await resumed
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    assert stage.api.asked.count("create_flow_run") == 1
    stage.nothing_is_left()


async def test_a_suspended_run_can_be_cancelled(stage: Stage) -> None:
    _, flow_run_id = await suspended(stage)
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


# -- what an engine leaves to the next one ---------------------------------------------------


async def test_an_execution_is_in_the_ledger_before_any_of_its_nodes_runs(stage: Stage) -> None:
    stage.lanes.stuck["n"] = asyncio.Event()
    stage.api.away = 1_000_000
    execution_id = await stage.executed()
    assert stage.engine._ledger.entries() == [Entry(execution_id)]
    assert stage.lanes.jobs == []
    stage.lanes.stuck["n"].set()


async def test_what_an_engine_had_begun_is_not_begun_by_the_next_one(stage: Stage) -> None:
    """Its bridge has not heard that it began, and sends it again."""
    request = ExecutionRequest(new_id(), FORM.to_document(), graph_hash(FORM))
    stage.engine._fallen = Fallen(stage.api, [Entry(request.execution_id)])
    heard: list[Report] = []
    listening = asyncio.create_task(_hear(stage.engine.reports(), heard))
    await stage.until(lambda: heard)  # whoever comes is told
    await stage.engine.execute(request)
    await stage.until(lambda: len(heard) == 2)  # and so is whoever asks
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    for report in heard:
        assert isinstance(report, ExecutionReport)
        assert (report.execution_id, report.status) == (request.execution_id, ExecutionStatus.CRASHED)
        assert report.error is not None
        assert report.error["code"] == "SY-004"
    assert stage.lanes.jobs == []
    assert stage.runs.get(request.execution_id) is None


async def test_a_retry_of_what_an_engine_had_begun_is_begun(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    stage.engine._fallen = Fallen(stage.api, [Entry(flow_run_id, "", flow_run_id)])
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.run_of(flow_run_id).status is ExecutionStatus.COMPLETED
    assert stage.engine._fallen.known() == []


async def test_the_ledger_knows_how_an_execution_ended_of_which_prefect_has_not_heard(stage: Stage) -> None:
    stage.api.away = 1_000_000
    execution_id = await stage.executed()
    await stage.until(lambda: stage.engine._ledger.entries()[0].status)
    (entry,) = stage.engine._ledger.entries()
    assert (entry.execution_id, entry.status, entry.message) == (execution_id, "completed", "2 completed")


async def _hear(reports: AsyncIterator[Report], heard: list[Report]) -> None:
    async for report in reports:
        heard += [report]


# -- runs that Prefect begins ----------------------------------------------------------------


async def test_a_run_of_a_deployment_is_an_execution_with_its_parameters(stage: Stage) -> None:
    deployed = await stage.engine.deploy(DeployRequest(FORM.to_document(), name="nightly"))
    flow_run_id = stage.api.given_run("SCHEDULED", deployment_id=deployed["deployment_id"], parameters={"radius": 9})
    await stage.engine.run_flow_run(flow_run_id)
    run = stage.run_of(flow_run_id)
    assert run.status is ExecutionStatus.COMPLETED
    assert run.graph is not None
    assert run.graph.nodes["b"].params["radius"] == 9
    adopted, *_, ended = run.history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert (adopted.graph_id, adopted.round) == (FORM.id, 1)
    assert isinstance(ended, ExecutionReport)
    assert (ended.status, ended.flow_run_id) == (ExecutionStatus.COMPLETED, flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_run_that_another_worker_was_given_is_left_alone(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "PENDING")
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Pending"
    assert stage.runs.get(flow_run_id) is None
    stage.nothing_is_left()


async def test_a_claim_whose_answer_is_lost_is_a_claim(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vortex_prefect.engine.engine._CLAIM_RETRY_S", 0)
    claim, lost = stage.api.claim, [ConnectionError("no answer")]

    async def unanswered(flow_run_id: str, claim_id: str) -> bool:
        granted = await claim(flow_run_id, claim_id)
        if lost:
            raise lost.pop()
        return granted

    monkeypatch.setattr(stage.api, "claim", unanswered)
    flow_run_id = stage.begun_in_prefect()
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_flow_run_that_is_offered_twice_begins_once(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    async with asyncio.timeout(10):
        await asyncio.gather(*(stage.engine.run_flow_run(flow_run_id) for _ in range(3)))
    await stage.engine.run_flow_run(flow_run_id)
    assert len(stage.lanes.jobs) == 2
    assert stage.run_of(flow_run_id).round == 1
    stage.nothing_is_left()


async def test_a_claim_that_is_not_answered_is_in_the_ledger(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the engine die now, its successor finds the flow run, and gives it back if it is Pending."""
    asked = asyncio.Event()

    async def never(flow_run_id: str, claim_id: str) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr(stage.api, "claim", never)
    flow_run_id = stage.begun_in_prefect()
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await asyncio.wait_for(asked.wait(), 10)
    assert stage.engine._ledger.entries() == [Entry(flow_run_id, "", flow_run_id, claimed=True)]
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


async def test_a_retry_is_the_next_round(stage: Stage) -> None:
    stage.script["b"] = [RAISED]
    flow_run_id = stage.begun_in_prefect()
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Failed"
    stage.api.set(flow_run_id, "SCHEDULED", "AwaitingRetry")
    stage.api.runs[flow_run_id]["run_count"] = 1
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    run = stage.run_of(flow_run_id)
    assert run.round == 2
    nodes = {report.node_id: report for report in run.history.nodes()}
    assert nodes["n"].state is NodeState.CACHED
    assert (nodes["b"].state, nodes["b"].attempt) == (NodeState.COMPLETED, 2)
    stage.nothing_is_left()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"parameters": {"gone": 1}}, "VE-004"),
        ({"parameters": {"radius": 1000}}, "VE-010"),
        ({"job_variables": {}}, "VE-001"),
        ({"job_variables": {"graph": "garbage"}}, "VE-001"),
    ],
)
async def test_what_cannot_run_is_a_failed_flow_run_with_the_code(
    stage: Stage, fields: dict[str, Any], code: str
) -> None:
    flow_run_id = stage.begun_in_prefect(**fields)
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Failed"
    assert code in stage.api.runs[flow_run_id]["state"]["message"]
    stage.nothing_is_left()


async def test_a_run_that_waits_for_its_time_is_in_the_ledger(stage: Stage) -> None:
    """Its worker has claimed it, so nobody else would ever begin it."""
    due = datetime.now(UTC) + timedelta(hours=1)
    flow_run_id = stage.begun_in_prefect()
    stage.api.runs[flow_run_id]["state"]["state_details"] = {"scheduled_time": due.isoformat()}
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(stage.engine._ledger.entries)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    (entry,) = stage.engine._ledger.entries()
    assert entry.flow_run_id == flow_run_id
    assert stage.lanes.jobs == []


async def test_a_claimed_flow_run_waits_for_a_server_that_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vortex_prefect.engine.engine._CLAIM_RETRY_S", 0)
    flow_run_id = stage.begun_in_prefect()
    stage.api.away = 3
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


@pytest.mark.parametrize("state_type", ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])
async def test_an_end_that_somebody_forces_in_prefect_ends_the_execution_and_stays(
    stage: Stage, state_type: str
) -> None:
    execution_id, flow_run_id = await running(stage)
    stage.api.set(flow_run_id, state_type, "Forced")
    stage.engine._attachments._on_state(flow_run_id, {"type": state_type, "name": "Forced"})
    await stage.settled()
    assert stage.run_of(execution_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Forced"
    stage.nothing_is_left()


async def test_deploying_tells_that_prefect_is_away(stage: Stage) -> None:
    stage.api.away = 1
    with pytest.raises(SystemFault, match="SY-008"):
        await stage.engine.deploy(DeployRequest(FORM.to_document()))


async def test_the_worker_may_go_and_the_run_stays(stage: Stage) -> None:
    stage.lanes.stuck["n"] = asyncio.Event()
    flow_run_id = stage.begun_in_prefect()
    worker = asyncio.create_task(stage.engine.run_flow_run(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    stage.lanes.stuck["n"].set()
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


# -- flow functions in other processes -------------------------------------------------------


async def test_another_process_is_told_the_outcome(stage: Stage) -> None:
    flow_run_id = stage.begun_in_prefect()
    assert await stage.engine.flow_outcome(flow_run_id) == (ExecutionStatus.COMPLETED, "2 completed")
    stage.nothing_is_left()


async def test_another_process_hears_why_it_cannot_run(stage: Stage) -> None:
    with pytest.raises(VortexError, match="VE-004"):
        await stage.engine.flow_outcome(stage.begun_in_prefect(parameters={"gone": 1}))
    stage.nothing_is_left()


async def test_a_process_that_goes_away_cancels_its_run(stage: Stage) -> None:
    stage.script["n"] = [None]
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "RUNNING")
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    await stage.settled()
    assert stage.run_of(flow_run_id).status is ExecutionStatus.CANCELLED
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_a_process_that_goes_away_while_it_is_recorded_takes_no_record_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, post = asyncio.Event(), stage.api.post_events

    async def slow(events: list[dict[str, Any]]) -> None:
        await gate.wait()
        await post(events)

    monkeypatch.setattr(stage.api, "post_events", slow)
    flow_run_id = stage.begun_in_prefect()
    stage.api.set(flow_run_id, "RUNNING")
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: (run := stage.runs.get(flow_run_id)) is not None and run.ended.is_set())
    await asyncio.sleep(0.01)
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    gate.set()
    await stage.settled()
    assert len(stage.api.events) == 2
    assert stage.api.state(flow_run_id) == "Completed"
    stage.nothing_is_left()


async def test_a_process_leaves_a_suspended_run_which_may_be_cancelled_then(stage: Stage) -> None:
    stage.script["n"] = [None]
    flow_run_id = stage.begun_in_prefect()
    process = asyncio.create_task(stage.engine.flow_outcome(flow_run_id))
    await stage.until(lambda: stage.lanes.jobs)
    stage.api.set(flow_run_id, "PAUSED", "Suspended")
    stage.engine._attachments._on_state(flow_run_id, {"type": "PAUSED", "name": "Suspended"})
    async with asyncio.timeout(10):
        assert await process == (ExecutionStatus.PAUSED, "")
    stage.api.set(flow_run_id, "CANCELLING")
    stage.engine._attachments._on_state(flow_run_id, {"type": "CANCELLING", "name": "Cancelling"})
    await stage.settled()
    assert stage.api.state(flow_run_id) == "Cancelled"
    stage.nothing_is_left()


async def test_suspension_is_what_makes_a_flow_function_leave(stage: Stage) -> None:
    _, flow_run_id = await suspended(stage)
    run = stage.engine._attachments._runs[flow_run_id]
    with pytest.raises(Pause):
        await stage.engine._attachments._outcome(run)


# -- traces ----------------------------------------------------------------------------------


def label(stage: Stage, flow_run_id: str) -> TraceContext | None:
    return TraceContext.of_traceparent(stage.api.runs[flow_run_id]["labels"]["__OTEL_TRACEPARENT"])


async def test_flow_run_and_jobs_are_under_the_span_that_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, asked = Recording(monkeypatch), TraceContext(b"t" * 16, b"s" * 8)
    execution_id = await stage.executed(trace=asked)
    await stage.settled()
    (execution,) = map(context_of, recording.named("execution"))
    assert (execution.trace_id, execution.parent_span_id) == (asked.trace_id, asked.span_id)
    named = label(stage, stage.flow_run_of(execution_id))
    assert named is not None
    assert (named.trace_id, named.span_id) == (execution.trace_id, execution.span_id)
    assert {job.trace.parent_span_id for job in stage.lanes.jobs} == {execution.span_id}
    (span,) = recording.named("execution")
    told = dict(span.attributes or {})
    assert (told["vortex.execution_id"], told["vortex.graph_id"]) == (execution_id, FORM.id)
    assert (told["vortex.graph_hash"], told["vortex.status"]) == (graph_hash(FORM), "completed")


async def test_an_execution_that_nobody_traces_has_its_id_for_its_trace(stage: Stage) -> None:
    execution_id = await stage.executed()
    await stage.settled()
    assert {job.trace.trace_id.hex() for job in stage.lanes.jobs} == {execution_id.replace("-", "")}
    assert len({job.trace.parent_span_id for job in stage.lanes.jobs}) == 1
    # A label would cost Prefect's server one more request.
    assert stage.api.runs[stage.flow_run_of(execution_id)]["labels"] == {}
    assert [flow_run.labels for flow_run in stage.given] == [{}]


@pytest.mark.parametrize("labels", [{}, {"__OTEL_TRACEPARENT": TraceContext(b"q" * 16, b"r" * 8).traceparent}])
async def test_prefects_span_of_a_run_that_it_began_is_under_ours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, labels: dict[str, Any]
) -> None:
    recording = Recording(monkeypatch)
    flow_run_id = stage.begun_in_prefect(labels={**labels, "more": "of it"})
    await stage.engine.run_flow_run(flow_run_id)
    (execution,) = map(context_of, recording.named("execution"))
    (given,) = stage.given
    assert given.labels == {"__OTEL_TRACEPARENT": execution.traceparent, "more": "of it"}


async def test_a_run_of_prefects_is_under_the_span_that_it_names(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, prefects = Recording(monkeypatch), TraceContext(b"q" * 16, b"r" * 8)
    stage.script["b"] = [RAISED]
    flow_run_id = stage.begun_in_prefect(labels={"__OTEL_TRACEPARENT": prefects.traceparent})
    await stage.engine.run_flow_run(flow_run_id)
    (span,) = recording.named("execution")
    assert context_of(span).parent_span_id == prefects.span_id
    assert {context_of(span).trace_id, *(job.trace.trace_id for job in stage.lanes.jobs)} == {prefects.trace_id}
    told = dict(span.attributes or {})
    assert (told["vortex.flow_run_id"], told["vortex.status"]) == (flow_run_id, "failed")
    assert span.status.is_ok is False
    adopted, *_ = stage.run_of(flow_run_id).history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert adopted.options["trace"] == prefects.to_dict()


@pytest.mark.parametrize("named", ["nonsense", 7, True])
async def test_a_label_that_names_nothing_is_passed_over(stage: Stage, named: Any) -> None:
    flow_run_id = stage.begun_in_prefect(labels={"__OTEL_TRACEPARENT": named})
    await stage.engine.run_flow_run(flow_run_id)
    assert stage.api.state(flow_run_id) == "Completed"
    assert {job.trace.trace_id.hex() for job in stage.lanes.jobs} == {flow_run_id.replace("-", "")}
    adopted, *_ = stage.run_of(flow_run_id).history.in_order()
    assert isinstance(adopted, AdoptionReport)
    assert adopted.options["trace"] is None


async def test_why_an_execution_could_not_begin_is_in_its_span(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(monkeypatch)
    await stage.engine.execute(ExecutionRequest(new_id(), FORM.to_document(), "another hash"))
    await stage.settled()
    (span,) = recording.named("execution")
    assert (span.attributes or {})["error.type"] == "VE-011"
