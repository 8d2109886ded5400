"""Which home a run is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE
from vortex_prefect.client import run
from vortex_prefect.client.graph import Graph
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings

DOCUMENT: dict[str, Any] = {"schema": "vortex.graph/1", "name": "empty", "nodes": {}, "edges": []}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Homes for which a stack was looked for; there is none."""
    homes: list[Path] = []

    def stack_url(settings: Settings) -> str:
        homes.append(settings.home)
        raise SystemFault("SY-004", "no stack")

    monkeypatch.setattr(run, "stack_url", stack_url)
    monkeypatch.setenv("VORTEX_HOME", str(tmp_path / "environment"))
    return homes


@pytest.mark.parametrize("kind", ["document", "path", "text", "graph"])
async def test_a_run_is_for_the_environments_home(kind: str, asked: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text('{"schema": "vortex.graph/1", "name": "empty", "nodes": {}, "edges": []}')
    given: Any = {"document": DOCUMENT, "path": path, "text": str(path), "graph": Graph(catalogue=CATALOGUE)}[kind]
    with pytest.raises(SystemFault):
        await run.arun_graph(given)
    assert asked == [tmp_path / "environment"]


async def test_a_graph_has_a_home_and_the_caller_the_last_word(asked: list[Path], tmp_path: Path) -> None:
    graph = Graph(catalogue=CATALOGUE, home=tmp_path / "own")
    for home in (None, tmp_path / "called"):
        with pytest.raises(SystemFault):
            await run.arun_graph(graph, home=home)
    assert asked == [tmp_path / "own", tmp_path / "called"]
