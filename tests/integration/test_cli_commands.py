"""The command line as people use it: real processes, exit statuses, what they print."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.processes import descendants, state
from tests.integration.stack_client import StackClient

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "photo_grade.json"
VORTEX = [sys.executable, "-m", "vortex_prefect.cli.main"]


def vortex(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*VORTEX, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )


def graph_file(folder: Path, **nodes: dict[str, Any]) -> Path:
    """A document with these nodes and no edges."""
    path = folder / "graph.json"
    path.write_text(json.dumps({"schema": "vortex.graph/1", "name": "cli", "nodes": nodes, "edges": []}))
    return path


def test_the_example_runs_in_the_running_stack(stack: StackClient, tmp_path: Path) -> None:
    done = vortex("run", EXAMPLE, "--home", stack.home, "--output", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["status"] == "completed"
    assert set(result) == {"execution_id", "status", "outputs", "wall_s"}
    picture = Path(result["outputs"]["result"]["file"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.parent == tmp_path / "out"


def test_a_failed_run_exits_1_and_shows_the_traceback(stack: StackClient, tmp_path: Path) -> None:
    graph = graph_file(tmp_path, bad={"type": "debug.fail", "params": {"message": "no luck", "times": -1}})
    done = vortex("run", graph, "--home", str(stack.home), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "failed"
    assert "WK-003" in done.stderr
    assert "RuntimeError: no luck" in done.stderr
    assert "Traceback" in done.stderr


def test_every_problem_of_an_invalid_graph_exits_2(stack: StackClient, tmp_path: Path) -> None:
    graph = graph_file(
        tmp_path,
        one={"type": "image.blurr"},
        two={"type": "image.blur", "params": {"radius": 1000}},
    )
    for command in ("run", "validate"):
        done = vortex(command, graph, "--home", str(stack.home))
        assert done.returncode == 2, command
        for code in ("VE-003", "VE-007", "VE-010"):
            assert code in done.stderr, command
        assert "image.blur?" in done.stderr, command


def test_the_plan_says_what_is_cached_in_the_running_stack(stack: StackClient, tmp_path: Path) -> None:
    one, two = ({"type": "debug.value", "params": {"value": value}} for value in (8101, 8102))
    graph = graph_file(tmp_path, one=one)
    assert vortex("run", graph, "--home", str(stack.home)).returncode == 0
    graph = graph_file(tmp_path, one=one, two=two)
    before = stack.bridge.get("/api/arena").json()
    done = vortex("validate", graph, "--plan", "--home", str(stack.home), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert {node["id"]: node["state"] for node in told["nodes"]} == {"one": "cached", "two": "dirty"}
    assert told["stack"] is True
    # To ask costs the cache nothing: nothing is held, nothing counts as used.
    assert stack.bridge.get("/api/arena").json() == before
    table = vortex("validate", graph, "--plan", "--home", str(stack.home))
    assert "is taken from the cache" in table.stdout
    assert "no stack runs" not in table.stdout


def test_a_missing_input_file_is_named(stack: StackClient, tmp_path: Path) -> None:
    graph = graph_file(tmp_path, load={"type": "image.load", "params": {"path": "nowhere.png"}})
    done = vortex("run", graph, "--home", str(stack.home))
    assert done.returncode == 2
    assert str(tmp_path / "nowhere.png") in done.stderr.replace("\n", "")


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    done = vortex("run", tmp_path / "none.json", "--home", tmp_path)
    assert done.returncode == 2
    assert "none.json" in done.stderr.replace("\n", "")


def test_ctrl_c_cancels_a_run(stack: StackClient, tmp_path: Path) -> None:
    graph = graph_file(tmp_path, nap={"type": "debug.sleep", "params": {"seconds": 60}})
    command = [*VORTEX, "run", str(graph), "--home", str(stack.home), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        eventually(
            lambda: any(worker["state"] == "busy" for worker in stack.bridge.get("/api/workers").json()["workers"])
        )
        run.send_signal(signal.SIGINT)
        stdout, stderr = run.communicate(timeout=60)
    assert run.returncode == 130, stderr
    assert json.loads(stdout.splitlines()[-1])["status"] == "cancelled"


def test_beyond_loopback_a_stack_needs_a_token(tmp_path: Path) -> None:
    done = vortex("up", "--host", "0.0.0.0", "--port", "0", "--home", str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "SY-009" in done.stderr
    assert "vortex token create" in done.stderr
    assert not (tmp_path / "logs").exists(), "something was started"


def test_tokens_from_the_command_line(stack: StackClient, tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    made = vortex("token", "create", "ann", "--scope", "read", "--days", "1", *home)
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"vtx_\S{43}\n", made.stdout)
    listed = json.loads(vortex("token", "list", "--json", *home).stdout)["tokens"]
    assert [(token["name"], token["scopes"]) for token in listed] == [("ann", ["read"])]
    assert vortex("token", "revoke", "ann", *home).returncode == 0
    for refused in (("revoke", "ann"), ("create", "bob", "--scope", "all")):
        assert vortex("token", *refused, *home).returncode == 1
    # Where nobody is asked who he is, there is nobody to log in.
    refused_login = vortex("login", "--home", str(stack.home))
    assert refused_login.returncode == 1
    assert "RQ-007" in refused_login.stderr


def test_a_second_stack_with_the_same_home_is_refused(stack: StackClient) -> None:
    done = vortex("up", "--home", str(stack.home), "--port", "0")
    assert done.returncode == 1
    assert "SY-005" in done.stderr


def test_a_busy_port_is_refused_with_advice(stack: StackClient, tmp_path: Path) -> None:
    port = stack.info.url.rpartition(":")[2]
    done = vortex("up", "--home", tmp_path, "--port", port)
    assert done.returncode == 1
    assert "SY-001" in done.stderr
    assert "--port" in done.stderr


def test_status_names_every_process(stack: StackClient) -> None:
    done = vortex("status", "--home", str(stack.home), "--json")
    assert done.returncode == 0, done.stderr
    roles = {process["role"] for process in json.loads(done.stdout)["processes"]}
    assert roles == {"prefect-server", "dask-scheduler", "dask-worker", "engine", "bridge"}


def test_doctor_finds_nothing_wrong_here(tmp_path: Path) -> None:
    done = vortex("doctor", "--home", tmp_path, "--json", env={"VORTEX_PORT": "0"})
    findings = json.loads(done.stdout)
    assert [finding for finding in findings if finding["verdict"] == "problem"] == []
    assert done.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    command = [*VORTEX, "up", "--home", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as up:
        if up.stderr is None:
            pytest.fail("no standard error")
        said = next((line for line in up.stderr if "VORTEX is up" in line), "")
        assert said, "it ended before it was up"
        ours = descendants(up.pid)
        assert len(ours) >= 6
        url = json.loads((tmp_path / "run" / "stack.json").read_text())["url"]
        arena = Path(httpx.get(f"{url}/api/arena").json()["path"])
        assert arena.exists()
        up.send_signal(number)
        up.stderr.read()
        assert up.wait(timeout=60) == 0
    eventually(lambda: not list(filter(state, ours)), limit_s=10.0)
    assert not arena.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_socket()]
