"""The tables, in types that SQLite and PostgreSQL share."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)

metadata = MetaData()

# SQLite makes only a column declared INTEGER the row's own key; it holds 64 bits all the same.
_sequence = BigInteger().with_variant(Integer, "sqlite")
_uuid = Uuid(as_uuid=False)
_of_workers = text("aggregate_type = 'Worker'")
# A null of Python becomes SQL's NULL, not the JSON text `null`.
_json_or_null = JSON(none_as_null=True)

#: The log: §6.1 of the specification. Rows are never changed or removed.
events = Table(
    "events",
    metadata,
    Column("event_id", _uuid, nullable=False, unique=True),
    Column("sequence_number", _sequence, primary_key=True, autoincrement=False),
    Column("trace_id", _uuid),
    Column("span_id", _uuid),
    Column("event_type", String(64), nullable=False),
    Column("aggregate_type", String(32), nullable=False),
    Column("aggregate_id", _uuid, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_events_aggregate", "aggregate_id", "sequence_number"),
    # Few among a million: without it their list reads the whole log. Other events do not pay for it.
    Index("ix_events_workers", "sequence_number", sqlite_where=_of_workers, postgresql_where=_of_workers),
)

#: Columns are the fields of `core.contracts.GraphRecord`, and how many nodes the document has.
graphs = Table(
    "graphs",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("nodes", Integer, nullable=False),
    #: `core.lifecycle.GraphState`.
    Column("state", String(16), nullable=False, server_default="created"),
    Index("ix_graphs_updated", "updated_ms", "id"),
)

#: Columns are the fields of `core.contracts.ExecutionRecord`, two of its options (the key, and what was drawn), and how
#: often it was changed.
#: `graph_id` is no foreign key: an execution outlives its graph.
executions = Table(
    "executions",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("graph_id", _uuid, nullable=False),
    Column("graph_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("document", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    Column("flow_run_id", Text),
    Column("prefect_url", Text),
    Column("nodes", JSON, nullable=False),
    Column("values", JSON, nullable=False),
    Column("error", _json_or_null),
    Column("idempotency_key", Text, unique=True),
    Column("revision", Integer, nullable=False, server_default="0"),
    #: The key of its row in `drawn_graphs`; null: what it ran is what was drawn.
    Column("drawn", String(64)),
    Index("ix_executions_drawn", "drawn"),
    Index("ix_executions_created", "created_ms", "id"),
    Index("ix_executions_graph", "graph_id", "created_ms", "id"),
    Index("ix_executions_status", "status", "created_ms", "id"),
)

#: Shared documents; columns are the fields of `core.contracts.StoredDocument`.
documents = Table(
    "documents",
    metadata,
    Column("graph_id", _uuid, primary_key=True),
    Column("snapshot", LargeBinary, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    # Null: nothing is forgotten.
    Column("horizon", LargeBinary),
)

#: Their edits; columns are the fields of `core.contracts.DocumentUpdate`.
document_updates = Table(
    "document_updates",
    metadata,
    Column("graph_id", _uuid, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    Column("author", JSON, nullable=False),
)

#: Executions that wait, or left the queue lately; columns are the fields of `core.contracts.QueueEntry`.
queue_entries = Table(
    "queue_entries",
    metadata,
    Column("execution_id", _uuid, primary_key=True),
    Column("graph_id", _uuid, nullable=False),
    Column("user", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("not_before_ms", BigInteger),
    Column("left_ms", BigInteger),
    Index("ix_queue_left", "left_ms"),
)

#: Graphs that stand in others as a node; columns are the fields of `core.contracts.PublishedNode`.
#: `graph_id` is no foreign key: what was published outlives its graph.
published_nodes = Table(
    "published_nodes",
    metadata,
    Column("type", String(200), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("graph_id", _uuid, nullable=False),
    Column("graph_version", BigInteger, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)

#: Graphs as they were drawn, of executions that ran another one, by the SHA-256 of their content.
drawn_graphs = Table(
    "drawn_graphs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("document", JSON, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("value", JSON, nullable=False),
)

#: One row: the schema's version as releases before Alembic read it, so that they refuse what is later.
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False))
