"""Keys that follow from what really came."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.graph.builders import graph, plan
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.engine.late_keys import KeyMaker, identity, list_identity
from vortex_prefect.graph.plan import Step

TENSOR = Value("IMAGE", TensorRef("h", 1, 0, 64, (1,), "float32", 0))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=1), inner, max_size=2),
    max_leaves=4,
)


def step(**changes: Any) -> Step:
    return plan(graph({"b": "blur", "c": "canvas"}, "c.image > b.image")).steps["b"]._replace(**changes)


def key(subject: Step, item: str = "x", **constant: list[str | None]) -> str | None:
    return KeyMaker(subject, constant).key({"image": item}, {})


def test_everything_that_decides_the_result_is_in_the_key() -> None:
    subject = step()
    others = [
        key(step(node_type="t.mask")),
        key(step(params={"radius": 9.0})),
        key(step(files={"lut": "1"})),
        key(step(files={"lut": "2"})),
        key(step(spec=subject.spec.model_copy(update={"version": 2}))),
        key(subject, "y"),
        key(subject, mask=["m"]),
        KeyMaker(subject, {}).key({"mask": "x"}, {}),
        KeyMaker(subject, {}).key({"image": "x"}, {"path": "1"}),
    ]
    assert key(subject) == key(step())
    assert len({key(subject), *others}) == len(others) + 1
    assert None not in others


def test_what_has_no_identity_makes_no_key() -> None:
    assert key(step(), mask=[None]) is None
    assert key(step(volatile=True)) is None
    assert KeyMaker(step(), {}).key({"image": None}, {}) is None
    assert KeyMaker(step(), {}).key({"image": "x"}, {"path": None}) is None


def test_tensors_count_by_their_maker_and_values_by_themselves() -> None:
    assert identity(TENSOR, "made by k") == "made by k"
    assert identity(TENSOR, None) is None
    assert identity(Value("FLOAT", data=1.0), None) == identity(Value("FLOAT", data=1.0), "k") is not None
    assert identity(Value("FLOAT", data=float("nan")), "k") == "k"
    assert list_identity(["a", None]) is None
    assert len({list_identity(["a", "b"]), list_identity(["b", "a"]), list_identity(["a"])}) == 3


@given(JSON, JSON)
def test_different_values_have_different_identities(one: Any, other: Any) -> None:
    same = identity(Value("JSON", data=one), None) == identity(Value("JSON", data=other), None)
    # Not ==, for which True is 1.
    assert same == (repr(_sorted(one)) == repr(_sorted(other)))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
