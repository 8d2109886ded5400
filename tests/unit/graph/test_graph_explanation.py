from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.graph.builders import graph, output, plan
from tests.unit.graph.strategies import runnable
from vortex_prefect.graph.explanation import explanation
from vortex_prefect.graph.model import Graph

NODES: dict[str, Any] = {
    "a": "canvas",
    "b": "blur",
    "c": "blur",
    "g": {"type": "canvas", "mode": "muted"},
    "h": "blur",
}
EDGES = ("a.image > b.image", "b.image > c.image", "g.image > h.image")


def test_each_node_has_a_state_and_words_for_it() -> None:
    found = plan(graph(NODES, *EDGES, outputs=[output("end", "c.image")]))
    known = {found.steps["b"].key or ""}
    told = explanation(found, known, {})
    assert [(node["id"], node["state"], node["what"]) for node in told["nodes"]] == [
        ("a", "unneeded", "does not run: all that was made of it is in the cache"),
        ("b", "cached", "is taken from the cache"),
        ("c", "dirty", "runs: not in the cache"),
        ("g", "skipped", "is skipped: it is muted"),
        ("h", "skipped", "is skipped: it needs image from g, which is muted"),
    ]
    assert told["counts"] == {"dirty": 1, "cached": 1, "unneeded": 1, "skipped": 2, "levels": 3, "segments": 1}
    assert told["levels"] == [["a"], ["b"], ["c"]]
    assert told["segments"] == [["a", "b", "c"]]
    assert told["critical_path"] == ["a", "b", "c"]
    assert told["outputs"] == {"end": "c.image"}
    assert told["nodes"][1] == {
        "id": "b", "type": "t.blur", "state": "cached", "what": "is taken from the cache",
        "level": 1, "segment": 0, "key": found.steps["b"].key,
    }  # fmt: skip
    assert (told["nodes"][3]["level"], told["nodes"][3]["segment"], told["nodes"][3]["key"]) == (None, None, None)


def test_a_forced_plan_runs_whatever_is_known() -> None:
    forced = plan(graph(NODES, *EDGES), force=True)
    told = explanation(forced, {step.key or "" for step in forced.steps.values()}, {})
    assert [node["what"] for node in told["nodes"][:3]] == ["runs: forced"] * 3
    assert told["counts"]["dirty"] == 3


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runnable(), st.data())
def test_it_agrees_with_the_plan(subject: Graph, draw: st.DataObject) -> None:
    found = plan(subject)
    keys = sorted({step.key for step in found.steps.values() if step.key is not None})
    known = draw.draw(st.sets(st.sampled_from(keys))) if keys else set()
    told = explanation(found, known, {})
    assert json.loads(json.dumps(told)) == told
    states = {node["id"]: node["state"] for node in told["nodes"]}
    assert [node_id for node_id, state in states.items() if state == "dirty"] == list(found.dirty(known))
    assert {node_id for node_id, state in states.items() if state == "skipped"} == set(found.skipped)
    assert all(found.steps[node_id].key in known for node_id, state in states.items() if state == "cached")
    assert sum(told["counts"][state] for state in ("dirty", "cached", "unneeded", "skipped")) == len(told["nodes"])
