"""Formulas over numbers, evaluated from their syntax tree: nothing but arithmetic is possible."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Annotated

from vortex_worker.packs.core.numbers import Number, finite
from vortex_worker.sdk import Doc, Widget, node

#: Bounds the depth of the tree, and with it the recursion.
_MAX_LENGTH = 256

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: lambda value: float(not value),
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
}
_CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": abs, "min": min, "max": max, "round": lambda value, digits=0.0: round(value, int(digits)),
    "floor": math.floor, "ceil": math.ceil,
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log2": math.log2, "log10": math.log10,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "atan2": math.atan2, "hypot": math.hypot,
}  # fmt: skip


@node("core.expression", category="math", outputs=("value",))
def expression(
    expression: Annotated[
        str,
        Widget("text"),
        Doc("With + - * / // % **, comparisons, and/or/not, `x if y else z`, pi, sqrt, sin, min, max, …"),
    ] = "a + b",
    a: Number = 0.0,
    b: Number = 0.0,
    c: Number = 0.0,
) -> float:
    """Work a formula of a, b and c out. A comparison gives 1 or 0."""
    return evaluate(expression, {"a": a, "b": b, "c": c})


def evaluate(text: str, variables: Mapping[str, float]) -> float:
    """The value of a formula; all arithmetic is that of doubles, so no power takes long.

    Raises:
        ValueError: it is no formula, or has no value there (the square root of −1).
        ArithmeticError: it divides by zero or leaves the range of doubles.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"a formula has at most {_MAX_LENGTH} characters, not {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a formula") from error
    return finite(_value(tree.body, {**_CONSTANTS, **variables}))


def _value(tree: ast.expr, names: Mapping[str, float]) -> float:
    match tree:
        case ast.Constant(value=bool() | int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BoolOp(op=op, values=values):
            return _bool_op(op, values, names)
        case ast.Compare():
            return _comparison(tree, names)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _value(test, names) else orelse, names)
    function, arguments = _application(tree)
    try:
        return float(function(*(_value(argument, names) for argument in arguments)))
    except TypeError as error:
        raise ValueError(f"`{ast.unparse(tree)}` has too many or too few values") from error


def _application(tree: ast.expr) -> tuple[Callable[..., float], list[ast.expr]]:
    match tree:
        case ast.BinOp(left=left, op=binary, right=right) if type(binary) in _BINARY:
            return _BINARY[type(binary)], [left, right]
        case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
            return _UNARY[type(unary)], [operand]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name], arguments
    raise ValueError(f"a formula cannot hold `{ast.unparse(tree)}`")


def _bool_op(op: ast.boolop, values: list[ast.expr], names: Mapping[str, float]) -> float:
    """`and` and `or` as Python has them: the value that decided, the rest unevaluated."""
    value = 0.0
    for item in values:
        value = _value(item, names)
        if bool(value) is isinstance(op, ast.Or):
            break
    return value


def _comparison(tree: ast.Compare, names: Mapping[str, float]) -> float:
    left = _value(tree.left, names)
    for op, item in zip(tree.ops, tree.comparators, strict=True):
        if type(op) not in _COMPARE:
            raise ValueError(f"a formula cannot hold `{ast.unparse(tree)}`")
        right = _value(item, names)
        if not _COMPARE[type(op)](left, right):
            return 0.0
        left = right
    return 1.0
