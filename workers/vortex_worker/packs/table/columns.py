"""Columns: which there are, what they are called, of which type they are, and where they have gaps."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pyarrow as pa

from vortex_worker.packs.table.frames import TYPES, arrow_errors, column, names_of, require_columns
from vortex_worker.sdk import Choices, Doc, Json, Table, node

Columns = Annotated[Json, Doc("A list of column names.")]
Column = Annotated[str, Doc("Its name.")]


class Info(NamedTuple):
    rows: int
    columns: Annotated[Json, Doc("Their names.")]
    types: Annotated[Json, Doc("Name → type.")]


@node("table.info", category="table")
def info(table: Table) -> Info:
    """Tell how many rows a table has, and which columns."""
    return Info(table.num_rows, table.column_names, {field.name: str(field.type) for field in table.schema})


@node("table.check", category="table", title="Check columns")
def check(
    table: Table, columns: Annotated[Json, Doc('Name → type, such as {"price": "double"}; "" takes any type.')] = ()
) -> Table:
    """Pass the table on if it has these columns of these types; fail if not."""
    wanted = columns if isinstance(columns, dict) else dict.fromkeys(names_of(columns, "columns"), "")
    for name, kind in wanted.items():
        found = str(column(table, name).type)
        if kind and found != kind:
            raise ValueError(f"column {name!r} holds {found}, not {kind}")
    return table


@node("table.select", category="columns", title="Select columns")
def select(table: Table, columns: Columns = ()) -> Table:
    """Keep some columns, in this order."""
    return table.select(require_columns(table, names_of(columns, "columns")))


@node("table.drop", category="columns", title="Drop columns")
def drop(table: Table, columns: Columns = ()) -> Table:
    """Leave some columns out."""
    return table.drop_columns(require_columns(table, names_of(columns, "columns")))


@node("table.rename", category="columns", title="Rename columns")
def rename(table: Table, names: Annotated[Json, Doc('Old name → new name, such as {"a": "b"}.')] = ()) -> Table:
    """Give columns other names."""
    if not isinstance(names, dict):
        raise ValueError(f"names is an object of old and new names, not {names!r:.60}")
    require_columns(table, names_of(list(names), "names"))
    after = [str(names.get(name, name)) for name in table.column_names]
    names_of(after, "the table")
    return table.rename_columns(after)


@node("table.cast", category="columns", title="Change column type")
def cast(
    table: Table,
    column_: Column,
    type: Annotated[str, Choices(*TYPES), Doc("What does not fit is an error.")] = "float64",
) -> Table:
    """Turn a column into another type."""
    values = column(table, column_)
    with arrow_errors(f"column {column_!r} does not become {type}"):
        return _replaced(table, column_, values.cast(TYPES[type]))


@node("table.fill_null", category="columns", title="Fill gaps")
def fill_null(
    table: Table,
    column_: Column,
    method: Annotated[str, Choices("value", "mean", "forward", "backward")] = "value",
    value: Annotated[Json, Doc("In method value.")] = 0,
) -> Table:
    """Put a value where a column has none: a given one, the mean, or that of the row before or after."""
    import pyarrow.compute as pc

    values = column(table, column_)
    with arrow_errors(f"column {column_!r} cannot be filled"):
        if method in ("forward", "backward"):
            filled = (pc.fill_null_forward if method == "forward" else pc.fill_null_backward)(values)
        elif method == "mean":
            values = values.cast(pa.float64())
            mean = pc.mean(values)
            filled = pc.fill_null(values, mean) if mean.is_valid else values
        else:
            filled = pc.fill_null(values, pa.scalar(value, values.type))
    return _replaced(table, column_, filled)


@node("table.drop_null", category="rows", title="Drop rows with gaps")
def drop_null(table: Table, columns: Annotated[Json, Doc("In which columns; empty means any.")] = ()) -> Table:
    """Leave out rows that lack a value."""
    import functools

    import pyarrow.compute as pc

    names = require_columns(table, names_of(columns, "columns")) or table.column_names
    if not names:
        return table
    return table.filter(functools.reduce(pc.and_, [pc.is_valid(table.column(name)) for name in names]))


@node("table.column", category="columns", title="Values of a column", outputs=("values",))
def column_values(table: Table, column_: Column) -> Json:
    """A column as a JSON list; null where there is no value, dates as text."""
    from vortex_worker.packs.table.convert import plain

    return [plain(value) for value in column(table, column_).to_pylist()]


@node("table.add_index", category="columns", title="Number the rows")
def add_index(table: Table, name: Annotated[str, Doc("Of the new column.")] = "index") -> Table:
    """Put a column before the others that counts rows from 0."""
    if name in table.column_names:
        raise ValueError(f"there is a column {name!r} already")
    return table.add_column(0, name, pa.array(range(table.num_rows), pa.int64()))


def _replaced(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
