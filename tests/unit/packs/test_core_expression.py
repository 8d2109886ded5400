"""Formulas: they agree with Python where they hold arithmetic, and hold nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_worker.packs.core.expression import evaluate, expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", 5.0),
        ("2*a**2 - -b", 11.0),
        ("7 // 2 + 7 % 4", 6.0),
        ("(a + b) / c", 1.25),
        ("a < b <= 3", 1.0),
        ("a < b < 3", 0.0),
        ("not a", 0.0),
        ("0 or b", 3.0),
        ("a and 0 and 1/0", 0.0),
        ("a if a > b else b", 3.0),
        ("max(a, b, c) + min(a, b)", 6.0),
        ("sqrt(16) + abs(-1) + floor(1.9) + ceil(0.1)", 7.0),
        ("round(2.675, 1)", 2.7),
        ("round(2.6)", 3.0),
        ("cos(pi) + log(e)", 0.0),
        ("log(8, 2)", 3.0),
        (" True + 1 ", 2.0),
    ],
)
def test_formulas(text: str, expected: float) -> None:
    assert expression(text, a=2.0, b=3.0, c=4.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "", "a +", "x", "pi = 3", "'text'", "1j", "None", "[1]", "a.real", "a[0]", "lambda: 1", "(b := 1)",
        "__import__('os')", "abs", "abs(a, b)", "sqrt()", "min(a)", "max(*[1, 2])", "max(1, 2, key=abs)", "a @ b",
        "a << b", "a & b", "~a", "a in b", "a is b", "f'{a}'", "sqrt(-1)", "(-8) ** 0.5", "(lambda: 1)()",
        "abs(a)(b)", "a\0", "9" * 300, "(" * 200 + "a",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the messages are Python's for some
        evaluate(text, {"a": 1.0, "b": 2.0, "c": 3.0})


@pytest.mark.parametrize("text", ["1/0", "1 % 0", "10 ** 400", "9**9**9**9", "exp(1000)", "1e308 * 10", "1e999"])
def test_no_result_is_infinite(text: str) -> None:
    with pytest.raises(ArithmeticError):
        evaluate(text, {})


def test_deepest_tree_that_the_length_allows() -> None:
    assert evaluate("-" * 255 + "1", {}) == -1.0
    assert evaluate("not " * 63 + "1", {}) == 0.0


numbers = st.floats(-1e6, 1e6, allow_nan=False)
formulas = st.recursive(
    st.sampled_from(["a", "b", "c", "1", "2.5"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "<", ">="]), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=12,
)


@given(formulas, numbers, numbers, numbers)
def test_agrees_with_python(text: str, a: float, b: float, c: float) -> None:
    expected = float(eval(text, {"__builtins__": {}}, {"a": a, "b": b, "c": c}))
    result = evaluate(text, {"a": a, "b": b, "c": c})
    assert result == expected or math.isclose(result, expected, rel_tol=1e-12)
