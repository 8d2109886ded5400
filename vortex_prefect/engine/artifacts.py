"""Artifacts: what a person sees of an execution on its flow run's page in Prefect.

A drawing of the graph with the state of every node and a link back to the
editor, the pictures that it gave, and a progress bar while it runs long.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.job import Value
from vortex_prefect.core.reports import NodeReport
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.run import Run
from vortex_prefect.engine.task_events import FlowRunIdentity, task_run_id
from vortex_prefect.graph.mermaid import to_mermaid
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.svg import to_svg

logger = logging.getLogger(__name__)

_PICTURES = frozenset({"IMAGE", "MASK"})
#: Pictures of one execution that become artifacts.
_MAX_PICTURES = 8
#: An execution that is over by then has no progress to show.
_PROGRESS_AFTER_S = 2.0
_PROGRESS_INTERVAL_S = 1.0
#: Rows of the table of nodes.
_MAX_ROWS = 200


class Artifacts:
    """Writes them. That one is missing is logged, and stops nothing.

    Args:
        editor_url: address of the bridge, which serves the editor and the pictures.
    """

    def __init__(self, api: PrefectApi, editor_url: str) -> None:
        self._api = api
        self._editor_url = editor_url

    @contextlib.asynccontextmanager
    async def of(self, run: Run, flow_run: FlowRunIdentity) -> AsyncIterator[None]:
        """Show progress inside, and at the end what became of the graph."""
        showing = asyncio.create_task(self._show_progress(run, flow_run))
        try:
            yield
            await showing
        finally:
            showing.cancel()
        try:
            for body in self._final(run, flow_run):
                await self._api.create_artifact(body)
        except (OSError, VortexError) as error:
            logger.warning("flow run %s has not all of its artifacts: %s", flow_run.id, error)

    async def _show_progress(self, run: Run, flow_run: FlowRunIdentity) -> None:
        if await _ends(run, _PROGRESS_AFTER_S) or run.graph is None:
            return
        body = {"key": "progress", "type": "progress", "data": _percent(run), "flow_run_id": flow_run.id}
        try:
            artifact_id = await self._api.create_artifact(body)
            shown, over = body["data"], False
            while not over:
                over = await _ends(run, _PROGRESS_INTERVAL_S)
                if (percent := _percent(run)) != shown:
                    await self._api.update_artifact(artifact_id, {"data": percent})
                    shown = percent
        except (OSError, VortexError) as error:
            logger.warning("flow run %s shows no progress: %s", flow_run.id, error)

    def _final(self, run: Run, flow_run: FlowRunIdentity) -> list[dict[str, Any]]:
        if run.graph is None:
            return []
        drawing = {
            "key": "graph",
            "type": "markdown",
            "description": run.message,
            "data": graph_report(run.graph, run, self._editor_url),
            "flow_run_id": flow_run.id,
        }
        pictures = [
            {
                "key": "picture",
                "type": "image",
                "description": f"{node_id}.{port}",
                "data": f"{self._editor_url}{_output_path(run.id, node_id, port)}",
                "flow_run_id": flow_run.id,
                "task_run_id": task_run_id(run.id, node_id),
            }
            for node_id, port in _pictures(run)[:_MAX_PICTURES]
        ]
        return [drawing, *pictures]


def graph_report(graph: Graph, run: Run, editor_url: str) -> str:
    """Markdown: what the execution came to, the graph drawn with states, a table of nodes, links."""
    nodes = {report.node_id: report for report in run.history.nodes()}
    states = {node_id: report.state.value for node_id, report in nodes.items()}
    rows = [_row(graph, nodes[node_id]) for node_id in graph.nodes if node_id in nodes]
    more = [f"… and {len(rows) - _MAX_ROWS} more nodes"] if len(rows) > _MAX_ROWS else []
    return "\n".join(
        [
            f"# {_cell(graph.name or 'graph')}",
            "",
            f"{_cell(run.message)}. [Open it in the editor]({editor_url}/#{graph.id}).",
            "",
            f"![The graph]({_picture_of(graph, states)})",
            "",
            "| node | type | state | attempt | why |",
            "|---|---|---|---|---|",
            *rows[:_MAX_ROWS],
            *more,
            "",
            "The same graph for pages that draw Mermaid:",
            "",
            "```mermaid",
            to_mermaid(graph, states),
            "```",
            "",
        ]
    )


def _picture_of(graph: Graph, states: Mapping[str, str]) -> str:
    """An address that holds the drawing itself: it has to be there after the bridge is gone."""
    return "data:image/svg+xml;base64," + base64.b64encode(to_svg(graph, states).encode()).decode("ascii")


def _row(graph: Graph, report: NodeReport) -> str:
    node = graph.nodes[report.node_id]
    why = f"{report.error['code']} {report.error['message']}" if report.error else report.why or ""
    cells = (node.title or report.node_id, node.type, report.state.value, str(report.attempt), why)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Text as Markdown shows it literally, on one line."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#!&~" else letter for letter in text[:300])
    return " ".join(escaped.split())


def _pictures(run: Run) -> list[tuple[str, str]]:
    """Pictures among the graph's outputs, or all where it declares none."""
    given = {
        (report.node_id, port)
        for report in run.history.nodes()
        for port, value in (report.outputs or {}).items()
        if _is_picture(value)
    }
    if run.graph is not None and run.graph.outputs:
        given &= {(output.node, output.port) for output in run.graph.outputs}
    return sorted(given)


def _is_picture(value: Value) -> bool:
    return value.type in _PICTURES and value.ref is not None


def _output_path(execution_id: str, node_id: str, port: str) -> str:
    return f"/api/execution/{execution_id}/outputs/{quote(node_id, safe='')}/{quote(port, safe='')}"


def _percent(run: Run) -> float:
    """How far the execution is: ended nodes count whole, running ones by their own progress."""
    total = len(run.graph.nodes) if run.graph else 0
    done = sum(100.0 if report.state.final else report.progress for report in run.history.nodes())
    return round(done / total, 1) if total else 100.0


async def _ends(run: Run, within_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run.ended.wait(), within_s)
    return run.ended.is_set()
