"""Graphs that were published as node types."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing was published before."""
    op.create_table(
        "published_nodes",
        sa.Column("type", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("graph_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("graph_version", sa.BigInteger, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    # Releases before Alembic read this one, and refuse what they do not know.
    op.execute(sa.text("UPDATE schema_version SET version = 5"))
