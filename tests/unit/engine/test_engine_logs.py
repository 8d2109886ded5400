"""Logs of nodes on their way to Prefect, in front of a server that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.core.reports import LogReport, NodeReport, NodeState
from vortex_prefect.engine import logs as module
from vortex_prefect.engine.logs import NodeLogs
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.task_events import FlowRunIdentity, task_run_id

T0 = 1_800_000_000_000
FAILURE = WorkerError("WK-003", "ValueError: as told", traceback="Traceback …\nValueError: as told").to_dict()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FLUSH_INTERVAL_S", 0.001)
    monkeypatch.setattr(module, "_BACKOFF_S", (0.0,))


class Server:
    """Takes batches, after it has raised `faults`."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.batches: list[list[dict[str, Any]]] = []
        self.tried = asyncio.Event()

    async def post(self, rows: list[dict[str, Any]]) -> None:
        self.tried.set()
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append(rows)

    def rows(self) -> list[dict[str, Any]]:
        return [row for batch in self.batches for row in batch]

    def told(self) -> list[tuple[int, str]]:
        return [(row["level"], row["message"]) for row in self.rows()]


def said(text: str, level: int = 20, node: str = "n", item: int | None = None) -> LogReport:
    return LogReport("e", node, item, 1, level, text, T0)


def report(state: NodeState, at_ms: int = 0, **parts: Any) -> NodeReport:
    return NodeReport("e", "n", state, at_ms=T0 + at_ms, **parts)


async def told_of(server: Server, reports: Iterable[LogReport | NodeReport]) -> list[tuple[int, str]]:
    logs = NodeLogs("e", server.post, report_after_s=0.5)
    for each in reports:
        logs.note(each)
    await send_all(logs)
    return server.told()


async def send_all(logs: NodeLogs) -> None:
    ended = asyncio.Event()
    ended.set()
    async with asyncio.timeout(10), logs.sent("flow-run", ended):
        pass


async def test_lines_are_rows_of_their_task_runs() -> None:
    server = Server()
    await told_of(server, [said("one"), said("two", 30), said("of an item", item=4)])
    assert [(row["level"], row["message"], row["task_run_id"]) for row in server.rows()] == [
        (20, "one", task_run_id("e", "n")),
        (30, "two", task_run_id("e", "n")),
        (20, "of an item", task_run_id("e", "n[4]")),
    ]
    assert {row["flow_run_id"] for row in server.rows()} == {"flow-run"}
    times = [row["timestamp"] for row in server.rows()]
    assert times == sorted(set(times)), "Prefect could not keep them in their order"
    assert times[0].startswith("2027-01-15T08:00:00.000")


async def test_of_a_short_node_that_went_well_nothing_is_kept() -> None:
    reports = [report(NodeState.RUNNING), report(NodeState.COMPLETED, 499), report(NodeState.CACHED)]
    assert await told_of(Server(), reports) == []


async def test_a_failure_is_a_row_with_its_traceback() -> None:
    told = await told_of(Server(), [report(NodeState.RUNNING), report(NodeState.FAILED, 10, error=FAILURE)])
    assert told == [(40, "WK-003 ValueError: as told\nTraceback …\nValueError: as told")]


async def test_of_a_long_node_is_told_where_and_why_it_ran() -> None:
    reports = [
        report(NodeState.RUNNING),
        report(NodeState.RUNNING, 1000, progress=50.0),
        report(NodeState.COMPLETED, 2500, worker_id="w1", why="its input changed"),
    ]
    assert await told_of(Server(), reports) == [(20, "completed after 2.5 s on w1: its input changed")]


async def test_lines_wait_for_the_flow_run_and_for_the_server() -> None:
    server = Server(ConnectionError("away"), ConnectionError("away"))
    assert await told_of(server, [said("one"), said("two")]) == [(20, "one"), (20, "two")]


async def test_lines_that_the_server_refuses_keep_no_others_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    assert await told_of(Server(SystemFault("SY-007", "no")), [said("one"), said("two")]) == [(20, "two")]


async def test_the_oldest_give_way_and_a_line_says_so() -> None:
    told = await told_of(Server(), [said(str(number)) for number in range(10_050)])
    assert told[0] == (30, "50 older lines of nodes were dropped, because Prefect's server did not take them in time")
    assert [text for _, text in told[1:]] == [str(number) for number in range(50, 10_050)]


async def test_long_lines_give_way_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CHARS", 100)
    told = await told_of(Server(), [said(letter * 40) for letter in "abc"])
    assert [text[:1] for _, text in told] == ["1", "b", "c"]


async def test_texts_have_a_form_and_a_length_that_the_server_takes() -> None:
    ((_, text),) = await told_of(Server(), [said("a\0" + "b" * 100_000)])
    assert text.startswith("a\ufffdb")
    assert len(text) == 32_768


async def test_lines_are_sent_while_the_execution_runs() -> None:
    server, ended = Server(), asyncio.Event()
    logs = NodeLogs("e", server.post, report_after_s=0.5)
    async with asyncio.timeout(10), logs.sent("flow-run", ended):
        logs.note(said("now"))
        await server.tried.wait()
        assert server.told() == [(20, "now")]
        ended.set()


async def test_nobody_waits_long_for_a_server_that_takes_no_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)

    async def never(rows: list[dict[str, Any]]) -> None:
        await asyncio.Event().wait()

    logs = NodeLogs("e", never, report_after_s=0.5)
    logs.note(said("one"))
    await send_all(logs)


async def test_a_defect_in_the_logs_is_not_the_records(caplog: pytest.LogCaptureFixture) -> None:
    events: list[dict[str, Any]] = []

    async def post(batch: list[dict[str, Any]]) -> None:
        events.extend(batch)

    logs = NodeLogs("e", Server(ZeroDivisionError("a defect")).post, report_after_s=0.5)
    recorder, ended = Recorder("e", plan(graph({"n": "canvas"})), post, 0.5, logs=logs), asyncio.Event()
    ended.set()
    recorder.note(said("one"))
    recorder.note(report(NodeState.COMPLETED))
    async with asyncio.timeout(10):
        await recorder.record(FlowRunIdentity("flow-run", "name"), ended)
    assert [event["event"] for event in events] == ["prefect.task-run.Completed"]
    assert "a defect" in caplog.text
