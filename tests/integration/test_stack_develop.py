"""A pack that somebody works on while a stack runs: taken up after each change, and left as it was if broken."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from websockets.sync.client import connect

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, graph
from vortex_prefect.cli.develop import develop
from vortex_prefect.cli.packs import remove
from vortex_prefect.core.settings import Settings

pytestmark = pytest.mark.integration

NODES = '''\
"""Nodes of a garden."""

from pathlib import Path
from typing import Annotated

import time

from vortex_worker.sdk import Range, Steps, node


@node("garden.grow", category="garden")
def grow(value: Annotated[float, Range(0, 100)] = 1.0) -> Steps[float]:
    """Makes it larger."""
    yield 0.5
    return value * FACTOR


@node("garden.wait", category="garden")
def wait(path: Path) -> Steps[float]:
    """Waits for a file."""
    while not path.exists():
        yield 0.5
        time.sleep(0.01)
    return FACTOR
'''


class _Over(Exception):
    """The test is over."""


class Garden:
    """The folder of a pack, and what is told of it."""

    def __init__(self, folder: Path) -> None:
        self._package = folder / "garden_pack"
        self._package.mkdir(parents=True)
        (self._package / "pack.toml").write_text('[pack]\nname = "garden"\nversion = "1"\n')
        self._said = io.StringIO()
        self.console = Console(file=self._said, width=500)

    def plant(self, text: str) -> None:
        """Save another text."""
        # No two tests have the same nodes: what one computed is in the cache.
        (self._package / "__init__.py").write_text(f"{text}\n# {self._package}\n")

    def said(self) -> str:
        """All that the terminal shows."""
        return self._said.getvalue()


@contextmanager
def _developing(settings: Settings, folder: Path, console: Console) -> Iterator[None]:
    over = threading.Event()

    def pause(seconds: float) -> None:
        if over.wait(seconds):
            raise _Over

    def work() -> None:
        with pytest.raises(_Over):
            develop(settings, folder, console, pause)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def garden(stack: StackClient, tmp_path: Path) -> Iterator[Garden]:
    settings, folder = Settings(stack.home), tmp_path / "garden"
    made = Garden(folder)
    made.plant(NODES + "\n\nFACTOR = 2.0\n")
    with _developing(settings, folder, made.console):
        yield made
    remove(settings, "garden", made.console)
    gone = stack.bridge.post("/api/nodes/reload", json={}, timeout=120).raise_for_status().json()
    assert "garden.grow" in gone["removed"]


def _types(stack: StackClient) -> set[str]:
    return {each["type"] for each in stack.bridge.get("/api/nodes").raise_for_status().json()["types"]}


def _grown(stack: StackClient) -> tuple[Any, str]:
    """What three nodes of a list become, and how the node came to it."""
    nodes: dict[str, dict[str, Any]] = {
        "numbers": {"type": "core.range", "params": {"start": 1.0, "step": 1.0, "count": 3}},
        "grow": {"type": "garden.grow"},
        "sum": {"type": "core.reduce", "params": {"operation": "sum"}},
    }
    edges = ("numbers.out > grow.value", "grow.float > sum.items")
    ended = stack.run(graph("garden", nodes, *edges, outputs=("sum.value",)))
    assert ended["status"] == "completed", ended
    return ended["outputs"]["sum_value"]["value"], ended["nodes"]["grow"]["state"]


def _heard(receive: Callable[[], str | bytes], wanted: str) -> dict[str, Any]:
    while (message := json.loads(receive()))["type"] != wanted:
        pass
    payload: dict[str, Any] = message["payload"]
    return payload


def test_a_pack_is_taken_up_after_each_change(stack: StackClient, garden: Garden, tmp_path: Path) -> None:
    eventually(lambda: "new: garden.grow, garden.wait" in garden.said())
    assert _grown(stack) == (12.0, "completed")
    assert _grown(stack) == (12.0, "cached")

    # A job that runs ends with the code that it began with; those after it have the new one.
    file = tmp_path / "end"
    waits = {"wait": {"type": "garden.wait", "params": {"path": str(file)}}}
    waiting = stack.create(graph("waits", waits, outputs=("wait.float",)))
    with connect(stack.info.url.replace("http", "ws", 1) + f"/ws?graph_id={waiting}") as socket:
        execution = stack.start(waiting)
        eventually(lambda: stack.nodes(execution)["wait"] == "running")
        garden.plant(NODES.replace('"garden.wait"', '"garden.rest"') + "\n\nFACTOR = 3.0\n")
        change = _heard(lambda: socket.recv(60), "nodes.changed")
        assert (change["added"], change["removed"]) == (["garden.rest"], ["garden.wait"])
        assert {"garden.rest", "garden.grow"} <= _types(stack)
        assert stack.nodes(execution)["wait"] == "running"
        file.touch()
        assert stack.ended(execution)["outputs"]["wait_float"]["value"] == 2.0
        assert _grown(stack) == (18.0, "completed")

        garden.plant(NODES + "\n\nFACTOR = = 4.0\n")
        fault = _heard(lambda: socket.recv(60), "nodes.fault")
    assert fault["pack"] == "garden"
    assert "SyntaxError" in fault["message"]
    eventually(lambda: "stays as it was" in garden.said())
    assert "SyntaxError: invalid syntax (__init__.py, line" in garden.said()
    assert _grown(stack) == (18.0, "cached")
    assert "garden.rest" in _types(stack)
