from __future__ import annotations

from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.engine import planner
from vortex_prefect.engine.planner import Planner
from vortex_prefect.files.roots import ANYWHERE
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import compile_plan
from vortex_prefect.graph.validate import validate


def subject(**blur: Any) -> Graph:
    return graph({"a": "canvas", "b": {"type": "blur", **blur}}, "a.image > b.image")


def request(of: Graph, **fields: Any) -> ExecutionRequest:
    given = {"execution_id": "e", "graph": of.to_document(), "graph_hash": graph_hash(of), **fields}
    return ExecutionRequest(**given)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done anew: `read`, `check`."""
    found: list[str] = []

    def read(*arguments: Any) -> Graph:
        found.append("read")
        return parse_graph(*arguments)

    def check(*arguments: Any) -> Any:
        found.append("check")
        return validate(*arguments)

    monkeypatch.setattr(planner, "parse_graph", read)
    monkeypatch.setattr(planner, "validate", check)
    return found


def test_a_request_is_planned() -> None:
    found, plan = Planner(ANYWHERE).plan(request(subject(), force=True), CATALOGUE)
    assert found == subject()
    assert plan == compile_plan(subject(), CATALOGUE, targets=None, force=True, file_identity=str)


def test_what_did_not_change_is_neither_read_nor_checked_again(work: list[str]) -> None:
    subject_of = Planner(ANYWHERE)
    first = subject_of.plan(request(subject()), CATALOGUE)
    assert subject_of.plan(request(subject()), CATALOGUE) == first
    assert work == ["read", "check"]


def test_another_layout_is_read_and_not_checked(work: list[str]) -> None:
    subject_of = Planner(ANYWHERE)
    subject_of.plan(request(subject()), CATALOGUE)
    moved = subject(position={"x": 1, "y": 1}, title="Soft")
    found, plan = subject_of.plan(request(moved), CATALOGUE)
    assert found == moved
    assert plan.steps["b"].title == "Soft"
    assert work == ["read", "check", "read"]


def test_a_value_that_changed_is_read_and_checked(work: list[str]) -> None:
    subject_of = Planner(ANYWHERE)
    subject_of.plan(request(subject()), CATALOGUE)
    with pytest.raises(GraphError, match="VE-010"):
        subject_of.plan(request(subject(params={"radius": 99})), CATALOGUE)
    assert work == ["read", "check"] * 2


def test_a_graph_that_is_not_the_queued_one_is_refused_however_often() -> None:
    subject_of = Planner(ANYWHERE)
    subject_of.plan(request(subject()), CATALOGUE)
    queued = graph_hash(subject())
    for _ in range(2):
        with pytest.raises(GraphError, match="VE-011"):
            subject_of.plan(request(subject(params={"radius": 9}), graph_hash=queued), CATALOGUE)


def test_another_catalogue_is_another_check(work: list[str]) -> None:
    subject_of = Planner(ANYWHERE)
    subject_of.plan(request(subject()), CATALOGUE)
    poorer = Catalogue(tuple(spec for spec in CATALOGUE.all() if spec.type != "t.blur"))
    with pytest.raises(GraphError, match="VE-003"):
        subject_of.plan(request(subject()), poorer)
    assert work == ["read", "check"] * 2


def test_memory_is_bounded(work: list[str]) -> None:
    subject_of = Planner(ANYWHERE, capacity=2)
    for radius in (1, 2, 3, 1):
        subject_of.plan(request(subject(params={"radius": radius})), CATALOGUE)
    assert work == ["read", "check"] * 4
