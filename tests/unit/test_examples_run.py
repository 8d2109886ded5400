"""Example graphs, run node by node in this process: what they promise comes out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.fakes.tiny_diffusion import make_folder
from vortex_prefect.core.nodespec import maps
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.order import topological_order
from vortex_worker.packs import load_packs
from vortex_worker.sdk import NodeType
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
        mapped: dict[str, list[Any]] = {}
        # Paths in a graph's file are relative to it.
        values |= {name: EXAMPLES / values[name] for name in declared.spec.files}
        # Folders are seen from where the stack was started: a worker makes them absolute before the node gets them.
        folders = {param.name for param in declared.spec.params if param.type == "PATH"} - set(declared.spec.files)
        values |= {name: Path(values[name]).absolute() for name in folders & set(values)}
        for edge in graph.edges:
            if edge.target.node != node_id:
                continue
            value = given[edge.source.node][edge.source.port]
            port = declared.spec.input(edge.target.port)
            if _maps(graph.nodes[edge.source.node].type, edge.source.port, declared, edge.target.port):
                mapped[edge.target.port] = value
            elif port is not None and port.list:
                values.setdefault(port.name, []).append(value)
            else:
                values[edge.target.port] = value
        given[node_id] = _run(declared, values, mapped, folder)
    return {output.name: given[output.node][output.port] for output in graph.outputs}


def _maps(source: str, port: str, declared: NodeType, target: str) -> bool:
    given, param = NODES[source].spec.output(port), declared.spec.param(target)
    taken = declared.spec.input(target) or param
    return given is not None and taken is not None and maps(given.type, taken.type)


def _run(declared: NodeType, values: dict[str, Any], mapped: dict[str, list[Any]], folder: Path) -> dict[str, Any]:
    """What a node gives; lists, where it runs once for each item."""
    if not mapped:
        return dict(run_node(declared, output_dir=folder, **values))
    rows = [dict(zip(mapped, items, strict=True)) for items in zip(*mapped.values(), strict=True)]
    done = [run_node(declared, output_dir=folder, **values, **row) for row in rows]
    return {port.name: [each[port.name] for each in done] for port in declared.spec.outputs}


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


@pytest.mark.filterwarnings("ignore")
def test_random_weights_paint_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The graph names its folder as it is seen from where the stack was started.
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "examples" / "out" / "random-diffusion")
    found = outputs_of("random_diffusion.json", tmp_path)
    assert found["picture"].shape == (1, 64, 64, 3)
    assert found["picture"].std() > 0.01
    assert found["saved"].is_file()


def test_a_photograph_in_twelve_hues(tmp_path: Path) -> None:
    sheet = outputs_of("hues.json", tmp_path)["sheet"]
    assert sheet.shape == (1, 3 * 160 + 2 * 8, 4 * 240 + 3 * 8, 3)
    first, opposite = sheet[0, 80, 120], sheet[0, 80 + 168, 120 + 2 * 248]
    assert first.argmax() != opposite.argmax()


def test_a_poster_has_five_inks_a_frame_and_a_title(tmp_path: Path) -> None:
    poster = outputs_of("poster.json", tmp_path)["poster"]
    assert poster.shape == (1, 400 + 24 + 96, 600 + 48, 3)
    assert poster[0, 5:15].mean() > 0.85
    assert poster[0, 440:500, 200:450].amin() < 0.3


needs_models = pytest.mark.skipif(not (EXAMPLES.parent / ".models").is_dir(), reason="scripts/get-models was not run")


@needs_models
def test_sentences_that_mean_the_like_are_near(tmp_path: Path) -> None:
    found = outputs_of("meanings.json", tmp_path)
    near = found["nearness"].fill_diagonal_(0)
    assert near.argmax(1).tolist() == [1, 0, 3, 2, 5, 4]
    assert found["chart"].shape == (1, 600, 800, 3)


@needs_models
def test_writing_is_read(tmp_path: Path) -> None:
    found = outputs_of("read_text.json", tmp_path)
    assert found["text"].replace(" ", "") == "Graphsrunasflows\nandtensorsstayput"


def test_every_example_is_run_here_and_told_of() -> None:
    here, readme = Path(__file__).read_text(encoding="utf-8"), (EXAMPLES / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in EXAMPLES.glob("*.json")}
    assert len(names) >= 8
    for name in names:
        assert f"({name})" in readme
        assert f'"{name}"' in here or name == "photo_grade.json"  # scripts/demo runs that, and so do others
