"""`vortex export` and `vortex stubs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.graph.builders import CATALOGUE, document
from vortex_prefect.cli.main import app
from vortex_prefect.core.errors import GraphError


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack, and no packs but the tests' own."""
    for module in ("catalogue", "graph"):
        monkeypatch.setattr(f"vortex_prefect.client.{module}.find_catalogue", lambda _: CATALOGUE)


def test_export_prints_code(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    path.write_text(json.dumps(document({"canvas": "canvas", "blur": "blur"}, "canvas.image > blur.image", name="g")))
    done = CliRunner().invoke(app, ["export", str(path)], catch_exceptions=False)
    assert done.stdout == (
        "from vortex_prefect import Graph\n\n"
        "g = Graph('g')\ncanvas = g.t.canvas()\nblur = g.t.blur(image=canvas.image)\n"
    )


def test_export_of_what_is_no_graph_says_so(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text("[]")
    done = CliRunner().invoke(app, ["export", str(tmp_path / "g.json")])
    assert isinstance(done.exception, GraphError)
    assert done.exception.code == "VE-001"


def test_stubs_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["stubs", "--output", str(tmp_path / "typings")], catch_exceptions=False)
    assert done.exit_code == 0
    assert {path.name for path in (tmp_path / "typings").iterdir()} == {"vortex_packs.py", "vortex_packs.pyi"}
    assert "def blur(" in (tmp_path / "typings" / "vortex_packs.pyi").read_text()
    (tmp_path / "file").touch()
    refused = CliRunner().invoke(app, ["stubs", "--output", str(tmp_path / "file" / "x")])
    assert "SY-006" in str(refused.exception)
