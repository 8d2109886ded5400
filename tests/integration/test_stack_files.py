"""Files that nodes of a real stack may not read, and how people read their own all the same."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from tests.integration.stack_client import StackClient, debug, graph
from tests.integration.test_cli_commands import vortex
from vortex_prefect import run_graph

pytestmark = pytest.mark.integration

SECRET = "/etc/passwd"


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that the stack has not been told of."""
    with tempfile.TemporaryDirectory(prefix="vortex-outside-") as folder:
        yield Path(folder)


def picture(path: Path) -> Path:
    PIL.Image.new("RGB", (3, 2), "red").save(path)
    return path


def refused(stack: StackClient, nodes: dict[str, Any], *edges: str) -> list[str]:
    """Messages of the errors of a graph of which every error has to be WK-012."""
    execution = stack.run(graph("reads", nodes, *edges))
    assert execution["status"] == "failed"
    errors = [node["error"] for node in execution["nodes"].values() if node.get("error")]
    errors = errors or [execution["error"]]
    assert {error["code"] for error in errors} == {"WK-012"}, errors
    return [error["message"] for error in errors]


@pytest.mark.parametrize("path", [SECRET, "/proc/self/environ", "/dev/zero", "../../../../../etc/passwd", "/nowhere"])
def test_a_file_outside_is_not_read_by_its_name(stack: StackClient, path: str) -> None:
    (message,) = refused(stack, {"load": {"type": "image.load", "params": {"path": path}}})
    assert repr(path) in message


def test_nor_the_stacks_own_state(stack: StackClient) -> None:
    refused(stack, {"load": {"type": "image.load", "params": {"path": str(stack.home / "vortex.db")}}})


def test_nor_by_a_name_that_an_edge_brings(stack: StackClient) -> None:
    nodes = {"name": debug("value", value=SECRET), "load": {"type": "image.load", "params": {}}}
    (message,) = refused(stack, nodes, "name.out > load.path")
    assert repr(SECRET) in message


def test_nor_by_other_nodes(stack: StackClient, tmp_path: Path) -> None:
    good = str(picture(tmp_path / "a.png"))
    load = {"type": "image.load", "params": {"path": good}}
    lut = {"type": "image.lut", "params": {"path": SECRET}}
    refused(stack, {"load": load, "lut": lut}, "load.image > lut.image")
    refused(stack, {"text": debug("fingerprint", path=SECRET, tag="outside")})
    refused(stack, {"files": {"type": "core.files", "params": {"folder": "/etc"}}})


def test_nor_by_a_link(stack: StackClient, tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(SECRET)
    refused(stack, {"load": {"type": "image.load", "params": {"path": str(tmp_path / "link.png")}}})
    (tmp_path / "link.png").unlink()
    (tmp_path / "folder").symlink_to("/etc")
    refused(stack, {"files": {"type": "core.files", "params": {"folder": str(tmp_path / "folder")}}})


def test_a_pipe_does_not_hold_the_stack_up(stack: StackClient, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    execution = stack.run(graph("pipe", {"load": {"type": "image.load", "params": {"path": str(tmp_path / "pipe")}}}))
    assert execution["error"]["code"] == "VE-010"


def test_an_upload_is_read(stack: StackClient, outside: Path) -> None:
    with picture(outside / "a.png").open("rb") as file:
        stored = stack.bridge.post("/api/file", files={"file": ("a.png", file)}).raise_for_status().json()
    execution = stack.run(graph("upload", {"load": {"type": "image.load", "params": {"path": stored["path"]}}}))
    assert execution["status"] == "completed"


def document(path: Path) -> dict[str, Any]:
    return {
        "schema": "vortex.graph/1",
        "name": "own file",
        "nodes": {"load": {"type": "image.load", "params": {"path": str(path)}}},
        "edges": [],
        "inputs": [{"name": "photo", "node": "load", "param": "path"}],
        "outputs": [{"name": "result", "node": "load", "port": "image"}],
    }


def test_the_command_line_uploads_what_is_out_of_reach(stack: StackClient, outside: Path) -> None:
    picture(outside / "a.png")
    (outside / "graph.json").write_text(json.dumps(document(Path("a.png"))))
    for _ in range(2):
        done = vortex("run", outside / "graph.json", "--home", stack.home, "--json")
        assert done.returncode == 0, done.stderr
    (outside / "a.png").write_bytes(b"\x7fELF")
    done = vortex("run", outside / "graph.json", "--home", stack.home, "--json")
    assert done.returncode != 0
    assert "program" in done.stderr + done.stdout


def test_python_uploads_what_is_out_of_reach(stack: StackClient, outside: Path) -> None:
    own = picture(outside / "b.png")
    assert run_graph(document(own), home=stack.home)["result"] is not None
    assert run_graph(document(own), {"photo": own}, home=stack.home)["result"] is not None
