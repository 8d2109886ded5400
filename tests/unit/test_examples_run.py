"""Example graphs, run node by node in this process: what they promise comes out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.order import topological_order
from vortex_worker.packs import load_packs
from vortex_worker.sdk.testing import run_node

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NODES = {node.spec.type: node for node in load_packs(debug=False)}


def outputs_of(name: str, folder: Path) -> dict[str, Any]:
    """The outputs of an example; its files go to `folder`."""
    graph: Graph = parse_graph(json.loads((EXAMPLES / name).read_text(encoding="utf-8")), Limits())
    given: dict[str, dict[str, Any]] = {}
    parents: dict[str, set[str]] = {node_id: set() for node_id in graph.nodes}
    for edge in graph.edges:
        parents[edge.target.node].add(edge.source.node)
    for node_id in topological_order(graph.nodes, parents):
        found = graph.nodes[node_id]
        declared = NODES[found.type]
        values: dict[str, Any] = dict(found.params)
        # Paths in a graph's file are relative to it.
        values |= {name: EXAMPLES / values[name] for name in declared.spec.files}
        for edge in graph.edges:
            if edge.target.node != node_id:
                continue
            value = given[edge.source.node][edge.source.port]
            port = declared.spec.input(edge.target.port)
            if port is not None and port.list:
                values.setdefault(port.name, []).append(value)
            else:
                values[edge.target.port] = value
        given[node_id] = dict(run_node(declared, output_dir=folder, **values))
    return {output.name: given[output.node][output.port] for output in graph.outputs}


def test_sales_become_a_chart(tmp_path: Path) -> None:
    found = outputs_of("sales_chart.json", tmp_path)
    assert found["chart"].shape == (1, 600, 800, 3)
    lines = found["report"].read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0].strip('"') for line in lines] == ["city", "Bremen", "Köln", "Leipzig", "Ulm"]


def test_a_tone_comes_out_of_noise(tmp_path: Path) -> None:
    found = outputs_of("tone_out_of_noise.json", tmp_path)
    samples, rate = soundfile.read(found["saved"])
    assert (len(samples), rate) == (32000, 16000)
    assert found["spectra"].shape == (1, 514, 251, 3)


def test_parts_are_counted(tmp_path: Path) -> None:
    said = outputs_of("parts.json", tmp_path)["said"]
    count, _, rest = said.partition(" parts cover ")
    assert 2 < int(count) < 30
    assert 10 < float(rest.split()[0]) < 70


@pytest.mark.skipif(not (EXAMPLES.parent / ".models").is_dir(), reason="scripts/get-models was not run")
def test_writing_is_read(tmp_path: Path) -> None:
    found = outputs_of("read_text.json", tmp_path)
    assert found["text"].replace(" ", "") == "Graphsrunasflows\nandtensorsstayput"
