"""Where a graph stands in its life, the queue with its order, and shared documents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_uuid = sa.Uuid(as_uuid=False)
_of_workers = sa.text("aggregate_type = 'Worker'")
_executions = sa.table(
    "executions",
    *(sa.column(name, _uuid) for name in ("id", "graph_id")),
    sa.column("options", sa.JSON),
    sa.column("created_ms"),
    sa.column("status"),
)


def upgrade() -> None:
    """Stores of version 2 may have the documents already, and the workers' index."""
    tables = set(sa.inspect(op.get_bind()).get_table_names())
    if "documents" not in tables:
        _create_documents()
    op.create_index(
        "ix_events_workers", "events", ["sequence_number"],
        sqlite_where=_of_workers, postgresql_where=_of_workers, if_not_exists=True,
    )  # fmt: skip
    # What was executed, nobody knows without the log: the next change or execution sets it right.
    op.add_column("graphs", sa.Column("state", sa.String(16), nullable=False, server_default="modified"))
    queue = _create_queue()
    waiting = sa.select(_executions).where(_executions.c.status == "queued")
    rows = [_entry(dict(row)) for row in op.get_bind().execute(waiting).mappings()]
    if rows:
        op.bulk_insert(queue, rows)
    # Releases before Alembic read this one, and refuse what they do not know.
    op.execute("UPDATE schema_version SET version = 3")


def _create_queue() -> sa.Table:
    return op.create_table(
        "queue_entries",
        sa.Column("execution_id", _uuid, primary_key=True),
        sa.Column("graph_id", _uuid, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("queued_ms", sa.BigInteger, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger),
        sa.Column("left_ms", sa.BigInteger),
        sa.Index("ix_queue_left", "left_ms"),
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("graph_id", _uuid, primary_key=True),
        sa.Column("snapshot", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "document_updates",
        sa.Column("graph_id", _uuid, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("author", sa.JSON, nullable=False),
    )


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "execution_id": row["id"],
        "graph_id": row["graph_id"],
        "user": "local",
        "priority": row["options"].get("priority", 0),
        "place": row["created_ms"] << 20,
        "queued_ms": row["created_ms"],
        "not_before_ms": None,
        "left_ms": None,
    }
