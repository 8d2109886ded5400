"""The recorder and the events that it makes, in front of a server that a test plays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.core.reports import NodeReport, NodeState
from vortex_prefect.engine import recorder as module
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.task_events import FlowRunIdentity, TaskRunTrack, iso, task_run_id

FLOW_RUN = FlowRunIdentity("flow-run-id", "run name")
T0 = 1_800_000_000_000


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FLUSH_INTERVAL_S", 0.001)
    monkeypatch.setattr(module, "_BACKOFF_S", (0.0,))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What time it is, in Unix milliseconds; its only element."""
    now = [T0]
    monkeypatch.setattr(module, "now_ms", lambda: now[0])
    return now


class Server:
    """Takes batches; away for the first `away` of them."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.batches: list[list[dict[str, Any]]] = []
        self.got_some = asyncio.Event()

    async def post(self, events: list[dict[str, Any]]) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionError("away")
        self.batches.append(events)
        self.got_some.set()

    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches for event in batch]

    def told(self) -> list[str]:
        return [event["event"].removeprefix("prefect.task-run.") for event in self.events()]


def report(state: NodeState, at_ms: int = 0, node: str = "n", attempt: int = 1, **parts: Any) -> NodeReport:
    return NodeReport("e", node, state, attempt=attempt, at_ms=T0 + at_ms, **parts)


def recorder(server: Server, *nodes: str, execution_id: str = "e") -> Recorder:
    subject = plan(graph(dict.fromkeys(nodes or ("n",), "canvas")))
    return Recorder(execution_id, subject, server.post, report_after_s=0.5)


async def record_all(subject: Recorder) -> None:
    ended = asyncio.Event()
    ended.set()
    async with asyncio.timeout(10):
        await subject.record(FLOW_RUN, ended)


RETRIED = (
    report(NodeState.RUNNING, 0),
    report(NodeState.RETRYING, 100),
    report(NodeState.RUNNING, 150, attempt=2),
    report(NodeState.COMPLETED, 180, attempt=2),
)


async def test_a_short_node_is_one_event_that_knows_when_it_began(clock: list[int]) -> None:
    server = Server()
    subject = recorder(server)
    for each in (report(NodeState.RUNNING, 0), report(NodeState.COMPLETED, 40)):
        subject.note(each)
    await record_all(subject)
    assert server.told() == ["Completed"]
    columns = server.events()[0]["payload"]["task_run"]
    assert (columns["start_time"], columns["end_time"]) == (iso(T0), iso(T0 + 40))
    assert (columns["total_run_time"], columns["run_count"]) == (0.04, 1)
    assert subject.events_sent == 1


async def test_a_long_node_is_told_while_it_runs(clock: list[int]) -> None:
    server = Server()
    subject, ended = recorder(server), asyncio.Event()
    subject.note(report(NodeState.RUNNING))
    recording = asyncio.create_task(subject.record(FLOW_RUN, ended))
    clock[0] += 500
    async with asyncio.timeout(10):
        await server.got_some.wait()
        assert server.told() == ["Running"]
        subject.note(report(NodeState.COMPLETED, 700))
        ended.set()
        await recording
    assert server.told() == ["Running", "Completed"]
    last = server.events()[-1]["payload"]
    assert last["initial_state"]["name"] == "Running"
    assert last["task_run"]["total_run_time"] == 0.7


async def test_a_node_that_was_tried_again_keeps_its_whole_history(clock: list[int]) -> None:
    server = Server()
    subject = recorder(server)
    for each in RETRIED:
        subject.note(each)
    await record_all(subject)
    assert server.told() == ["Running", "AwaitingRetry", "Retrying", "Completed"]
    assert [event["payload"]["intended"]["from"] for event in server.events()] == [
        *(None, "RUNNING", "SCHEDULED", "RUNNING")
    ]


async def test_a_node_that_has_not_ended_is_told_at_the_end(clock: list[int]) -> None:
    server = Server()
    subject = recorder(server)
    subject.note(report(NodeState.RUNNING))
    await record_all(subject)
    assert server.told() == ["Running"]


async def test_progress_within_a_state_is_not_recorded(clock: list[int]) -> None:
    server = Server()
    subject = recorder(server)
    for progress in (0.0, 30.0, 60.0):
        subject.note(report(NodeState.RUNNING, progress=progress))
    subject.note(report(NodeState.COMPLETED, 900))
    clock[0] += 1_000
    await record_all(subject)
    assert server.told() == ["Running", "Completed"]


@pytest.mark.parametrize(
    ("state", "told"),
    [(NodeState.CACHED, "Cached"), (NodeState.SKIPPED, "Skipped"), (NodeState.CANCELLED, "Cancelled")],
)
async def test_a_node_that_never_ran_has_no_start(clock: list[int], state: NodeState, told: str) -> None:
    server = Server()
    subject = recorder(server)
    subject.note(report(state, why="because"))
    await record_all(subject)
    assert server.told() == [told]
    event = server.events()[0]
    assert "start_time" not in event["payload"]["task_run"]
    assert event["payload"]["validated_state"]["message"] == "because"


async def test_batches_hold_a_hundred_and_lose_nothing_while_the_server_is_away(clock: list[int]) -> None:
    server = Server(away=4)
    names = [f"n{index}" for index in range(250)]
    subject = recorder(server, *names)
    for name in names:
        subject.note(report(NodeState.COMPLETED, node=name))
    await record_all(subject)
    assert [len(batch) for batch in server.batches] == [100, 100, 50]
    assert {event["resource"]["prefect.resource.id"] for event in server.events()} == {
        f"prefect.task-run.{task_run_id('e', name)}" for name in names
    }
    assert subject.events_sent == 250


async def test_a_refused_batch_does_not_keep_the_flow_run_from_ending(clock: list[int]) -> None:
    async def refuse(events: list[dict[str, Any]]) -> None:
        raise SystemFault("SY-007", "no such event")

    subject = Recorder("e", plan(graph({"n": "canvas"})), refuse, report_after_s=0.5)
    subject.note(report(NodeState.COMPLETED))
    await record_all(subject)
    assert subject.events_sent == 0


async def test_telling_it_again_gives_the_same_ids(clock: list[int]) -> None:
    servers = [Server(), Server(), Server()]
    for server, execution_id in zip(servers, ("e", "e", "other"), strict=True):
        subject = recorder(server, execution_id=execution_id)
        for each in RETRIED:
            subject.note(each)
        await record_all(subject)
    first, again, other = ([event["id"] for event in server.events()] for server in servers)
    assert first == again
    assert len(set(first)) == 4
    assert set(first).isdisjoint(other)


async def test_a_round_of_its_own_is_a_history_of_its_own(clock: list[int]) -> None:
    """The server drops an event whose id it knows: a retried node would seem never to have run again."""
    told: list[set[str]] = []
    for number in (1, 2):
        server = Server()
        subject, ended = recorder(server), asyncio.Event()
        ended.set()
        for each in RETRIED:
            subject.note(each)
        async with asyncio.timeout(10):
            await subject.record(FlowRunIdentity("flow-run-id", "run name", number), ended)
        told.append({event["id"] for event in server.events()})
        assert {event["payload"]["task_run"]["flow_run_run_count"] for event in server.events()} == {number}
        assert {event["resource"]["prefect.resource.id"] for event in server.events()} == {
            f"prefect.task-run.{task_run_id('e', 'n')}"
        }
    assert told[0].isdisjoint(told[1])


def test_an_event_names_its_flow_run_and_its_parents() -> None:
    track = TaskRunTrack("e", "n", "A title", "image.blur", {"image": ("a",), "many": ("b", "c")}, T0)
    event = track.event(report(NodeState.RUNNING), FLOW_RUN)
    assert event["resource"]["prefect.resource.id"] == f"prefect.task-run.{task_run_id('e', 'n')}"
    assert {
        "prefect.resource.id": "prefect.flow-run.flow-run-id",
        "prefect.resource.role": "flow-run",
        "prefect.resource.name": "run name",
    } in event["related"]
    columns = event["payload"]["task_run"]
    assert (columns["name"], columns["task_key"], columns["dynamic_key"]) == ("A title", "image.blur", "n")
    assert columns["task_inputs"] == {
        "image": [{"input_type": "task_run", "id": task_run_id("e", "a")}],
        "many": [{"input_type": "task_run", "id": task_run_id("e", node)} for node in "bc"],
    }


def test_waiting_for_the_next_attempt_is_no_run_time() -> None:
    track = TaskRunTrack("e", "n", "n", "t", {}, T0)
    events = [track.event(each, FLOW_RUN) for each in RETRIED]
    assert [event["payload"]["task_run"]["total_run_time"] for event in events] == [0, 0.1, 0.1, 0.13]
    assert [event["payload"]["task_run"]["run_count"] for event in events] == [1, 1, 2, 2]
    stopped = TaskRunTrack("e", "n", "n", "t", {}, T0)
    events = [stopped.event(each, FLOW_RUN) for each in (*RETRIED[:2], report(NodeState.CANCELLED, 5_000))]
    assert events[-1]["payload"]["task_run"]["total_run_time"] == 0.1


def test_a_failure_says_why() -> None:
    track = TaskRunTrack("e", "n", "n", "t", {}, T0)
    error = WorkerError("WK-003", "as told").to_dict()
    event = track.event(report(NodeState.FAILED, error=error), FLOW_RUN)
    assert event["payload"]["validated_state"] == {
        "type": "FAILED",
        "name": "Failed",
        "message": "WK-003 as told",
        "state_details": {},
        "data": None,
    }


async def test_tags_of_a_node_are_tags_of_its_task_run() -> None:
    server = Server()
    subject = Recorder("e", plan(graph({"n": {"type": "canvas", "tags": ["gpu"]}})), server.post, report_after_s=0.5)
    subject.note(report(NodeState.COMPLETED))
    await record_all(subject)
    (event,) = server.events()
    assert event["payload"]["task_run"]["tags"] == ["vortex", "gpu"]
    tags = [related["prefect.resource.id"] for related in event["related"] if related["prefect.resource.role"] == "tag"]
    assert tags == ["prefect.tag.gpu"]  # automations match these; what all task runs have tells none apart


async def test_items_have_task_runs_of_their_own_and_no_track_is_kept_of_them() -> None:
    server = Server()
    subject = recorder(server)
    for item in range(3):
        subject.note(report(NodeState.RUNNING, 0, item=item))
        subject.note(report(NodeState.COMPLETED if item else NodeState.FAILED, 10, item=item))
    subject.note(report(NodeState.COMPLETED, 20))
    await record_all(subject)
    runs = [event["payload"]["task_run"] for event in server.events()]
    assert [run["name"] for run in runs] == ["Canvas [0]", "Canvas [1]", "Canvas [2]", "Canvas"]
    assert [run["dynamic_key"] for run in runs] == ["n[0]", "n[1]", "n[2]", "n"]
    assert len({event["resource"]["prefect.resource.id"] for event in server.events()}) == 4
    assert len({event["id"] for event in server.events()}) == 4
    assert server.told() == ["Failed", "Completed", "Completed", "Completed"]
    assert runs[0]["labels"]["vortex.item"] == 0
    assert runs[0]["total_run_time"] == 0.01
    assert len(subject._tracks) == 1
