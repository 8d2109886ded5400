"""What a run is asked for, and which files it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, document
from vortex_prefect import Graph
from vortex_prefect.client.inputs import document_of, prepared
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph

LOAD = document(
    {"load": {"type": "load", "params": {"path": "photo.png"}}, "canvas": "canvas"},
    inputs=[
        {"name": "photo", "node": "load", "param": "path"},
        {"name": "size", "node": "canvas", "param": "size"},
    ],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photo.png").touch()
    (tmp_path / "graph.json").write_text(json.dumps(LOAD))
    return tmp_path


def test_graphs_come_as_objects_documents_and_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = parse_graph(LOAD, Limits()).to_document()
    assert document_of(folder / "graph.json") == document_of(str(folder / "graph.json")) == (full, folder)
    assert document_of(Graph.load(folder / "graph.json", catalogue=CATALOGUE)) == (full, folder)
    monkeypatch.chdir(folder.parent)
    assert document_of(LOAD) == (full, folder.parent)
    assert document_of(Graph.from_document(LOAD, catalogue=CATALOGUE)) == (full, folder.parent)


def test_a_document_that_is_given_stays_as_it_is(folder: Path) -> None:
    given: dict[str, Any] = json.loads(json.dumps(LOAD))
    found, _ = document_of(given)
    prepared(found, folder, {}, CATALOGUE)
    assert given == LOAD


def test_files_of_the_graph_lie_beside_it_those_of_inputs_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = folder / "here"
    here.mkdir()
    (here / "other.png").touch()
    monkeypatch.chdir(here)
    found, values = prepared(*document_of(folder / "graph.json"), {"photo": Path("other.png"), "size": 3}, CATALOGUE)
    assert values == {"photo": str(here / "other.png"), "size": 3}
    assert found["nodes"]["load"]["params"]["path"] == "photo.png"  # replaced, so it is not looked for
    found, values = prepared(*document_of(folder / "graph.json"), {}, CATALOGUE)
    assert (found["nodes"]["load"]["params"]["path"], values) == (str(folder / "photo.png"), {})


def test_missing_files_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(GraphError, match=r"VE-010.*nowhere\.png"):
        prepared(*document_of(LOAD), {"photo": "nowhere.png"}, CATALOGUE)
    (folder / "photo.png").unlink()
    with pytest.raises(GraphError, match=r"VE-010.*photo\.png"):
        prepared(*document_of(LOAD), {}, CATALOGUE)


def test_the_same_graph_has_the_same_id_whatever_its_inputs(folder: Path) -> None:
    path = folder / "graph.json"
    one, _ = prepared(*document_of(path), {"size": 3}, CATALOGUE)
    two, _ = prepared(*document_of(path), {"size": 4}, CATALOGUE)
    assert one["id"] == two["id"]
    changed = Graph.load(path, catalogue=CATALOGUE)
    changed["canvas"]["size"] = 5
    assert prepared(*document_of(changed), {}, CATALOGUE)[0]["id"] != one["id"]
    changed.id = "5a0f3c1e-7d1b-4c55-9a52-0b6f2f6f3a10"
    assert prepared(*document_of(changed), {}, CATALOGUE)[0]["id"] == changed.id
