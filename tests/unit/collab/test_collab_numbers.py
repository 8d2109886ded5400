from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from vortex_prefect.collab.numbers import alike, read_param, stored_param
from vortex_prefect.core.nodespec import ParamSpec

INT = ParamSpec(name="n", type="INT")
FLOAT = ParamSpec(name="n", type="FLOAT")
JSON = ParamSpec(name="n", type="JSON")
STRING = ParamSpec(name="n", type="STRING")


def exactly(value: Any, wanted: Any) -> bool:
    return repr(value) == repr(wanted)


@pytest.mark.parametrize(
    ("spec", "stored", "wanted"),
    [
        (INT, 3.0, 3),
        (INT, 3.5, 3.5),
        (INT, True, True),
        (INT, "18446744073709551615", 18446744073709551615),
        (INT, "-9223372036854775808", -9223372036854775808),
        (INT, "18446744073709551616", "18446744073709551616"),
        (INT, "-9223372036854775809", "-9223372036854775809"),
        (INT, "１２", "１２"),
        (INT, "1" * 5_000, "1" * 5_000),
        (INT, "", ""),
        (INT, "-", "-"),
        (INT, 1e300, 1e300),
        (INT, float(1 << 62), 1 << 62),
        (INT, None, None),
        (INT, [3.0], [3.0]),
        (FLOAT, 3.0, 3.0),
        (STRING, 3.0, 3.0),
        (STRING, "12", "12"),
        (JSON, {"a": [3.0, 2.5, True, "12"]}, {"a": [3, 2.5, True, "12"]}),
        (None, 3.0, 3),
        (None, 2.0**53, 1 << 53),
        (None, 2.0**60, 2.0**60),
        (None, (1 << 60) + 1, (1 << 60) + 1),
    ],
)
def test_a_stored_number_is_read_by_the_type_of_its_parameter(spec: ParamSpec | None, stored: Any, wanted: Any) -> None:
    assert exactly(read_param(spec, stored), wanted)


@pytest.mark.parametrize("spec", [None, INT, FLOAT, JSON, STRING])
@pytest.mark.parametrize(
    "value", [0, 3, -(1 << 53), (1 << 53) + 1, (1 << 60) + 1, 1 << 63, (1 << 63) - 1, (1 << 64) - 1]
)
def test_the_library_carries_what_is_stored_and_everybody_reads_the_same(spec: ParamSpec | None, value: int) -> None:
    doc: Doc[Any] = Doc()
    here = doc.get("m", type=Map)
    here["flat"], here["deep"] = stored_param(spec, value), stored_param(JSON, [{"a": value}])
    copy: Doc[Any] = Doc()
    there = copy.get("m", type=Map)
    copy.apply_update(doc.get_update())
    # As a peer may store it.
    here["raw"] = min(value, (1 << 63) - 1)
    copy.apply_update(doc.get_update())
    for name in ("flat", "deep", "raw"):
        assert exactly(read_param(spec, here[name]), read_param(spec, there[name]))
    if spec is INT:
        assert exactly(read_param(spec, there["flat"]), value)
    else:
        assert there["flat"] == value or there["flat"] == str(value) or spec is FLOAT


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (3, 3.0, True),
        (1, True, False),
        (False, 0, False),
        (True, True, True),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1], [1, 2], False),
        ("1", 1, False),
        (None, None, True),
        (None, 0, False),
        (2.0**60, 1 << 60, False),
    ],
)
def test_values_are_alike_if_they_read_the_same(first: Any, second: Any, wanted: bool) -> None:
    assert alike(first, second) is wanted
    assert alike(second, first) is wanted
