from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.unit.graph.builders import CATALOGUE, graph, output, plan
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.graph import incremental, keys
from vortex_prefect.graph.canonical import content_key
from vortex_prefect.graph.incremental import IncrementalCompiler
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.plan import Plan

EDGES = ("a.image > b.image", "a.image > c.image", "b.image > d.a", "c.image > d.b", "l.image > m.image")


def subject(**changes: Any) -> Graph:
    """a → b and c → d; a file l → m."""
    nodes: dict[str, Any] = {"a": "canvas", "b": "blur", "c": "blur", "d": "mix", "m": "blur"}
    nodes |= {"l": {"type": "load", "params": {"path": "x.png"}}}
    return graph({**nodes, **changes}, *EDGES, outputs=[output("end", "d.image")])


def blur(**fields: Any) -> dict[str, Any]:
    return {"type": "blur", **fields}


def compiled(compiler: IncrementalCompiler, of: Graph, **arguments: Any) -> Plan:
    given = {"targets": None, "force": False, "file_identity": "content of {}".format, **arguments}
    return compiler.compile(of, CATALOGUE, **given)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Types of the nodes whose content keys were computed."""
    found: list[str] = []

    def spy(node_type: str, *rest: Any) -> str | None:
        found.append(node_type.removeprefix("t."))
        return content_key(node_type, *rest)

    monkeypatch.setattr(incremental, "content_key", spy)
    monkeypatch.setattr(keys, "content_key", spy)
    return found


@pytest.mark.parametrize(
    ("changes", "recomputed"),
    [
        ({}, []),
        ({"b": blur(position={"x": 9, "y": 9})}, []),
        ({"b": blur(title="Soft", retries=3)}, ["blur"]),
        ({"b": blur(params={"radius": 9})}, ["blur", "mix"]),
        ({"d": {"type": "mix", "title": "End"}}, ["mix"]),
        ({"e": "canvas"}, ["canvas"]),
        ({"b": blur(mode="bypassed")}, ["mix"]),
    ],
    ids=["nothing", "layout", "policy", "value", "last", "one more", "mode"],
)
def test_only_what_depends_on_a_change_is_computed(
    changes: dict[str, Any], recomputed: list[str], hashed: list[str]
) -> None:
    compiler = IncrementalCompiler()
    compiled(compiler, subject())
    hashed.clear()
    found = compiled(compiler, subject(**changes))
    assert hashed == recomputed
    assert found == plan(subject(**changes))


TWO: dict[str, Any] = {"a": "canvas", "b": "canvas", "s": "stack"}
DRIVEN: dict[str, Any] = {"c": "canvas", "n": {"type": "number", "mode": "muted"}, "b": blur()}
DRIVES = ("c.image > b.image", "n.out > b.radius")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            graph(TWO, "a.image > s.images", "b.image > s.images"),
            graph(TWO, "b.image > s.images", "a.image > s.images"),
        ),
        (graph(TWO, "a.image > s.images", "b.image > s.images"), graph(TWO, "a.image > s.images")),
        (graph(TWO, "a.image > s.images"), graph(TWO, "b.image > s.images")),
        (
            graph(TWO, "a.image > s.images", outputs=[output("end", "s.image")]),
            graph(TWO, "a.image > s.images", outputs=[output("end", "a.image")]),
        ),
        (graph(DRIVEN, *DRIVES), graph({**DRIVEN, "b": blur(params={"radius": "nonsense"})}, *DRIVES)),
    ],
    ids=["order into a list", "an edge less", "another edge", "another output", "a value in place of a driver"],
)
def test_another_structure_is_found(before: Graph, after: Graph) -> None:
    compiler = IncrementalCompiler()
    compiled(compiler, before)
    found = compiled(compiler, after)
    assert ascii(found) == ascii(plan(after)) != ascii(plan(before))


def test_files_are_looked_at_anew_each_time(hashed: list[str]) -> None:
    compiler = IncrementalCompiler()
    compiled(compiler, subject())
    hashed.clear()
    changed = compiled(compiler, subject(), file_identity=lambda _: "other")
    assert hashed == ["load", "blur"]
    assert changed == plan(subject(), file_identity=lambda _: "other")
    assert compiled(compiler, subject()) == plan(subject())


def test_a_file_that_is_gone_is_refused_and_may_come_back() -> None:
    def gone(path: str) -> str:
        raise FileNotFoundError(path)

    compiler = IncrementalCompiler()
    before = compiled(compiler, subject())
    with pytest.raises(GraphError) as caught:
        compiled(compiler, subject(), file_identity=gone)
    assert [(problem.code, problem.node_id) for problem in caught.value.problems] == [("VE-010", "l")]
    assert compiled(compiler, subject()) == before


def test_force_is_of_the_plan_alone() -> None:
    compiler = IncrementalCompiler()
    assert compiled(compiler, subject(), force=True) == plan(subject(), force=True)
    assert compiled(compiler, subject()) == plan(subject())


def test_targets_have_plans_of_their_own() -> None:
    compiler = IncrementalCompiler()
    for targets in (None, ("end",), None, ("end",)):
        assert compiled(compiler, subject(), targets=targets) == plan(subject(), targets=targets)


def test_another_catalogue_begins_anew() -> None:
    newer = Catalogue(tuple(spec.model_copy(update={"version": 2}) for spec in CATALOGUE.all()))
    compiler = IncrementalCompiler()
    before = compiled(compiler, subject())
    after = compiler.compile(subject(), newer, targets=None, force=False, file_identity="content of {}".format)
    assert not {step.key for step in before.steps.values()} & {step.key for step in after.steps.values()}


def test_true_is_not_one() -> None:
    compiler = IncrementalCompiler()
    for value in (1, True, 1.0, {"x": [1]}, {"x": [True]}):
        tag = graph({"t": {"type": "tag", "params": {"data": value}}})
        assert ascii(compiled(compiler, tag).steps) == ascii(plan(tag).steps)


def test_it_forgets_the_plan_that_was_not_asked_for_the_longest() -> None:
    compiler = IncrementalCompiler(capacity=2)
    for name in "abcab":
        compiled(compiler, subject().model_copy(update={"id": name}))
        assert len(compiler) <= 2


def test_threads_may_share_it() -> None:
    compiler = IncrementalCompiler(capacity=2)
    variants = [subject(b=blur(params={"radius": radius})) for radius in range(8)]
    expected = [plan(variant) for variant in variants]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert list(pool.map(lambda variant: compiled(compiler, variant), variants)) == expected
