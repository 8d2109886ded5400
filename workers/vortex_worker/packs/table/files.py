"""Tables in files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa

from vortex_worker.packs.table.frames import arrow_errors, names_of, require_columns
from vortex_worker.sdk import Choices, Context, Doc, File, Json, Table, node, open_input

Separator = Annotated[str, Choices(",", ";", "tab", "|", "space"), Doc("Between two fields of a line.")]
Overwrite = Annotated[bool, Doc("Replace a file of that name; else the new one gets a number.")]
Columns = Annotated[Json, Doc("Names of the columns to read; empty reads all.")]

_SEPARATORS = {"tab": "\t", "space": " "}


@node("table.read_csv", category="file", title="Read CSV")
def read_csv(
    path: Annotated[Path, File(), Doc("A text file in UTF-8.")],
    separator: Separator = ",",
    header: Annotated[bool, Doc("The first line names the columns; else they are f0, f1, …")] = True,
    columns: Columns = (),
) -> Table:
    """Read a table from a CSV file; the types of its columns are what all their fields fit."""
    from pyarrow import csv

    wanted = names_of(columns, "columns")
    with open_input(path) as file, arrow_errors(f"{path} is no CSV table"):
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(autogenerate_column_names=not header, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=_SEPARATORS.get(separator, separator)),
        )
    return table.select(require_columns(table, wanted)) if wanted else table


@node("table.write_csv", category="file", title="Write CSV", volatile=True)
def write_csv(
    table: Table,
    ctx: Context,
    filename: Annotated[str, Doc("Within the execution's output folder.")] = "table.csv",
    separator: Separator = ",",
    overwrite: Overwrite = False,
) -> Path:
    """Write a table to a CSV file, with a line of column names."""
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    with arrow_errors("the table has no CSV form"):
        csv.write_csv(table, sink, csv.WriteOptions(delimiter=_SEPARATORS.get(separator, separator)))
    return ctx.write_output(filename, sink.getvalue().to_pybytes(), overwrite=overwrite)


@node("table.read_parquet", category="file", title="Read Parquet")
def read_parquet(path: Annotated[Path, File(), Doc("A .parquet file.")], columns: Columns = ()) -> Table:
    """Read a table, or some of its columns, from a Parquet file."""
    from pyarrow import parquet

    wanted = names_of(columns, "columns")
    with open_input(path) as file, arrow_errors(f"{path} is no Parquet table"):
        opened = parquet.ParquetFile(file)
        if wanted:
            require_columns(opened.schema_arrow.empty_table(), wanted)
        return opened.read(columns=wanted or None, use_threads=False)


@node("table.write_parquet", category="file", title="Write Parquet", volatile=True)
def write_parquet(
    table: Table,
    ctx: Context,
    filename: Annotated[str, Doc("Within the execution's output folder.")] = "table.parquet",
    compression: Annotated[str, Choices("zstd", "snappy", "none")] = "zstd",
    overwrite: Overwrite = False,
) -> Path:
    """Write a table to a Parquet file, which keeps the types of its columns."""
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    with arrow_errors("the table has no Parquet form"):
        parquet.write_table(table, sink, compression=compression)
    return ctx.write_output(filename, sink.getvalue().to_pybytes(), overwrite=overwrite)


@node("table.read_json", category="file", title="Read JSON lines")
def read_json(path: Annotated[Path, File(), Doc("A JSON object a line.")]) -> Table:
    """Read a table from a file of JSON objects, a row each."""
    from pyarrow import json

    with open_input(path) as file, arrow_errors(f"{path} holds no JSON object a line"):
        return json.read_json(file, read_options=json.ReadOptions(use_threads=False))


@node("table.read_arrow", category="file", title="Read Arrow")
def read_arrow(path: Annotated[Path, File(), Doc("An Arrow IPC file (.arrow, .feather) or stream.")]) -> Table:
    """Read a table from an Arrow file."""
    with open_input(path) as file:
        data = pa.py_buffer(file.read())
    with arrow_errors(f"{path} is no Arrow table"):
        is_file = data.size >= 6 and data[:6].to_pybytes() == b"ARROW1"
        table = (pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)).read_all()
        table.validate(full=True)
        return table


@node("table.write_arrow", category="file", title="Write Arrow", volatile=True)
def write_arrow(
    table: Table,
    ctx: Context,
    filename: Annotated[str, Doc("Within the execution's output folder.")] = "table.arrow",
    overwrite: Overwrite = False,
) -> Path:
    """Write a table to an Arrow IPC file, which other programs map into memory as it is."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return ctx.write_output(filename, sink.getvalue().to_pybytes(), overwrite=overwrite)
