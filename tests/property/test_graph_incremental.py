"""The incremental compiler against the plain one, over random graphs and random edits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.graph.builders import CATALOGUE
from tests.unit.graph.strategies import drafts, mutations, runnable
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.edits import apply, parse_mutations
from vortex_prefect.graph.incremental import IncrementalCompiler
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.plan import Plan, compile_plan
from vortex_prefect.graph.validate import validate

Edit = tuple[dict[str, Any], list[str | None], bool]

#: How long an example takes says nothing about it on a shared machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FILES = ("x.png", "y.png", "12", "box", "", "ü")
contents = st.lists(st.sampled_from(["one", "two", None]), min_size=len(FILES), max_size=len(FILES))

#: Edits that leave a runnable graph runnable more often than arbitrary ones do.
gentle = st.one_of(
    st.fixed_dictionaries(
        {
            "op": st.just("node.param"),
            "id": st.sampled_from([f"n{i}" for i in range(10)]),
            "name": st.sampled_from(["value", "size", "radius", "factor", "kernel", "data", "path"]),
            "value": st.sampled_from([0, 1, 2, 3.5, True, "box", "x.png", "y.png", [1], [True], {"a": 1}]),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("node.policy"),
            "id": st.sampled_from([f"n{i}" for i in range(10)]),
            "retries": st.integers(0, 3),
            "tags": st.lists(st.sampled_from("ab"), max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("node.move"),
            "id": st.sampled_from([f"n{i}" for i in range(10)]),
            "x": st.integers(0, 9),
            "y": st.integers(0, 9),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("node.title"),
            "id": st.sampled_from([f"n{i}" for i in range(10)]),
            "title": st.sampled_from([None, "Soft"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "op": st.just("node.mode"),
            "id": st.sampled_from([f"n{i}" for i in range(10)]),
            "mode": st.sampled_from(["active", "muted", "bypassed"]),
        }
    ),
    st.fixed_dictionaries({"op": st.just("node.delete"), "id": st.sampled_from([f"n{i}" for i in range(10)])}),
)


def identity(held: list[str | None]) -> Callable[[str], str]:
    def look(path: str) -> str:
        found = dict(zip(FILES, held, strict=True)).get(path, "other")
        if found is None:
            raise FileNotFoundError(path)
        return found

    return look


def outcome(compile_: Callable[..., Plan], graph: Graph, **arguments: Any) -> Any:
    """Everything of a plan, told apart as strictly as text is; or what was refused."""
    try:
        plan = compile_(graph, CATALOGUE, **arguments)
    except GraphError as error:
        return error.to_dict()
    return ascii(plan), plan.graph_hash


@unhurried
@given(runnable(), st.lists(st.tuples(gentle | mutations, contents, st.booleans()), max_size=8), st.booleans())
def test_plans_equal_fresh_ones_whatever_is_edited(graph: Graph, edits: list[Edit], some: bool) -> None:
    compiler = IncrementalCompiler()
    first: Edit = ({"op": "graph.rename", "name": ""}, ["one"] * len(FILES), False)
    for wish, held, force in [first, *edits]:
        with suppress(GraphError):
            edited, _ = apply(graph, parse_mutations([wish]))
            if not validate(edited, CATALOGUE):
                graph = edited
        targets = tuple(sorted(item.name for item in graph.outputs))[:2] if some else None
        arguments: dict[str, Any] = {"targets": targets, "force": force, "file_identity": identity(held)}
        # Parsed again, as whoever receives a document does: no object is the one that was planned before.
        again = parse_graph(graph.to_document(), Limits())
        fresh = outcome(compile_plan, again, **arguments)
        assert outcome(compiler.compile, again, **arguments) == fresh
        assert outcome(compiler.compile, again, **arguments) == fresh


@unhurried
@given(st.lists(drafts, max_size=6))
def test_graphs_that_share_an_id_are_not_mixed_up(graphs: list[Graph]) -> None:
    compiler = IncrementalCompiler()
    for graph in graphs:
        if not validate(graph, CATALOGUE):
            arguments: dict[str, Any] = {"targets": None, "force": False, "file_identity": str}
            fresh = outcome(compile_plan, graph, **arguments)
            assert outcome(compiler.compile, graph, **arguments) == fresh
