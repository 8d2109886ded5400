"""`vortex deploy`: what its words mean, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vortex_prefect.cli.deploy import print_deployment, read_parameters
from vortex_prefect.cli.main import app
from vortex_prefect.client.bridge import answers
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import new_id

DEPLOYMENT: dict[str, Any] = {
    "deployment_id": "d1",
    "name": "form/nightly",
    "url": "http://prefect/deployments/deployment/d1",
    "pool": "vortex",
    "parameters": {
        "properties": {
            "radius": {"type": "number", "default": 3.0, "description": "How far. In px."},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "data": {},
        }
    },
}


def test_values_are_json_or_else_text() -> None:
    assert read_parameters(["a=3", "b=text", "c=[1, 2]", 'd="3"', "e=", "f=x=y", "g=true"]) == {
        "a": 3,
        "b": "text",
        "c": [1, 2],
        "d": "3",
        "e": "",
        "f": "x=y",
        "g": True,
    }
    assert read_parameters([]) == {}


@pytest.mark.parametrize("odd", ["radius", "=3", ""])
def test_what_is_no_assignment_is_refused(odd: str) -> None:
    with pytest.raises(GraphError, match="VE-001"):
        read_parameters([odd])


def test_it_prints_how_to_run_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_deployment(DEPLOYMENT, as_json=False)
    printed = capsys.readouterr().out
    assert "form/nightly is deployed to the pool vortex" in printed
    assert DEPLOYMENT["url"] in printed
    assert "prefect deployment run form/nightly" in printed
    for cell in ("radius", "number", "3.0", "string/null", "data"):
        assert cell in printed


def test_it_prints_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    odd = {**DEPLOYMENT, "name": "[red]it's/$(x)", "parameters": {"properties": {"[bold]x": {"type": "number"}}}}
    print_deployment(odd, as_json=False)
    printed = capsys.readouterr().out
    assert "[red]it's/$(x) is deployed" in printed
    assert "[bold]x" in printed
    assert """prefect deployment run '[red]it'"'"'s/$(x)'""" in printed


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_deployment(DEPLOYMENT, as_json=True)
    assert json.loads(capsys.readouterr().out) == DEPLOYMENT


class Bridge:
    """Stands for the client of that name."""

    http: Any = None

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.deployed: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> Bridge:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def store_graph(self, document: dict[str, Any]) -> answers.StoredGraph:
        self.stored.append(document)
        known = {"version": 1, "created_at": "", "updated_at": "", "nodes": 0, "graph": document}
        return answers.StoredGraph.model_validate({"id": document["id"], "name": document["name"], **known})

    def list_node_types(self) -> dict[str, Any]:
        return {}

    def deploy_graph(self, graph_id: str, **options: Any) -> answers.Deployment:
        self.deployed.append((graph_id, options))
        return answers.Deployment.model_validate(DEPLOYMENT)


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Bridge:
    made = Bridge()
    monkeypatch.setattr("vortex_prefect.cli.deploy.Bridge", lambda home: made)
    return made


def test_options_reach_the_bridge(bridge: Bridge) -> None:
    graph_id = new_id()
    arguments = "--name n --pool p --cron 0_3_*_*_* --timezone UTC --param radius=4 --tag a --tag b --limit 2 --paused"
    words = [word.replace("_", " ") for word in arguments.split()]
    done = CliRunner().invoke(app, ["deploy", graph_id, *words, "--json"])
    assert done.exit_code == 0, done.output
    assert bridge.deployed == [
        (
            graph_id,
            {
                "name": "n", "pool": "p", "cron": "0 3 * * *", "interval_s": None, "timezone": "UTC",
                "parameters": {"radius": 4}, "tags": ["a", "b"], "concurrency_limit": 2, "paused": True,
            },
        )
    ]  # fmt: skip
    assert bridge.stored == []


def test_a_file_is_stored_under_an_id_that_stays(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({"schema": "vortex.graph/1", "name": "f", "nodes": {}, "edges": []}))
    for _ in range(2):
        assert CliRunner().invoke(app, ["deploy", str(path)]).exit_code == 0
    first, second = (document["id"] for document in bridge.stored)
    assert first == second
    assert [graph_id for graph_id, _ in bridge.deployed] == [first, first]
