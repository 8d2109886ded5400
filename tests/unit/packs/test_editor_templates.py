"""The editor's templates are graphs that the bundled packs can run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.validate import validate
from vortex_worker.packs import load_packs

TEMPLATES = sorted((Path(__file__).parents[3] / "ui" / "src" / "templates").glob("*.json"))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(tuple(node.spec for node in load_packs(debug=False)))


def test_there_are_some() -> None:
    assert len(TEMPLATES) >= 8


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_valid(path: Path, catalogue: Catalogue) -> None:
    graph = parse_graph(json.loads(path.read_text(encoding="utf-8")), Limits())
    assert validate(graph, catalogue) == []
    assert graph.outputs
