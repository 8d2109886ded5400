"""What the database itself reads out of documents, so that Python need not decode them. The functions are SQLite's."""

from __future__ import annotations

from sqlalchemy import JSON, case, func, select, type_coerce

from vortex_prefect.store.tables import executions, graphs

_outputs = func.json_extract(executions.c.document, "$.outputs")
_declared = func.coalesce(func.json_array_length(executions.c.document, "$.outputs"), 0)

#: How many nodes a graph has.
NODES = (
    select(func.count()).select_from(func.json_each(graphs.c.document, "$.nodes").table_valued("key")).scalar_subquery()
)

#: An execution's document: its outputs alone, or all of it if it declares none.
OUTPUTS_OR_ALL = type_coerce(
    case(
        (_declared > 0, func.json_object("outputs", func.json(_outputs))),
        else_=type_coerce(executions.c.document, JSON),
    ),
    JSON,
)
