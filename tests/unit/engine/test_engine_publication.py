from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.ids import new_id
from vortex_prefect.engine import publication
from vortex_prefect.engine.publication import Publication, pack, unpack

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(
    graph=st.dictionaries(st.text(), _JSON, max_size=5),
    targets=st.none() | st.lists(st.text(), max_size=3).map(tuple),
    force=st.booleans(),
    priority=st.integers(-1_000_000, 1_000_000),
    execution_id=st.none() | st.uuids().map(str),
    drawn=st.none() | st.dictionaries(st.text(), _JSON, max_size=2),
)
def test_a_publication_comes_back_from_json_as_it_was(
    graph: dict[str, Any],
    targets: tuple[str, ...] | None,
    force: bool,
    priority: int,
    execution_id: str | None,
    drawn: dict[str, Any] | None,
) -> None:
    given = Publication(graph, "hash", targets, force, priority, execution_id, drawn)
    assert Publication.from_job_variables(json.loads(json.dumps(given.to_job_variables()))) == given


def test_packed_text_is_one_line_and_smaller_than_its_json() -> None:
    graph = {"nodes": {f"node-{index}": {"type": "image.blur", "params": {"radius": index}} for index in range(500)}}
    packed = pack(graph)
    assert packed.isascii()
    assert not set(packed) & set(" \n\r\t")
    assert len(packed) < len(json.dumps(graph)) / 4
    assert unpack(packed) == graph


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_what_is_no_packed_graph_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="VE-001"):
        unpack(text)


@pytest.mark.parametrize("value", [None, 3, {"nodes": {}}, [], b"", pack([1]), pack("text")])  # type: ignore[arg-type]
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(GraphError, match="VE-001"):
        unpack(value)


@given(st.integers(min_value=0))
def test_a_graph_that_was_cut_short_is_refused(length: int) -> None:
    packed = pack({"nodes": {"a": {"type": "image.blur"}}})
    with pytest.raises(GraphError, match="VE-001"):
        unpack(packed[: length % len(packed)])


def test_a_small_text_that_inflates_beyond_any_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "_MAX_BYTES", 1 << 20)
    bomb = base64.b64encode(zlib.compress(b'{"a": "' + b" " * (8 << 20) + b'"}')).decode()
    assert len(bomb) < 20_000
    with pytest.raises(GraphError, match="larger than any graph"):
        unpack(bomb)


@pytest.mark.parametrize(
    "odd",
    [
        {"execution_id": "../../somewhere"},
        {"execution_id": 7},
        {"execution_id": new_id().upper()},
        {"targets": "all"},
        {"targets": [1]},
        {"priority": "high"},
        {"drawn": {"nodes": {}}},
    ],
)
def test_variables_that_somebody_set_by_hand_are_refused(odd: dict[str, Any]) -> None:
    variables = Publication({}, "hash", execution_id=new_id()).to_job_variables()
    with pytest.raises(GraphError, match="VE-001"):
        Publication.from_job_variables({**variables, **odd})


def test_missing_variables_mean_the_usual() -> None:
    assert Publication.from_job_variables({"graph": pack({}), "graph_hash": "h"}) == Publication({}, "h")
    with pytest.raises(GraphError, match="VE-001"):
        Publication.from_job_variables({})
