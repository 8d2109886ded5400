"""Long tables and wide ones."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa

from vortex_worker.packs.table.frames import arrow_errors, column, names_of, require_columns
from vortex_worker.sdk import Doc, Json, Table, node

#: More columns make no table that anybody reads.
_MOST_COLUMNS = 10_000


@node("table.unpivot", category="layout", title="Columns to rows")
def unpivot(
    table: Table,
    columns: Annotated[Json, Doc("Which columns; all of one type.")] = (),
    name: Annotated[str, Doc("Of the column that says which one it was.")] = "variable",
    value: Annotated[str, Doc("Of the column of their values.")] = "value",
) -> Table:
    """A row for each value of some columns; the other columns are repeated."""
    wanted = require_columns(table, names_of(columns, "columns"))
    if not wanted:
        raise ValueError("columns names none")
    rest = table.drop_columns(wanted)
    if clash := {name, value} & set(rest.column_names):
        raise ValueError(f"there is a column {min(clash)!r} already")
    parts = []
    for each in wanted:
        said = pa.array([each] * table.num_rows, pa.string())
        parts.append(rest.append_column(name, said).append_column(value, table.column(each)))
    with arrow_errors("the columns are not of one type"):
        return pa.concat_tables(parts)


@node("table.pivot", category="layout", title="Rows to columns")
def pivot(
    table: Table,
    keys: Annotated[Json, Doc("Columns that tell the new rows apart.")] = (),
    names: Annotated[str, Doc("Column whose values become column names.")] = "variable",
    values: Annotated[str, Doc("Column of what stands in them.")] = "value",
) -> Table:
    """A column for each value of one column; gaps where a row has no such value."""
    index = require_columns(table, names_of(keys, "keys"))
    cells = column(table, values)
    titles = ["" if title is None else str(title) for title in column(table, names).to_pylist()]
    known = sorted(set(titles))
    if len(known) > _MOST_COLUMNS:
        raise ValueError(f"column {names!r} has {len(known)} values, too many for columns")
    if clash := set(index) & set(known):
        raise ValueError(f"a new column would be called {min(clash)!r}, as a key is")
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for row, title, cell in zip(_rows(table.select(index)), titles, cells.to_pylist(), strict=True):
        found = rows.setdefault(row, {})
        if title in found:
            raise ValueError(f"{title!r} occurs twice for {row}; aggregate first")
        found[title] = cell
    made = {
        name: pa.array([key[place] for key in rows], table.schema.field(name).type) for place, name in enumerate(index)
    }
    made |= {title: pa.array([row.get(title) for row in rows.values()], cells.type) for title in known}
    return pa.table(made)


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    if not table.num_columns:
        return [()] * table.num_rows
    return list(zip(*(values.to_pylist() for values in table.columns), strict=True))
