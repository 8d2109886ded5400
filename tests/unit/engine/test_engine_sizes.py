"""Sizes of outputs that were seen tell the memory of plans to come."""

from __future__ import annotations

from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine.sizes import Sizes
from vortex_prefect.graph.explanation import explanation


def tensor(nbytes: int) -> dict[str, Value]:
    return {"image": Value("IMAGE", TensorRef("h", 1, 4096, nbytes, (1,), "float32", 0))}


def test_a_size_is_known_by_key_else_by_type() -> None:
    found = plan(
        graph({"a": "canvas", "b": {"type": "canvas", "params": {"size": 9}}, "c": "blur"}, "a.image > c.image")
    )
    sizes = Sizes()
    assert sizes.of(found) == {}
    sizes.note(found.steps["a"], tensor(100))
    sizes.note(found.steps["b"], tensor(7))
    assert sizes.of(found) == {"a": 100, "b": 7}
    other = plan(graph({"new": {"type": "canvas", "params": {"size": 10}}}))
    assert sizes.of(other) == {"new": 7}


def test_lists_count_their_items_and_plain_values_nothing() -> None:
    found = plan(graph({"a": "canvas"}))
    sizes = Sizes()
    item = tensor(5)["image"]
    sizes.note(found.steps["a"], {"image": Value("LIST[IMAGE]", items=(item, None, item)), "n": Value("INT", data=1)})
    assert sizes.of(found) == {"a": 10}


def test_an_explained_plan_tells_its_memory() -> None:
    found = plan(graph({"a": "canvas", "b": "blur"}, "a.image > b.image"))
    assert explanation(found, frozenset(), {"a": 3, "b": 4})["memory"] == {
        "peak_bytes": 7,
        "at_node": "b",
        "unknown": 0,
    }
    assert explanation(found, frozenset(), {})["memory"]["unknown"] == 2
