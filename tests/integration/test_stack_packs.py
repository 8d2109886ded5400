"""A pack in an environment of its own, through the whole stack."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph

pytestmark = pytest.mark.integration


def old(kind: str, retries: int = 0, **params: Any) -> dict[str, Any]:
    return {"type": f"old.{kind}", "params": params, "retries": retries}


def environments(stack: StackClient) -> list[str | None]:
    return [worker["environment"] for worker in stack.bridge.get("/api/workers").json()["workers"]]


def test_its_nodes_run_among_those_of_the_base_and_its_worker_goes_when_it_is_idle(stack: StackClient) -> None:
    types = {spec["type"] for spec in stack.bridge.get("/api/nodes").json()["types"]}
    assert {"old.tell", "old.double", "image.blur"} <= types
    nodes = {
        "made": debug("allocate", mb=1, seed=7),
        "once": old("double"),
        "twice": {"type": "tensor.arithmetic", "params": {"operation": "add"}},
        "left": debug("checksum"),
        "right": debug("checksum"),
        "told": old("tell", tag=os.urandom(4).hex()),
    }
    edges = ("made.out > once.tensor", "made.out > twice.a", "made.out > twice.b", "once.tensor > left.in")
    outputs = ("left.out", "right.out", "told.json")
    done = stack.run(graph("mixed", nodes, *edges, "twice.tensor > right.in", outputs=outputs))
    assert done["status"] == "completed", done
    values = {name: output["value"] for name, output in done["outputs"].items()}
    assert values["told_json"]["version"] == "0.5"
    assert values["left_out"] == values["right_out"]
    assert done["nodes"]["once"]["worker_id"].endswith("/old/0")
    assert None in environments(stack)
    eventually(lambda: "old" not in environments(stack))


def test_a_kill_of_its_worker_costs_an_attempt(stack: StackClient, tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    node = old("wait", retries=1, begun=str(begun), ended=str(ended))
    execution = stack.start(stack.create(graph("killed", {"wait": node}, outputs=("wait.json",))))
    pid = int(eventually(lambda: begun.exists() and begun.read_text()))
    begun.unlink()
    os.kill(pid, signal.SIGKILL)
    again = int(eventually(lambda: begun.exists() and begun.read_text()))
    assert again != pid
    ended.touch()
    done = stack.ended(execution)
    assert done["status"] == "completed", done
    assert done["outputs"]["wait_json"]["value"] == again
    assert done["nodes"]["wait"]["attempt"] == 2
