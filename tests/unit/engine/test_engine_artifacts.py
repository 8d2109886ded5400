from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.fakes.prefect import FakePrefect
from tests.unit.graph.builders import graph, output
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import NodeReport, NodeState
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine import artifacts
from vortex_prefect.engine.artifacts import Artifacts, graph_report
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.task_events import FlowRunIdentity, task_run_id
from vortex_prefect.graph.model import Graph

FLOW_RUN = FlowRunIdentity("f", "name")
HOSTILE = "[click](http://evil) <script>alert(1)</script> | `code` **bold** ~~gone~~ &lt;b&gt;\n# heading\n```\nend"


def run_of(subject: Graph, *reports: NodeReport, message: str = "done") -> Run:
    run = Run(ExecutionRequest("e", subject.to_document(), "h"))
    run.graph, run.message = subject, message
    for report in reports:
        run.history.put(report)
    return run


def ended(node_id: str, **fields: Any) -> NodeReport:
    return NodeReport("e", node_id, fields.pop("state", NodeState.COMPLETED), **fields)


def picture(type: Any = "IMAGE") -> Value:
    return Value(type, TensorRef("host", 1, 4096, 1024, (1, 4, 4, 3), "float32", 7))


async def written(run: Run, api: FakePrefect | None = None) -> list[dict[str, Any]]:
    api = api or FakePrefect()
    run.ended.set()
    async with asyncio.timeout(10), Artifacts(api, "http://editor").of(run, FLOW_RUN):
        pass
    return list(api.artifacts.values())


def test_a_report_has_the_drawing_and_a_row_a_node() -> None:
    subject = graph({"a": "canvas", "b": "blur"}, "a.image > b.image", id="g", name="Two")
    error = WorkerError("WK-003", "as told").to_dict()
    run = run_of(subject, ended("a", why="dirty"), ended("b", state=NodeState.FAILED, attempt=2, error=error))
    text = graph_report(subject, run, "http://editor")
    assert text.startswith(
        "# Two\n\ndone. [Open it in the editor](http://editor/#g).\n\n![The graph](data:image/svg+xml;"
    )
    assert "```mermaid\nflowchart LR\n" in text
    assert "| a | t.canvas | completed | 1 | dirty |" in text
    assert "| b | t.blur | failed | 2 | WK-003 as told |" in text


@pytest.mark.parametrize("where", ["name", "title", "why", "error", "message"])
def test_nothing_that_a_graph_says_becomes_markup(where: str) -> None:
    node = {"type": "canvas", **({"title": HOSTILE} if where == "title" else {})}
    subject = graph({"a": node}, id="g", name=HOSTILE if where == "name" else "plain")
    error = {"code": "WK-003", "message": HOSTILE} if where == "error" else None
    report = ended("a", why=HOSTILE if where == "why" else None, error=error)
    run = run_of(subject, report, message=HOSTILE if where == "message" else "done")
    lines = graph_report(subject, run, "http://editor").splitlines()
    assert [line for line in lines if line.startswith("```")] == ["```mermaid", "```"]
    assert [line for line in lines if line.startswith("#")] == lines[:1]
    outside = [*lines[: lines.index("```mermaid")], *lines[lines.index("```", lines.index("```mermaid") + 1) :]]
    plain = re.sub(r"\\.", "", "\n".join(outside))  # without what is escaped
    for markup in ("[click]", "<", "`code", "**", "~~", "&"):
        assert markup not in plain, markup
    rows = [line for line in lines if line.startswith("| ") and "t.canvas" in line]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 6


def test_a_long_graph_has_a_short_table() -> None:
    subject = graph({f"n{index}": "canvas" for index in range(250)}, id="g")
    text = graph_report(subject, run_of(subject, *(ended(node) for node in subject.nodes)), "http://editor")
    assert text.count("| t.canvas |") == 200
    assert "… and 50 more nodes" in text


async def test_pictures_are_the_graphs_outputs() -> None:
    subject = graph(
        {"a": "canvas", "b": "blur", "m": "mask", "n": "number"},
        *("a.image > b.image", "b.image > m.image"),
        outputs=[output("picture", "b.image"), output("mask", "m.mask"), output("number", "n.out")],
    )
    reports = (
        ended("a", outputs={"image": picture()}),
        ended("b", outputs={"image": picture()}),
        ended("m", outputs={"mask": picture("MASK")}),
        ended("n", outputs={"out": Value("FLOAT", data=1.0)}),
    )
    drawing, *shown = await written(run_of(subject, *reports))
    assert (drawing["type"], drawing["key"], drawing["flow_run_id"]) == ("markdown", "graph", "f")
    assert [body["description"] for body in shown] == ["b.image", "m.mask"]
    assert [body["data"] for body in shown] == [
        "http://editor/api/execution/e/outputs/b/image",
        "http://editor/api/execution/e/outputs/m/mask",
    ]
    assert [body["task_run_id"] for body in shown] == [task_run_id("e", "b"), task_run_id("e", "m")]


async def test_without_outputs_all_pictures_are_shown_but_not_too_many() -> None:
    subject = graph({f"n{index:02}": "canvas" for index in range(20)})
    bodies = await written(run_of(subject, *(ended(node, outputs={"image": picture()}) for node in subject.nodes)))
    assert [body["description"] for body in bodies[1:]] == [f"n{index:02}.image" for index in range(8)]


async def test_odd_names_do_not_leave_the_address() -> None:
    subject = graph({"a b?#&": "canvas"})
    _, shown = await written(run_of(subject, ended("a b?#&", outputs={"image": picture()})))
    assert shown["data"] == "http://editor/api/execution/e/outputs/a%20b%3F%23%26/image"


async def test_an_execution_that_could_not_be_planned_shows_nothing() -> None:
    run = run_of(graph({"a": "canvas"}))
    run.graph = None
    assert await written(run) == []


@pytest.mark.parametrize("away", [True, False])
async def test_a_missing_artifact_stops_nothing(away: bool) -> None:
    api = FakePrefect()
    if away:
        api.away = 1
    else:
        api.refusal = SystemFault("SY-007", "no")
    assert await written(run_of(graph({"a": "canvas"})), api) == []


async def test_progress_is_shown_of_what_runs_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_PROGRESS_AFTER_S", 0.001)
    monkeypatch.setattr(artifacts, "_PROGRESS_INTERVAL_S", 0.001)
    api, run = FakePrefect(), run_of(graph({"a": "canvas", "b": "canvas"}), ended("a"))
    async with asyncio.timeout(10), Artifacts(api, "http://editor").of(run, FLOW_RUN):
        while not api.artifacts:
            await asyncio.sleep(0.001)
        (shown,) = api.artifacts.values()
        assert (shown["type"], shown["data"]) == ("progress", 50.0)
        run.history.put(NodeReport("e", "b", NodeState.RUNNING, progress=50.0))
        while shown["data"] != 75.0:
            await asyncio.sleep(0.001)
        run.history.put(ended("b"))
        run.ended.set()
    assert shown["data"] == 100.0
    assert [body["type"] for body in api.artifacts.values()] == ["progress", "markdown"]
