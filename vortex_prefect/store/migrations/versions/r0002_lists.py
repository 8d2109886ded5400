"""Lists need neither decode documents nor count in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_graphs = sa.table("graphs", sa.column("id"), sa.column("document", sa.JSON), sa.column("nodes"))


def upgrade() -> None:
    """Count the nodes of graphs, and the changes of executions from now on."""
    op.add_column("graphs", sa.Column("nodes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("executions", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    connection = op.get_bind()
    for graph_id, document in connection.execute(sa.select(_graphs.c.id, _graphs.c.document)).all():
        count = len(document.get("nodes", ()))
        connection.execute(_graphs.update().where(_graphs.c.id == graph_id).values(nodes=count))
    op.execute("UPDATE schema_version SET version = 2")
