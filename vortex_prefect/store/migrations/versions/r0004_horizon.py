"""Up to where the snapshots of shared documents have forgotten what was overwritten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Snapshots of before have forgotten nothing."""
    op.add_column("documents", sa.Column("horizon", sa.LargeBinary()))
    # Releases before Alembic read this one, and refuse what they do not know.
    op.execute(sa.text("UPDATE schema_version SET version = 4"))
