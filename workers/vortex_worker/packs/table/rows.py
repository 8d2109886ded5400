"""Rows: which, in which order, how many."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pyarrow as pa
import torch

from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.packs.table.frames import arrow_errors, names_of, require_columns
from vortex_worker.sdk import Doc, Json, Many, Range, Table, node

_COUNT = Range(0, 2**40)


class Parts(NamedTuple):
    first: Table
    second: Table


@node("table.sort", category="rows", title="Sort rows")
def sort(
    table: Table, columns: Annotated[Json, Doc("By which columns, the first before the second.")] = (),
    descending: bool = False,
) -> Table:  # fmt: skip
    """Put rows in the order of some columns; equal ones keep theirs, and gaps come last."""
    import pyarrow.compute as pc

    names = require_columns(table, names_of(columns, "columns"))
    if not names:
        raise ValueError("columns names nothing to sort by")
    with arrow_errors("the rows have no order"):
        order = "descending" if descending else "ascending"
        return table.take(pc.sort_indices(table, sort_keys=[(name, order) for name in names]))


@node("table.slice", category="rows", title="Take some rows")
def slice_(
    table: Table,
    start: Annotated[int, _COUNT, Doc("The first row, counted from 0.")] = 0,
    count: Annotated[int, _COUNT, Doc("How many at most.")] = 10,
) -> Table:
    """Some rows one after the other."""
    return table.slice(start, count)


@node("table.sample", category="rows", title="Draw rows")
def sample(table: Table, count: Annotated[int, Range(0, 2**31)] = 10, seed: Seed = 0) -> Table:
    """Different rows by chance, in the table's order; all if there are no more."""
    drawn = torch.randperm(table.num_rows, generator=generator(seed))[:count].sort().values
    return table.take(pa.array(drawn.numpy()))


@node("table.split", category="rows", title="Split rows by chance")
def split(
    table: Table, share: Annotated[float, Range(0.0, 1.0), Doc("Of the first part.")] = 0.8, seed: Seed = 0
) -> Parts:
    """Deal rows out to two tables by chance, for training and test say; each keeps the table's order."""
    order = torch.randperm(table.num_rows, generator=generator(seed))
    cut = round(share * table.num_rows)
    first, second = (table.take(pa.array(part.sort().values.numpy())) for part in (order[:cut], order[cut:]))
    return Parts(first, second)


@node("table.concat", category="rows", title="Put tables together")
def concat(
    tables: Many[Table], strict: Annotated[bool, Doc("All must have the same columns; else gaps are left.")] = True
) -> Table:
    """The rows of all tables, one after the other."""
    if strict:
        for index, table in enumerate(tables[1:], 1):
            if not table.schema.equals(tables[0].schema):
                raise ValueError(f"table {index} has columns ({_said(table)}), but the first ({_said(tables[0])})")
    with arrow_errors("the tables do not go together"):
        return pa.concat_tables(tables, promote_options="none" if strict else "permissive")


@node("table.distinct", category="rows", title="Drop repeated rows")
def distinct(table: Table, columns: Annotated[Json, Doc("Equal in which columns; empty means all.")] = ()) -> Table:
    """Of rows that are equal only the first."""
    import pyarrow.compute as pc

    names = require_columns(table, names_of(columns, "columns")) or table.column_names
    if not names:
        return table
    mark = "_".join(["row", *table.column_names])  # no column is called so
    numbered = table.select(names).append_column(mark, pa.array(range(table.num_rows), pa.int64()))
    with arrow_errors("rows cannot be compared"):
        first = numbered.group_by(names, use_threads=False).aggregate([(mark, "min")]).column(f"{mark}_min")
    return table.take(pc.take(first, pc.sort_indices(first)))


def _said(table: pa.Table) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in table.schema)
