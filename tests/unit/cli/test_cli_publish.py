"""`vortex publish` and `vortex nodes withdraw`: what reaches the bridge, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.unit.cli.test_cli_deploy import Bridge as DeployBridge
from vortex_prefect.cli.main import app
from vortex_prefect.client.bridge import answers
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.nodespec import InputSpec, NodeSpec, OutputSpec, ParamSpec

SPEC = NodeSpec(
    type="graph.soft@2",
    version=2,
    title="Soft [b]",
    category="filter",
    inputs=(InputSpec(name="photo", type="IMAGE"),),
    params=(ParamSpec(name="how", type="FLOAT", default=1.0),),
    outputs=(OutputSpec(name="soft", type="IMAGE"),),
)


class Bridge(DeployBridge):
    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.withdrawn: list[str] = []

    def publish_graph(self, graph_id: str, **options: Any) -> answers.PublishedNode:
        self.published.append((graph_id, options))
        about = {"graph_id": graph_id, "graph_version": 1, "published_at": "", "withdrawn": False, "graph": {}}
        return answers.PublishedNode.model_validate(
            {"type": SPEC.type, "name": "soft", "version": 2, "spec": SPEC.model_dump(), **about}
        )

    def withdraw_node_type(self, node_type: str) -> None:
        self.withdrawn.append(node_type)


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Bridge:
    made = Bridge()
    monkeypatch.setattr("vortex_prefect.cli.publish.Bridge", lambda home: made)
    return made


def test_a_stored_graph_is_published_as_it_is_named(bridge: Bridge) -> None:
    graph_id = new_id()
    done = CliRunner().invoke(app, ["publish", graph_id, "--name", "soft", "--category", "filter"])
    assert done.exit_code == 0, done.output
    assert bridge.published == [(graph_id, {"name": "soft", "title": None, "category": "filter", "doc": None})]
    assert "graph.soft@2 Soft [b] (filter)" in done.output
    assert "photo, how → soft" in done.output


def test_a_file_is_stored_first(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"schema": "vortex.graph/1", "name": "f"}))
    done = CliRunner().invoke(app, ["publish", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["type"] == "graph.soft@2"
    assert [graph_id for graph_id, _ in bridge.published] == [document["id"] for document in bridge.stored]


def test_withdrawing_names_a_version_or_all(bridge: Bridge) -> None:
    assert CliRunner().invoke(app, ["nodes", "withdraw", "graph.soft"]).exit_code == 0
    assert bridge.withdrawn == ["graph.soft"]
