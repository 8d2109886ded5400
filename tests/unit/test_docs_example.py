"""The example that the README shows is a graph that can run."""

from __future__ import annotations

import json
from pathlib import Path

from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import parse_graph
from vortex_prefect.graph.validate import validate
from vortex_worker.packs import load_packs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_example_graphs_are_valid() -> None:
    catalogue = Catalogue(tuple(declared.spec for declared in load_packs(debug=False)))
    documents = sorted(EXAMPLES.glob("*.json"))
    assert documents
    for path in documents:
        graph = parse_graph(json.loads(path.read_text(encoding="utf-8")), Limits())
        assert validate(graph, catalogue) == [], path.name


def test_example_files_are_there() -> None:
    document = json.loads((EXAMPLES / "photo_grade.json").read_text(encoding="utf-8"))
    assert (EXAMPLES / document["nodes"]["load"]["params"]["path"]).is_file()
    assert {output["name"] for output in document["outputs"]} == {"result", "saved"}
