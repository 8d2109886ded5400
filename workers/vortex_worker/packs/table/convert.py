"""Between tables and other values."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from typing import Annotated

import numpy as np
import pyarrow as pa
import torch

from vortex_worker.packs.table.frames import arrow_errors, names_of, require_columns, require_type
from vortex_worker.sdk import Context, Doc, Json, Range, Table, Tensor, node

_MOST_ROWS = 100_000


@node("table.from_json", category="convert", title="Table of JSON")
def from_json(
    value: Annotated[Json, Doc("A list of objects, a row each; or an object of lists, a column each.")],
) -> Table:
    """Make a table of rows or columns that are written down."""
    with arrow_errors("the value is no table"):
        if isinstance(value, dict) and all(isinstance(items, list | tuple) for items in value.values()):
            return pa.table({str(name): pa.array(list(items)) for name, items in value.items()})
        if isinstance(value, list | tuple) and all(isinstance(row, dict) for row in value):
            names = dict.fromkeys(str(name) for row in value for name in row)
            return pa.table({name: pa.array([row.get(name) for row in value]) for name in names})
    raise ValueError(f"a table is a list of objects or an object of lists, not {value!r:.60}")


@node("table.to_json", category="convert", title="Rows as JSON", outputs=("rows",))
def to_json(table: Table) -> Json:
    """The rows as a list of objects; null for gaps and what is no number, dates as text."""
    if table.num_rows > _MOST_ROWS:
        raise ValueError(f"{table.num_rows} rows are more than the {_MOST_ROWS} that JSON is to hold; take some")
    return [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]


@node("table.to_text", category="convert", title="Table as text", outputs=("text",))
def to_text(table: Table, rows: Annotated[int, Range(1, 1000), Doc("How many at most.")] = 20) -> str:
    """The first rows as a Markdown table, for people."""
    lines = [" | ".join(table.column_names), " | ".join(["---"] * table.num_columns)]
    for row in table.slice(0, rows).to_pylist():
        cells = ("" if value is None else str(value) for value in row.values())
        lines.append(" | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells))
    return "\n".join(f"| {line} |" for line in lines)


@node("table.to_tensor", category="convert", title="Columns to tensor")
def to_tensor(
    table: Table, ctx: Context, columns: Annotated[Json, Doc("Columns of numbers; empty takes all.")] = ()
) -> Tensor:
    """Numbers as float32 of shape (row, column); NaN for gaps."""
    names = require_columns(table, names_of(columns, "columns")) or table.column_names
    if not names:
        raise ValueError("the table has no columns")
    values = [require_type(table, name).cast(pa.float64()).to_numpy() for name in names]
    return torch.from_numpy(np.stack(values, axis=1).astype(np.float32)).to(ctx.device)


@node("table.from_tensor", category="convert", title="Tensor to columns")
def from_tensor(
    tensor: Annotated[Tensor, Doc("(row, column), or one column alone.")],
    columns: Annotated[Json, Doc("Names; empty makes column_0, column_1, …")] = (),
) -> Table:
    """A table of the columns of a tensor."""
    if tensor.ndim not in (1, 2) or tensor.is_complex():
        raise ValueError(f"a {tensor.dtype} tensor of shape {tuple(tensor.shape)} is no table")
    values = tensor.detach().cpu().unsqueeze(1) if tensor.ndim == 1 else tensor.detach().cpu()
    if values.dtype in (torch.bfloat16, torch.float16):
        values = values.float()
    if values.shape[1] > 10_000:
        raise ValueError(f"{values.shape[1]} columns are too many for a table")
    names = names_of(columns, "columns") or [f"column_{index}" for index in range(values.shape[1])]
    if len(names) != values.shape[1]:
        raise ValueError(f"{len(names)} names for {values.shape[1]} columns")
    return pa.table([pa.array(np.ascontiguousarray(values[:, i].numpy())) for i in range(len(names))], names=names)


def plain(value: object) -> object:
    """A cell as JSON has it: null for NaN, text for dates and decimals, base64 for bytes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, decimal.Decimal | datetime.timedelta) else value
