"""Values, arithmetic, text, structure and choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from vortex_worker.packs.core import arithmetic, flow, structure, text, values


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (values.float_value, 1.5),
        (values.int_value, -7),
        (values.bool_value, True),
        (values.string_value, "ä"),
        (values.json_value, {"a": [1, None]}),
        (values.seed_value, 2**64 - 1),
    ],
)
def test_constants_give_their_value(function: Callable[..., Any], value: Any) -> None:
    assert function(value) == value
    assert type(function()) is (tuple if isinstance(value, dict) else type(value))


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (arithmetic.add, (1.5, 2.0), 3.5),
        (arithmetic.subtract, (1.5, 2.0), -0.5),
        (arithmetic.multiply, (1.5, 2.0), 3.0),
        (arithmetic.divide, (3.0, 2.0), 1.5),
        (arithmetic.modulo, (-1.0, 3.0), 2.0),
        (arithmetic.power, (2.0, -1.0), 0.5),
        (arithmetic.minimum, (1.0, 2.0), 1.0),
        (arithmetic.maximum, (1.0, 2.0), 2.0),
        (arithmetic.absolute, (-2.0,), 2.0),
        (arithmetic.rounded, (2.675, 1), 2.7),
        (arithmetic.rounded, (1234.0, -2), 1200.0),
        (arithmetic.clamp, (5.0, 0.0, 1.0), 1.0),
        (arithmetic.clamp, (-5.0, 0.0, 1.0), 0.0),
        (arithmetic.clamp, (0.5, 0.0, 1.0), 0.5),
        (arithmetic.lerp, (10.0, 20.0, 0.25), 12.5),
        (arithmetic.to_int, (2.5, "nearest"), 2),
        (arithmetic.to_int, (-2.5, "down"), -3),
        (arithmetic.to_int, (2.1, "up"), 3),
        (arithmetic.to_int, (-2.9, "cut"), -2),
        (arithmetic.compare, (1.0, 2.0, "less"), True),
        (arithmetic.compare, (2.0, 2.0, "less_or_equal"), True),
        (arithmetic.compare, (2.0, 2.0, "equal"), True),
        (arithmetic.compare, (2.0, 2.0, "not_equal"), False),
        (arithmetic.compare, (1.0, 2.0, "greater_or_equal"), False),
        (arithmetic.compare, (1.0, 2.0, "greater"), False),
        (arithmetic.logic, (True, False, "and"), False),
        (arithmetic.logic, (True, False, "or"), True),
        (arithmetic.logic, (True, True, "xor"), False),
        (arithmetic.negate, (True,), False),
    ],
)
def test_arithmetic(function: Callable[..., Any], arguments: tuple[Any, ...], expected: Any) -> None:
    result = function(*arguments)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (arithmetic.add, (1.7e308, 1.7e308)),
        (arithmetic.multiply, (1e308, 10.0)),
        (arithmetic.divide, (1.0, 0.0)),
        (arithmetic.divide, (1e308, 1e-10)),
        (arithmetic.modulo, (1.0, 0.0)),
        (arithmetic.power, (10.0, 400.0)),
    ],
)
def test_no_result_is_infinite(function: Callable[..., Any], arguments: tuple[float, ...]) -> None:
    with pytest.raises(ArithmeticError):
        function(*arguments)


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="math domain"):
        arithmetic.power(-1.0, 0.5)
    with pytest.raises(ValueError, match="low 2 is above high 1"):
        arithmetic.clamp(0.0, 2.0, 1.0)


def test_text() -> None:
    assert text.concat("a", "b", ", ") == "a, b"
    assert text.replace("abab", "b", "c") == "acac"
    assert text.replace("ab", "", "c") == "ab"
    assert text.length("äö") == 2
    assert [text.case("heLLo you", case) for case in ("lower", "upper", "title", "capitalize")] == [
        "hello you",
        "HELLO YOU",
        "Hello You",
        "Hello you",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ä", "ä"),
        (1.5, "1.5"),
        (True, "true"),
        ([1, "ä"], '[1, "ä"]'),
        (torch.zeros(1, 2, dtype=torch.float16), "float16 tensor (1, 2)"),
    ],
)
def test_to_string(value: Any, expected: str) -> None:
    assert text.to_string(value) == expected


def test_format_fills_in() -> None:
    assert text.format_text("{a}/{b:.2f}/{c:>4}|{{}}", a="x", b=1.005, c=True) == "x/1.00/true|{}"
    assert text.format_text("{a}", a=[1, 2]) == "[1, 2]"
    assert text.format_text("{a:03d}", a=7) == "007"


@pytest.mark.parametrize("template", ["{a.__class__}", "{a[0]}", "{d}", "{}", "{0}", "{b}", "{a!x}", "{a"])
def test_format_refuses_all_but_names_with_values(template: str) -> None:
    with pytest.raises(ValueError, match=r"is not one of|no value|conversion|expected"):
        text.format_text(template, a="x")


def test_lists() -> None:
    assert structure.make_list([1, "a"]) == [1, "a"]
    assert structure.list_length([1, 2, 3]) == 3
    with pytest.raises(ValueError, match="is a dict, not a list"):
        structure.list_length({})


# The examples of RFC 6901, section 5.
RFC_6901 = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", RFC_6901), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2),
        ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_json_pointer(pointer: str, expected: Any) -> None:
    assert structure.json_get(RFC_6901, pointer) == expected


@pytest.mark.parametrize("pointer", ["foo", "/bar", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/x", "/foo/²"])
def test_json_pointer_that_leads_nowhere(pointer: str) -> None:
    with pytest.raises(ValueError, match=r"leads nowhere|does not begin"):
        structure.json_get(RFC_6901, pointer)


def test_switch() -> None:
    assert flow.switch(on_true=1, on_false=None) == 1
    assert flow.switch(on_true=1, on_false=0, condition=False) == 0


def test_select() -> None:
    inputs = {f"in_{place}": place * 10 for place in range(8)}
    assert flow.select(**inputs) == 0
    assert [flow.select(**inputs, index=index) for index in range(8)] == list(range(0, 80, 10))


def test_passthrough() -> None:
    tensor = torch.zeros(1)
    assert flow.passthrough(tensor) is tensor
