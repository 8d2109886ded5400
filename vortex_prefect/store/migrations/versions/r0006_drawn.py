"""Graphs as they were drawn, where what ran is another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """What was drawn for earlier executions, nobody knows."""
    op.create_table(
        "drawn_graphs",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.add_column("executions", sa.Column("drawn", sa.String(64)))
    op.create_index("ix_executions_drawn", "executions", ["drawn"])
    # Releases before Alembic read this one, and refuse what they do not know.
    op.execute(sa.text("UPDATE schema_version SET version = 6"))
