"""Tables joined, and rows gathered into groups."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa

from vortex_worker.packs.table.frames import arrow_errors, column, names_of, require_columns, require_type
from vortex_worker.sdk import Choices, Doc, Json, Table, node

_JOINS = {"inner": "inner", "left": "left outer", "right": "right outer", "full": "full outer",
          "semi": "left semi", "anti": "left anti"}  # fmt: skip
_FUNCTIONS = ("sum", "mean", "min", "max", "count", "count_distinct", "stddev", "variance", "first", "last")
_OF_NUMBERS = ("sum", "mean", "stddev", "variance")
_STATISTICS = ("count", "nulls", "mean", "std", "min", "25%", "50%", "75%", "max")


@node("table.join", category="tables", title="Join tables")
def join(
    left: Table,
    right: Table,
    keys: Annotated[Json, Doc("Names of the columns that must be equal; both tables have them.")] = (),
    how: Annotated[
        str, Choices(*_JOINS), Doc("semi: rows of left that have a partner; anti: those that have none.")
    ] = "inner",
    suffix: Annotated[str, Doc("For columns of right whose name left has too.")] = "_right",
) -> Table:
    """Put rows of two tables side by side that agree in some columns."""
    names = names_of(keys, "keys")
    if not names:
        raise ValueError("keys names no column to join by")
    for table in (left, right):
        require_columns(table, names)
    for name in names:
        if left.schema.field(name).type != right.schema.field(name).type:
            kinds = f"{left.schema.field(name).type} and {right.schema.field(name).type}"
            raise ValueError(f"key {name!r} is {kinds}; cast one of them")
    with arrow_errors("the tables cannot be joined"):
        joined = left.join(right, names, join_type=_JOINS[how], right_suffix=suffix, use_threads=False)
        # Arrow promises no order of rows.
        return joined.sort_by([(name, "ascending") for name in names])


@node("table.aggregate", category="groups", title="Group and aggregate")
def aggregate(
    table: Table,
    keys: Annotated[Json, Doc("Columns that tell groups apart; empty makes one group of all rows.")] = (),
    values: Annotated[Json, Doc('Such as {"price": ["mean", "min"]}; also sum, count, stddev, first, …')] = (),
) -> Table:
    """One row for each group of rows; a column for each function, `price_mean` say."""
    names = require_columns(table, names_of(keys, "keys"))
    if not isinstance(values, dict) or not values:
        raise ValueError('values is an object of columns and functions, such as {"price": "mean"}')
    wanted: list[tuple[str, str]] = []
    for name, functions in values.items():
        for function in [functions] if isinstance(functions, str) else list(functions):
            if function not in _FUNCTIONS:
                raise ValueError(f"{function!r} is not one of {', '.join(_FUNCTIONS)}")
            require_type(table, name, number=function in _OF_NUMBERS)
            wanted.append((name, function))
    with arrow_errors("the groups cannot be aggregated"):
        found = table.group_by(names, use_threads=False).aggregate(wanted)
        return found.sort_by([(name, "ascending") for name in names]) if names else found


@node("table.value_counts", category="groups", title="Count values")
def value_counts(table: Table, column_: Annotated[str, Doc("Its name.")]) -> Table:
    """How often each value of a column occurs, the most frequent first."""
    column(table, column_)
    grouped = table.select([column_]).group_by(column_, use_threads=False).aggregate([(column_, "count", _all())])
    counted = grouped.rename_columns({f"{column_}_count": "count" if column_ != "count" else "count_"})
    return counted.sort_by([(counted.column_names[1], "descending"), (column_, "ascending")])


@node("table.describe", category="table", title="Describe numbers")
def describe(table: Table) -> Table:
    """A row for each column of numbers: how many there are, mean, deviation (of a sample), quartiles, ends."""
    import pyarrow.compute as pc

    rows = []
    for field in table.schema:
        if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
            continue
        values = column(table, field.name).cast(pa.float64())
        quartiles = pc.quantile(values, [0.25, 0.5, 0.75]).to_pylist()
        ends = pc.min_max(values).as_py()
        deviation = pc.stddev(values, ddof=1, min_count=2).as_py()
        rows.append(
            (field.name, values.length() - values.null_count, values.null_count, pc.mean(values).as_py(), deviation,
             ends["min"], *quartiles, ends["max"])
        )  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * (len(_STATISTICS) + 1)
    kinds = [pa.string(), pa.int64(), pa.int64(), *[pa.float64()] * 7]
    return pa.table(
        {name: pa.array(list(values), kind)
         for name, values, kind in zip(("column", *_STATISTICS), columns, kinds, strict=True)}
    )  # fmt: skip


def _all() -> object:
    import pyarrow.compute as pc

    return pc.CountOptions(mode="all")
