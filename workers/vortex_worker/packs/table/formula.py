"""Formulas over columns, evaluated from their syntax tree: nothing but what stands in the tables here is possible."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Annotated, Any

import pyarrow as pa

from vortex_worker.packs.table.frames import arrow_errors, column
from vortex_worker.sdk import Doc, Table, Widget, node

#: Bounds the depth of the tree, and with it the recursion.
_MAX_LENGTH = 512

#: Syntax → function of `pyarrow.compute`.
_BINARY = {
    ast.Add: "add_checked", ast.Sub: "subtract_checked", ast.Mult: "multiply_checked", ast.Div: "divide",
    ast.Pow: "power",
}  # fmt: skip
_COMPARE = {
    ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal", ast.NotEq: "not_equal", ast.GtE: "greater_equal",
    ast.Gt: "greater",
}  # fmt: skip
_UNARY = {ast.USub: "negate_checked", ast.Not: "invert"}
#: Name in a formula → (function of `pyarrow.compute`, number of arguments).
_FUNCTIONS = {
    "abs": ("abs_checked", 1), "sqrt": ("sqrt", 1), "exp": ("exp", 1), "log": ("ln", 1), "round": ("round", 1),
    "floor": ("floor", 1), "ceil": ("ceil", 1),
    "min": ("min_element_wise", 2), "max": ("max_element_wise", 2),
    "lower": ("utf8_lower", 1), "upper": ("utf8_upper", 1), "length": ("utf8_length", 1),
    "is_null": ("is_null", 1), "coalesce": ("coalesce", 2),
    "year": ("year", 1), "month": ("month", 1), "day": ("day", 1),
}  # fmt: skip
#: Those whose second argument is a text, not a column.
_MATCHES = {"contains": "match_substring", "starts_with": "starts_with", "ends_with": "ends_with"}

Formula = Annotated[
    str,
    Widget("text"),
    Doc("Over columns by name, or column('any name'): + - * / **, comparisons, in, and/or/not, abs, lower, contains …"),
]


@node("table.filter", category="rows", title="Filter rows")
def filter_rows(table: Table, condition: Formula = "True") -> Table:
    """Keep the rows for which a condition holds; where it has no value, because of a gap, it does not."""
    found = evaluate(table, condition)
    if not pa.types.is_boolean(found.type):
        raise ValueError(f"{condition!r} is no condition, but gives {found.type}")
    return table.filter(found)


@node("table.compute", category="columns", title="Compute a column")
def compute(
    table: Table, name: Annotated[str, Doc("Of the column; one of that name is replaced.")], formula: Formula
) -> Table:
    """Add a column that a formula gives for each row."""
    values = evaluate(table, formula)
    if name in table.column_names:
        column(table, name)
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def evaluate(table: pa.Table, text: str) -> Any:
    """The value of a formula for each row, as an array.

    Raises:
        ValueError: it is no formula, or has no value for this table.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"a formula has at most {_MAX_LENGTH} characters, not {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        raise ValueError(f"{text!r} is not a formula") from error
    with arrow_errors(f"{text!r} has no value"):
        found = _value(tree.body, table)
        if isinstance(found, pa.ChunkedArray | pa.Array):
            return found
        return pa.repeat(found if isinstance(found, pa.Scalar) else pa.scalar(found), table.num_rows)


def _value(tree: ast.expr, table: pa.Table) -> Any:
    match tree:
        case ast.Constant(value=bool() | int() | float() | str() | None as constant):
            return pa.scalar(constant)
        case ast.Name(id=name):
            return column(table, name)
        case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str() as name)], keywords=[]):
            return column(table, name)
        case ast.BoolOp(op=op, values=values):
            joined = "and_kleene" if isinstance(op, ast.And) else "or_kleene"
            return _folded(joined, [_value(item, table) for item in values])
        case ast.Compare():
            return _comparison(tree, table)
    return _application(tree, table)


def _application(tree: ast.expr, table: pa.Table) -> Any:
    match tree:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _value(left, table), _value(right, table)
            if isinstance(op, ast.Div) and pa.types.is_integer(a.type) and pa.types.is_integer(b.type):
                a = a.cast(pa.float64())  # as Python divides
            if isinstance(op, ast.Add) and pa.types.is_string(a.type):
                return _call("binary_join_element_wise", a, b, pa.scalar(""))
            return _call(_BINARY[type(op)], a, b)
        case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
            return _call(_UNARY[type(unary)], _value(operand, table))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            function, count = _FUNCTIONS[name]
            if len(arguments) != count:
                raise ValueError(f"`{ast.unparse(tree)}` has {len(arguments)} values instead of {count}")
            return _call(function, *(_value(argument, table) for argument in arguments))
        case ast.Call(func=ast.Name(id=name), args=[text, ast.Constant(value=str() as wanted)], keywords=[]) if (
            name in _MATCHES
        ):
            return _call(_MATCHES[name], _value(text, table), pattern=wanted)
    raise ValueError(f"a formula cannot hold `{ast.unparse(tree)}`")


def _comparison(tree: ast.Compare, table: pa.Table) -> Any:
    left, found = _value(tree.left, table), []
    for op, item in zip(tree.ops, tree.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn) and isinstance(item, ast.List | ast.Tuple):
            found.append(_membership(left, item, wanted=isinstance(op, ast.In)))
            continue
        if isinstance(op, ast.Is | ast.IsNot) and isinstance(item, ast.Constant) and item.value is None:
            found.append(_call("is_null" if isinstance(op, ast.Is) else "is_valid", left))
            continue
        if type(op) not in _COMPARE:
            raise ValueError(f"a formula cannot hold `{ast.unparse(tree)}`")
        right = _value(item, table)
        found.append(_call(_COMPARE[type(op)], left, right))
        left = right
    return _folded("and_kleene", found)


def _membership(values: Any, listed: ast.List | ast.Tuple, *, wanted: bool) -> Any:
    constants = [item.value for item in listed.elts if isinstance(item, ast.Constant)]
    if len(constants) < len(listed.elts):
        raise ValueError(f"`{ast.unparse(listed)}` holds more than constants")
    found = _call("is_in", values, value_set=pa.array(constants, values.type))
    return found if wanted else _call("invert", found)


def _folded(name: str, values: list[Any]) -> Any:
    found = values[0]
    for value in values[1:]:
        found = _call(name, found, value)
    return found


def _call(name: str, *arguments: Any, **options: Any) -> Any:
    import pyarrow.compute as pc

    function: Callable[..., Any] = getattr(pc, name)
    return function(*arguments, **options)
