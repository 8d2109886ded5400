"""`vortex validate --plan` without a stack: what it finds, and how it reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.unit.graph.builders import CATALOGUE, document, graph, output, plan
from vortex_prefect.cli.main import app
from vortex_prefect.cli.plan import NO_STACK, explain_graph, print_plan, summary
from vortex_prefect.client import catalogue
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Settings
from vortex_prefect.graph.explanation import explanation

NODES: dict[str, Any] = {"a": "canvas", "b": "blur", "c": "blur", "[red]m": {"type": "mask", "mode": "muted"}}
EDGES = ("a.image > b.image", "b.image > c.image")


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def written(folder: Path, *edges: str, **nodes: Any) -> Path:
    path = folder / "graph.json"
    path.write_text(json.dumps(document(nodes or NODES, *edges)))
    return path


def found(*known_nodes: str, stack: bool = True) -> dict[str, Any]:
    compiled = plan(graph(NODES, *EDGES, outputs=[output("end", "c.image")]))
    known = {step.key or "" for step in compiled.steps.values() if step.node_id in known_nodes}
    return {**explanation(compiled, known, {}), "stack": stack}


def test_the_table_names_each_node_its_state_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(found("a", "b"), as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["node", "type", "level", "segment", "state", "what", "happens", "to", "it"]
    assert lines[1] == ["a", "t.canvas", "0", "0", "cached", "is", "taken", "from", "the", "cache"]
    assert lines[3] == ["c", "t.blur", "2", "0", "dirty", "runs:", "not", "in", "the", "cache"]
    assert lines[4] == ["[red]m", "t.mask", "skipped", "is", "skipped:", "it", "is", "muted"]


def test_the_summary_counts_and_names_the_critical_path() -> None:
    assert summary(found("b")) == [
        "1 to run, 1 cached, 1 unneeded, 1 skipped",
        "levels: 3, at most 1 nodes side by side",
        "segments: 1, 1 of them chains, the longest a → b → c",
        "critical path: 3 nodes, a → b → c",
    ]
    assert summary(found(stack=False))[-1] == NO_STACK


def test_long_paths_are_cut() -> None:
    told = {**found(), "critical_path": [f"n{index}" for index in range(40)]}
    assert summary(told)[3] == (
        "critical path: 40 nodes, n0 → n1 → n2 → n3 → n4 → n5 → … 28 more … → n34 → n35 → n36 → n37 → n38 → n39"
    )


def test_json_is_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(found("a"), as_json=True)
    assert json.loads(capsys.readouterr().out) == found("a")


def test_without_a_stack_nothing_is_cached_and_that_is_said(tmp_path: Path) -> None:
    told = explain_graph(Settings(tmp_path / "home"), written(tmp_path, *EDGES), CATALOGUE)
    assert told["stack"] is False
    assert told["counts"]["dirty"] == 3
    assert summary(told)[-1] == "no stack runs: nothing is known to be cached"


def test_files_are_relative_to_the_graph(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"x")
    load = {"type": "load", "params": {"path": "x.png"}}
    settings = Settings(tmp_path / "home")
    assert explain_graph(settings, written(tmp_path, load=load), CATALOGUE)["counts"]["dirty"] == 1
    gone = {**load, "params": {"path": "gone.png"}}
    with pytest.raises(GraphError, match="VE-010"):
        explain_graph(settings, written(tmp_path, load=gone), CATALOGUE)


def test_the_command_prints_problems_in_place_of_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_catalogue", lambda _: CATALOGUE)
    home = ["--home", str(tmp_path / "home"), "--plan", "--json"]
    good = CliRunner().invoke(app, ["validate", str(written(tmp_path, *EDGES)), *home])
    assert (good.exit_code, json.loads(good.stdout)["counts"]["dirty"]) == (0, 3)
    bad = CliRunner().invoke(app, ["validate", str(written(tmp_path, b="blur")), *home])
    assert (bad.exit_code, json.loads(bad.stdout)["problems"][0]["code"]) == (2, "VE-007")
