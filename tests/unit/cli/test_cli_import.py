"""`vortex import comfyui`: the graph, the report, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.graph.test_graph_comfyui import CATALOGUE
from vortex_prefect.cli import foreign
from vortex_prefect.cli.main import app
from vortex_prefect.core.errors import GraphError


@pytest.fixture(autouse=True)
def known_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "find_catalogue", lambda _: CATALOGUE)


def written(folder: Path) -> Path:
    path = folder / "soft.json"
    path.write_text('{"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}, "2": {"class_type": "Odd"}}')
    return path


def test_the_graph_goes_to_a_file_and_the_report_to_the_terminal(tmp_path: Path) -> None:
    out = tmp_path / "graph.json"
    done = CliRunner().invoke(app, ["import", "comfyui", str(written(tmp_path)), "-o", str(out)])
    assert done.exit_code == 0
    told = " ".join(done.stderr.split())
    assert "1 nodes taken, 1 without counterpart" in told
    assert "VE-003 2: Odd has no counterpart" in told
    graph = json.loads(out.read_text())
    assert (graph["name"], graph["nodes"]["1"]["params"]) == ("soft", {"path": "a.png"})


def test_a_program_reads_the_report_as_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["import", "comfyui", str(written(tmp_path)), "--json"])
    told = json.loads(done.stdout)
    assert (told["taken"], told["placeholders"], set(told["graph"]["nodes"])) == (1, 1, {"1", "2"})


@pytest.mark.parametrize("arguments", [["nowhere.json"], [".", "-o", "graph.json"]])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    found = [one if one.startswith("-") else str(tmp_path / one) for one in arguments]
    done = CliRunner().invoke(app, ["import", "comfyui", *found])
    assert isinstance(done.exception, GraphError)
    assert done.exception.code == "VE-001"
