"""JSON text, whichever of the two encoders wrote it."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.store import json_text

#: Lone surrogates, which UTF-8 does not have, are among them.
texts = st.text(st.characters(exclude_categories=()))
scalars = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


@given(values)
def test_what_was_encoded_comes_back(value: Any) -> None:
    for encode, decode in (
        (json_text.encode, json_text.decode),
        (json_text.encode_standard, json_text.decode_standard),
    ):
        found = decode(encode(value))
        assert found == value
        assert json.dumps(found) == json.dumps(value)  # 1, 1.0 and True are equal


def test_what_is_no_number_comes_back() -> None:
    value = {"a": [math.nan, math.inf, -math.inf], "b": None}
    for encode, decode in (
        (json_text.encode, json_text.decode),
        (json_text.encode_standard, json_text.decode_standard),
    ):
        found = decode(encode(value))
        assert math.isnan(found["a"][0])
        assert (found["a"][1:], found["b"]) == ([math.inf, -math.inf], None)
    assert "NaN" not in json.loads(json_text.encode_standard(value))


@dataclass
class Point:
    x: int


@pytest.mark.parametrize("value", [Point(1), datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, b"bytes", object()])
def test_what_has_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json_text.encode({"value": value})


def test_kinds_of_dictionaries_and_keys_are_taken_as_python_takes_them() -> None:
    assert json_text.decode(json_text.encode(OrderedDict(a=(1, 2)))) == {"a": [1, 2]}
    assert json_text.decode(json_text.encode({1: "one"})) == {"1": "one"}
    assert json_text.decode(json_text.encode({"huge": 1 << 100})) == {"huge": float(1 << 100)}
