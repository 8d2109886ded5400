"""`python -m tests.e2e.serve`: a real bridge with the editor, and an engine that plays executions.

The first line of stdout is JSON: `{"port", "token", "reader"}`. It ends with its stdin.
`--storm` tells of progress for ever instead. `--auth` asks everybody who he is; `token` lets in then, and `reader` to
look only.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from PIL import Image

from tests.e2e.catalogue import CATALOGUE
from tests.fakes.bridge import Bridge, bridge, served
from tests.fakes.engine import FakeEngine, image_value
from vortex_prefect.core.access import scopes_of
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.job import Value
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.core.reports import ExecutionStatus, LogReport, NodeState
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.plan import compile_plan

#: Long enough to be seen, short enough not to be waited for.
_STEP_S = 0.05

#: Longer than any window is high.
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    + "".join(f'  File "nodes.py", line {line}, in run\n' for line in range(7, 70))
    + "ValueError: as told\n"
)


class PlayingEngine(FakeEngine):
    """Gives real pictures, which a browser shows."""

    async def renew(self) -> Catalogue:
        """From now on there is a node type more."""
        self.next_catalogue = Catalogue((*CATALOGUE.all(), NodeSpec(type="test.fresh", title="Fresh", category="new")))
        return await super().renew()

    async def read_value(self, value: Value, format: str) -> tuple[bytes, str]:
        if format != "png":
            return await super().read_value(value, format)
        content = io.BytesIO()
        Image.linear_gradient("L").resize((320, 200)).convert("RGB").save(content, "PNG")
        return content.getvalue(), "image/png"


async def play(made: Bridge) -> None:
    """Play what is submitted, each execution by itself."""
    async with asyncio.TaskGroup() as group:
        async for request in submitted(made.engine):
            group.create_task(_execute(made.engine, request))


async def submitted(engine: FakeEngine) -> AsyncIterator[ExecutionRequest]:
    while True:
        yield await engine.submitted.get()


async def _execute(engine: FakeEngine, request: ExecutionRequest) -> None:
    graph = parse_graph(request.graph, Limits())
    plan = compile_plan(graph, CATALOGUE, targets=request.targets, force=request.force, file_identity=str)
    failed: set[str] = set()
    engine.started(request.execution_id, "f1")
    for node_id in (node for level in plan.levels for node in level):
        node = graph.nodes[node_id]
        sources = {edge.source.node for edge in graph.edges if edge.target.node == node_id}
        if sources & failed:
            failed.add(node_id)
            engine.node(request.execution_id, node_id, NodeState.SKIPPED, why="what it needs failed")
            continue
        if not await _node(engine, request.execution_id, node_id, node.type, node.params):
            failed.add(node_id)
        if request.execution_id not in engine.running:
            return
    status = ExecutionStatus.FAILED if failed else ExecutionStatus.COMPLETED
    engine.ended(request.execution_id, status)


async def _node(engine: FakeEngine, execution: str, node_id: str, node_type: str, params: dict[str, Any]) -> bool:
    """Play one node; whether it succeeded."""
    slow = float(params.get("seconds", 0))
    for percent in (0, 30, 60, 90):
        engine.node(execution, node_id, NodeState.RUNNING, progress=float(percent), worker_id="w0")
        await asyncio.sleep(_STEP_S + slow / 4)
        if execution not in engine.running:
            return False
    if node_type == "test.fail":
        for level in (20, 30, 40):
            engine.tell(LogReport(execution, node_id, None, 1, level, f"a line of level {level}"))
        error = {
            "code": "WK-003", "message": "ValueError: as told", "hint": "Look at the traceback.", "problems": [],
            "node_id": node_id, "traceback": _TRACEBACK,
        }  # fmt: skip
        engine.node(execution, node_id, NodeState.FAILED, error=error)
        return False
    spec = CATALOGUE.get(node_type)
    outputs = {port.name: _value(port.type) for port in (spec.outputs if spec else ())}
    engine.node(execution, node_id, NodeState.COMPLETED, progress=100.0, worker_id="w0", outputs=outputs)
    return True


async def storm(engine: FakeEngine) -> None:
    """Tell of progress of the nodes of each running execution in turn, 200 times a second."""
    turn = 0
    while True:
        await asyncio.sleep(1 / 200)
        for request in [known for known in engine.requests if known.execution_id in engine.running]:
            nodes = list(request.graph["nodes"])
            node_id = nodes[turn % len(nodes)]
            engine.node(request.execution_id, node_id, NodeState.RUNNING, progress=float(turn % 100), worker_id="w0")
            turn += 1


def _value(port_type: str) -> Value:
    if port_type == "IMAGE":
        return image_value()
    return Value(port_type, None, "a/b.txt" if port_type == "PATH" else 4)


async def main(arguments: list[str]) -> None:
    """Serve until stdin ends."""
    with tempfile.TemporaryDirectory() as home:
        async with bridge(Path(home), engine=PlayingEngine(CATALOGUE)) as made, served(made):
            # As soon as there is a token, people are asked for one.
            secrets = {
                name: made.gate.tokens.create(name, scopes_of([scope]))[1]
                for name, scope in (("ann", "admin"), ("ben", "read"))
                if "--auth" in arguments
            }
            player = asyncio.create_task(storm(made.engine) if "--storm" in arguments else play(made))
            print(
                json.dumps({"port": made.port, "token": secrets.get("ann"), "reader": secrets.get("ben")}), flush=True
            )
            await asyncio.to_thread(sys.stdin.read)
            player.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
