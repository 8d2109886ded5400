"""Graphs from Python: run in the stack that is up, read in place, cancelled, and seen in Prefect."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient
from vortex_prefect import Graph, RunFailed, arun_graph, run_graph
from vortex_prefect.client.execution import Progress
from vortex_prefect.client.tensors import Picture
from vortex_prefect.core.errors import GraphError

pytestmark = pytest.mark.integration


@pytest.fixture
def g(stack: StackClient) -> Any:
    """An empty graph over the stack's catalogue, the debug pack among it."""
    return Graph("from Python", home=stack.home)


def leases(stack: StackClient) -> int:
    """How many pairs of a block and a holder the arena has."""
    return int(stack.bridge.get("/api/arena").json()["leases"])


@pytest.fixture
def at_rest(stack: StackClient) -> Iterator[int]:
    """Leases while nothing runs, to which the arena has come back at the end."""
    gc.collect()
    before = eventually(lambda: [leases(stack)] if not _busy(stack) else [])[0]
    yield before
    gc.collect()
    eventually(lambda: leases(stack) == before)


def _busy(stack: StackClient) -> list[object]:
    queue: dict[str, list[object]] = stack.bridge.get("/api/queue").json()
    return queue["running"] + queue["waiting"]


def arena_ranges(stack: StackClient) -> list[tuple[int, int, str]]:
    """Where this process maps the arena: start, end, permissions."""
    path = stack.bridge.get("/api/arena").json()["path"]
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(path):
            extent, permissions = line.split()[:2]
            start, end = (int(text, 16) for text in extent.split("-"))
            found.append((start, end, permissions))
    return found


def test_values_and_pictures_come_back(stack: StackClient, g: Any, at_rest: int) -> None:
    solid = g.image.solid(width=8, height=4, color="#ff0000")
    total = g.debug.add(a=g.debug.value(value=2), b=3)
    g.expose_output("red", solid.image)
    g.expose_output("sum", total)
    g.expose_input("width", solid, "width")
    told: list[Progress] = []
    results = run_graph(g, {"width": 16}, on_progress=told.append)
    assert results.status == "completed"
    assert results["sum"] == 5.0
    picture = results["red"]
    assert isinstance(picture, Picture)
    assert picture.shape == (1, 4, 16, 3)
    assert picture.pil().getpixel((0, 0)) == (255, 0, 0)
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert {progress.node_id for progress in told} == {node.id for node in g}
    again = run_graph(g, {"width": 16}, ["sum"])
    assert list(again) == ["sum"]
    assert set(again.states.values()) <= {"cached", "pending", "skipped"}
    assert run_graph(g, {"width": 16}, ["sum"], force=True).states["add"] == "completed"


def test_a_tensor_lies_in_the_arena_and_is_held_while_it_lives(stack: StackClient, g: Any, at_rest: int) -> None:
    g.expose_output("big", g.debug.allocate(mb=3, seed=5))
    assert arena_ranges(stack) == []
    result = run_graph(g)["big"]
    tensor = result.tensor
    array = result.numpy()
    [(start, end, permissions)] = arena_ranges(stack)
    assert permissions.startswith("r--")
    assert start <= tensor.data_ptr() < tensor.data_ptr() + tensor.nbytes <= end
    assert array.__array_interface__["data"][0] == tensor.data_ptr()
    eventually(lambda: leases(stack) == at_rest + 1)
    del result, array
    gc.collect()
    assert leases(stack) == at_rest + 1, "the torch tensor still reads that memory"
    del tensor
    gc.collect()
    eventually(lambda: leases(stack) == at_rest)
    assert arena_ranges(stack) == []


