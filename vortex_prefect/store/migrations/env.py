"""What Alembic runs: migrations on the connection, and in the transaction, of who asks (`store.schema`)."""

from __future__ import annotations

from alembic import context

from vortex_prefect.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite's is, too, where BEGIN is said as `store.sqlite` says it.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
