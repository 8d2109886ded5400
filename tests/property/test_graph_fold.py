"""A log added up on documents is what it adds up to on models."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.strategies import drafts, mutations
from vortex_prefect.core.errors import GraphError
from vortex_prefect.graph import fold
from vortex_prefect.graph.changes import CHANGES, diff
from vortex_prefect.graph.edits import apply, apply_inputs, parse_mutations
from vortex_prefect.graph.model import Graph


def as_stored(value: Any) -> Any:
    return json.loads(json.dumps(value))


def folded(graph: Graph, changes: Any) -> dict[str, Any]:
    document = fold.begin({"graph": as_stored(graph.to_document())})
    for change in changes:
        fold.apply(document, change.event_type, as_stored(change.payload))
    return document


def test_every_change_is_known() -> None:
    assert {*fold._APPLY, "GraphCreated", "GraphCloned"} == CHANGES


@given(drafts, st.lists(mutations, max_size=8))
def test_mutations(graph: Graph, wishes: list[dict[str, Any]]) -> None:
    changed, document = graph, fold.begin({"graph": as_stored(graph.to_document())})
    for wish in wishes:
        with suppress(GraphError):
            changed, changes = apply(changed, parse_mutations([wish]))
            for change in changes:
                fold.apply(document, change.event_type, as_stored(change.payload))
    assert document == as_stored(changed.to_document())


@given(drafts, drafts)
def test_differences(old: Graph, new: Graph) -> None:
    new = new.model_copy(update={"id": old.id})
    assert folded(old, diff(old, new)) == as_stored(new.to_document())


@given(drafts, st.data())
def test_a_snapshot_with_inputs_is_what_is_executed_and_stays_as_it_is(graph: Graph, draw: st.DataObject) -> None:
    names = [item.name for item in graph.inputs if item.node in graph.nodes]
    inputs = draw.draw(st.dictionaries(st.sampled_from(names), st.integers(0, 9))) if names else {}
    document = as_stored(graph.to_document())
    before = deepcopy(document)
    found = fold.snapshot(document, inputs)
    assert found == as_stored(apply_inputs(graph, inputs).to_document())
    assert document == before
    kept = deepcopy(found)
    for node_id in graph.nodes:
        fold.apply(document, "NodeMoved", {"node_id": node_id, "x": 77, "y": 77})
    document["edges"].clear()
    assert found == kept