def test_a_tensor_is_fetched_where_there_is_no_engine_to_hold_it(
    stack: StackClient, g: Any, at_rest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    g.expose_output("big", g.debug.allocate(mb=1, seed=6))
    held = run_graph(g)["big"]
    monkeypatch.setattr("vortex_prefect.client.results.take_lease", lambda *_: None)
    fetched = run_graph(g)["big"]
    assert np.array_equal(fetched.numpy(), held.numpy())
    assert len(arena_ranges(stack)) == 1
    assert leases(stack) == at_rest + 1


def test_lists_come_as_lists_of_tensors_under_one_lease(stack: StackClient, g: Any, at_rest: int) -> None:
    sizes = g.core.items(value=[2, 3, 4])
    solid = g.image.solid(width=sizes, height=2, color="#ff0000")
    g.expose_output("pictures", solid)
    g.expose_output("sizes", sizes)
    results = run_graph(g)
    assert results["sizes"] == [2, 3, 4]
    pictures = results["pictures"]
    assert [picture.shape for picture in pictures] == [(1, 2, 2, 3), (1, 2, 3, 3), (1, 2, 4, 3)]
    assert leases(stack) == at_rest + 3
    tensor = pictures[2].tensor
    [(start, end, _)] = arena_ranges(stack)
    assert start <= tensor.data_ptr() < end
    del results, pictures
    gc.collect()
    assert leases(stack) == at_rest + 3
    del tensor
    gc.collect()
    eventually(lambda: leases(stack) == at_rest)


HOLDER = """
import sys
from vortex_prefect import run_graph
result = run_graph(sys.argv[1], home=sys.argv[2])["big"]
print(result.tensor.sum().item(), flush=True)
sys.stdin.read()
"""


def test_a_killed_script_leaves_no_lease(stack: StackClient, g: Any, at_rest: int, tmp_path: Path) -> None:
    g.expose_output("big", g.debug.allocate(mb=1, seed=7))
    g.save(tmp_path / "g.json")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "g.json"), str(stack.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        if script.stdout is None:
            pytest.fail("no output")
        assert script.stdout.readline().strip()
        eventually(lambda: leases(stack) == at_rest + 1)
        os.kill(script.pid, signal.SIGKILL)
        eventually(lambda: leases(stack) == at_rest)


def test_a_failure_carries_the_traceback_and_what_was_reached(stack: StackClient, g: Any) -> None:
    g.expose_output("good", g.debug.value(value=7))
    g.expose_output("bad", g.debug.fail(in_=g.debug.value(value=1), message="no luck", times=-1))
    with pytest.raises(RunFailed) as caught:
        run_graph(g)
    failure = caught.value
    assert (failure.code, failure.node_id) == ("WK-003", "fail")
    assert "RuntimeError: no luck" in (failure.traceback or "")
    assert failure.results is not None
    assert failure.results.outputs == {"good": 7}


def test_a_graph_that_cannot_run_says_everything(stack: StackClient, g: Any) -> None:
    g.add_node("odd", {"type": "debug.unknown"})
    g.debug.identity()
    with pytest.raises(GraphError) as caught:
        run_graph(g)
    assert {problem.code for problem in caught.value.problems} == {"VE-003", "VE-007"}


def _running(stack: StackClient) -> bool:
    return any(worker["state"] == "busy" for worker in stack.bridge.get("/api/workers").json()["workers"])


def _last(stack: StackClient) -> dict[str, Any]:
    found: dict[str, Any] = stack.bridge.get("/api/execution?limit=1").json()["executions"][0]
    return found


def test_a_time_limit_cancels(stack: StackClient, g: Any) -> None:
    g.debug.sleep(seconds=60)
    with pytest.raises(RunFailed) as caught:
        run_graph(g, timeout_s=0.5)
    assert caught.value.code == "WK-005"
    assert _last(stack)["status"] == "cancelled"


async def test_cancelling_the_task_cancels_the_run(stack: StackClient, g: Any) -> None:
    g.debug.sleep(seconds=61)
    task = asyncio.create_task(arun_graph(g))
    await asyncio.to_thread(eventually, lambda: _running(stack))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _last(stack)["status"] == "cancelled"


def test_ctrl_c_cancels_the_run(stack: StackClient, g: Any) -> None:
    g.debug.sleep(seconds=62)

    def interrupt() -> None:
        eventually(lambda: _running(stack))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_graph(g)
    thread.join()
    assert _last(stack)["status"] == "cancelled"


async def test_a_notebook_runs_graphs_while_its_loop_runs(stack: StackClient, g: Any) -> None:
    g.expose_output("sum", g.debug.add(a=1, b=2))
    assert run_graph(g)["sum"] == 3.0


def test_runs_from_threads_do_not_mix(stack: StackClient) -> None:
    found: dict[int, Any] = {}

    def work(value: int) -> None:
        graph: Any = Graph("threads", home=stack.home)
        graph.expose_output("out", graph.debug.value(value=value))
        found[value] = run_graph(graph)["out"]

    threads = [threading.Thread(target=work, args=(value,)) for value in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {value: value for value in range(6)}


FLOW = """
import sys
from prefect import flow, task
from vortex_prefect import Graph, run_graph

@task
def within_a_task(graph):
    return run_graph(graph)["out"]

@flow
def calling():
    g = Graph("linked", home=sys.argv[1])
    g.expose_output("out", g.pack("debug").value(value=3))
    assert run_graph(g)["out"] == 3
    assert within_a_task(g) == 3
    from prefect.runtime import flow_run
    return str(flow_run.id)

print(calling())
"""


def test_a_flow_that_runs_a_graph_links_to_it(stack: StackClient) -> None:
    env = stack.environment(PREFECT_LOGGING_LEVEL="ERROR")
    done = subprocess.run(
        [sys.executable, "-c", FLOW, str(stack.home)], capture_output=True, text=True, check=False, env=env, timeout=120
    )
    assert done.returncode == 0, done.stderr
    flow_run_id = done.stdout.split()[-1]
    wanted = {"artifacts": {"flow_run_id": {"any_": [flow_run_id]}}}
    artifacts = stack.prefect.post("/artifacts/filter", json=wanted).json()
    assert len(artifacts) == 2, done.stderr
    assert [artifact["task_run_id"] is None for artifact in artifacts].count(True) == 1
    runs = {json.dumps(artifact["data"]).rpartition("flow-run/")[2][:36] for artifact in artifacts}
    assert len(runs) == 2
    for run in runs:
        assert stack.prefect.get(f"/flow_runs/{run}").json()["name"].startswith("linked ")


ALONE = """
import sys, threading
from vortex_prefect import Graph, run_graph

g = Graph("alone")
solid = g.image.solid(width=4, height=4)
g.expose_output("picture", solid.image)
# From a thread: the stack must not hang on its life.
shapes = []
thread = threading.Thread(target=lambda: shapes.append(run_graph(g)["picture"].shape))
thread.start(); thread.join()
picture = run_graph(g)["picture"]
assert shapes == [picture.shape] == [(1, 4, 4, 3)]
print(picture.numpy().mean(), flush=True)
if sys.argv[1:] == ["stay"]:
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_script_has_a_stack_of_its_own_that_ends_with_it(tmp_path: Path, end: str) -> None:
    env = {**os.environ, "VORTEX_HOME": str(tmp_path), "VORTEX_ARENA_BYTES": str(1 << 30)}
    command = [sys.executable, "-c", ALONE, *(["stay"] if end == "kill" else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as script:
        if script.stdout is None:
            pytest.fail("no output")
        line = script.stdout.readline()
        info = json.loads((tmp_path / "run" / "stack.json").read_text()) if end == "kill" else None
        if info is not None:
            arena = Path(httpx.get(f"{info['url']}/api/arena").json()["path"])
            os.kill(script.pid, signal.SIGKILL)
            eventually(lambda: not arena.exists())
    assert float(line) >= 0
    eventually(lambda: not (tmp_path / "run" / "stack.json").exists())
    eventually(lambda: not [path for path in tmp_path.rglob("*") if path.is_socket()])
