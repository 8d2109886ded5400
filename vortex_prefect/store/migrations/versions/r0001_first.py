"""The first tables: the log, graphs, executions, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_uuid = sa.Uuid(as_uuid=False)
_sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "events",
        sa.Column("event_id", _uuid, nullable=False, unique=True),
        sa.Column("sequence_number", _sequence, primary_key=True, autoincrement=False),
        sa.Column("trace_id", _uuid),
        sa.Column("span_id", _uuid),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("aggregate_type", sa.String(32), nullable=False),
        sa.Column("aggregate_id", _uuid, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("ix_events_aggregate", "aggregate_id", "sequence_number"),
    )
    op.create_table(
        "graphs",
        sa.Column("id", _uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.Index("ix_graphs_updated", "updated_ms", "id"),
    )
    op.create_table(
        "executions",
        sa.Column("id", _uuid, primary_key=True),
        sa.Column("graph_id", _uuid, nullable=False),
        sa.Column("graph_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("started_ms", sa.BigInteger),
        sa.Column("finished_ms", sa.BigInteger),
        sa.Column("flow_run_id", sa.Text),
        sa.Column("prefect_url", sa.Text),
        sa.Column("nodes", sa.JSON, nullable=False),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True)),
        sa.Column("idempotency_key", sa.Text, unique=True),
        sa.Index("ix_executions_created", "created_ms", "id"),
        sa.Index("ix_executions_graph", "graph_id", "created_ms", "id"),
        sa.Index("ix_executions_status", "status", "created_ms", "id"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
    version = op.create_table("schema_version", sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))
    op.bulk_insert(version, [{"version": 1}])
