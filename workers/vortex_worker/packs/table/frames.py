"""What table nodes share: columns by name, and Arrow's errors as one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

#: Type names that people choose → Arrow's.
TYPES = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def names_of(value: Any, name: str) -> list[str]:
    """A JSON list of column names; one name alone counts as a list of one.

    Raises:
        ValueError: it is none, or has a name twice.
    """
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
        raise ValueError(f"{name} is a list of column names, not {value!r:.60}")
    if len(set(listed)) < len(listed):
        raise ValueError(f"{name} has a column twice")
    return list(listed)


def require_columns(table: pa.Table, names: list[str]) -> list[str]:
    """The names; ValueError if the table lacks one, or has one twice."""
    for name in names:
        count = table.column_names.count(name)
        if count != 1:
            there = ", ".join(table.column_names) or "none"
            raise ValueError(
                f"there is no column {name!r}; the table's columns: {there}"
                if count == 0
                else f"{count} columns are called {name!r}; rename them"
            )
    return names


def column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column by its name; ValueError if there is none."""
    return table.column(require_columns(table, [name])[0])


def require_type(table: pa.Table, name: str, *, number: bool = True) -> pa.ChunkedArray:
    """A column of numbers; ValueError if it is of something else."""
    found = column(table, name)
    kind = found.type
    if number and not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise ValueError(f"column {name!r} holds {kind}, not numbers")
    return found


@contextlib.contextmanager
def arrow_errors(what: str) -> Iterator[None]:
    """Say what it was that Arrow could not do."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:
        reason = str(error.args[0] if error.args else error).splitlines()[0]
        raise ValueError(f"{what}: {reason}") from error
