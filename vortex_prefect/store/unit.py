"""One transaction over the tables: the `UnitOfWork` of `core.contracts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)

from vortex_prefect.core.contracts import (
    DocumentUpdate,
    ExecutionRecord,
    GraphHead,
    GraphRecord,
    PublishedNode,
    QueueEntry,
    StoredDocument,
)
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.ids import is_id
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.core.recent import Recent
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.store.document_rows import DocumentRows
from vortex_prefect.store.drawn_rows import DrawnRows
from vortex_prefect.store.log_unit import LogUnit
from vortex_prefect.store.published_rows import PublishedRows
from vortex_prefect.store.queue_rows import QueueRows
from vortex_prefect.store.rows import execution_of, execution_row, graph_of, graph_row, text_of
from vortex_prefect.store.session import Session
from vortex_prefect.store.tables import executions, graphs, settings

T = TypeVar("T")
Row = dict[str, Any]

# The statements of the hot path are built once.
_GRAPH_VERSION = select(graphs.c.version).where(graphs.c.id == bindparam("id"))
_GRAPH = select(graphs).where(graphs.c.id == bindparam("id"))
_GRAPH_STATE = select(graphs.c.state).where(graphs.c.id == bindparam("id"))
_GRAPH_HEADS = select(*(column for column in graphs.c if column is not graphs.c.document))
_EXECUTION_REVISION = select(executions.c.revision).where(executions.c.id == bindparam("id"))
_EXECUTION = select(executions).where(executions.c.id == bindparam("id"))
_CHANGED: dict[Table, dict[str, ColumnElement[Any]]] = {
    executions: {"revision": executions.c.revision + 1},
    # Whoever makes another version has edited: `core.lifecycle` allows that in every state.
    graphs: {"state": case((graphs.c.version != bindparam("version"), GraphState.MODIFIED), else_=graphs.c.state)},
}
#: Table → how to replace a row, and how to make it. Two plain statements do for an upsert, whose syntax differs by
#: database, because there is one writer.
_PUT = {
    table: (
        update(table)
        .where(table.primary_key.columns[0] == bindparam("key"))
        .values({c.name: bindparam(c.name) for c in table.c if not c.server_default} | _CHANGED.get(table, {})),
        insert(table),
    )
    for table in (graphs, executions, settings)
}
#: Ids that one statement names.
_IDS = 500


@dataclass(frozen=True, slots=True)
class RecentRecords:
    """What a store keeps decoded."""

    graphs: Recent[GraphRecord] = field(default_factory=Recent)
    executions: Recent[ExecutionRecord] = field(default_factory=Recent)


class SqlUnit(LogUnit):
    """`UnitOfWork` in a session; each method may raise what `faults.translated` does."""

    def __init__(self, session: Session, recent: RecentRecords, *, writable: bool) -> None:
        super().__init__(session)
        self._recent = recent
        self._writable = writable
        self._written: dict[str, GraphRecord] = {}

    def put_graph(self, record: GraphRecord) -> None:
        """Insert or replace the current state of a graph.

        Raises:
            ValueError: the id is not a UUID in its canonical form.
        """
        self._put(graphs, graph_row(record))
        self._written[record.id] = record

    def delete_graph(self, graph_id: str) -> None:
        """Remove a graph from the current state; its events and executions stay."""
        if is_id(graph_id):
            self._write(delete(graphs).where(graphs.c.id == graph_id), _row_count)

    def graph(self, graph_id: str) -> GraphRecord | None:
        """The current state of a graph, or null."""
        head = self._first(_GRAPH_VERSION, {"id": graph_id}) if is_id(graph_id) else None
        if head is None:
            return None
        if (kept := self._recent.graphs.get(graph_id, head["version"])) is not None:
            return kept
        row = self._first(_GRAPH, {"id": graph_id})
        return self._keep_graph(graph_of(row)) if row else None

    def graph_state(self, graph_id: str) -> GraphState:
        """Where a graph stands; DELETED for one that is not there."""
        row = self._first(_GRAPH_STATE, {"id": graph_id}) if is_id(graph_id) else None
        return GraphState.DELETED if row is None else GraphState(row["state"])

    def put_graph_state(self, graph_id: str, state: GraphState) -> None:
        """Note where a graph stands."""
        if is_id(graph_id):
            self._write(update(graphs).where(graphs.c.id == graph_id).values(state=state.value), _row_count)

    def graphs(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphRecord]:
        """Graphs, last changed first; `before_ms` and `before_id`, of a page's last graph, continue it."""
        return [graph_of(row) for row in self._graphs(select(graphs), limit, before_ms, before_id)]

    def graph_heads(self, limit: int, before_ms: int | None = None, *, before_id: str | None = None) -> list[GraphHead]:
        """As `graphs`, without reading the documents."""
        return [
            GraphHead(**{**row, "state": GraphState(row["state"])})
            for row in self._graphs(_GRAPH_HEADS, limit, before_ms, before_id)
        ]

    def put_execution(self, record: ExecutionRecord) -> None:
        """Insert or replace an execution.

        Raises:
            RequestError: RQ-003 if another execution has its idempotency key.
            ValueError: an id is not a UUID in its canonical form.
        """
        row = execution_row(record)
        holder = self.execution_by_key(row["idempotency_key"]) if row["idempotency_key"] else None
        if holder and holder.id != record.id:
            raise RequestError("RQ-003", f"idempotency key {row['idempotency_key']!r} belongs to execution {holder.id}")
        self._put(executions, row)

    def execution(self, execution_id: str) -> ExecutionRecord | None:
        """An execution, or null."""
        head = self._first(_EXECUTION_REVISION, {"id": execution_id}) if is_id(execution_id) else None
        if head is None:
            return None
        if (kept := self._recent.executions.get(execution_id, head["revision"])) is not None:
            return kept
        row = self._first(_EXECUTION, {"id": execution_id})
        return self._keep_execution(row) if row else None

    def execution_by_key(self, idempotency_key: str) -> ExecutionRecord | None:
        """The execution that was queued with that idempotency key, or null."""
        row = self._first(select(executions).where(executions.c.idempotency_key == text_of(idempotency_key)))
        return execution_of(row) if row else None

    def executions(
        self,
        limit: int,
        *,
        graph_id: str | None = None,
        statuses: Sequence[ExecutionStatus] = (),
        before_ms: int | None = None,
        before_id: str | None = None,
    ) -> list[ExecutionRecord]:
        """Executions, newest first; `before_ms` and `before_id`, of a page's last execution, continue it."""
        statement = select(executions.c.id, executions.c.revision)
        statement = statement.order_by(executions.c.created_ms.desc(), executions.c.id.desc()).limit(limit)
        if graph_id is not None:
            if not is_id(graph_id):
                return []
            statement = statement.where(executions.c.graph_id == graph_id)
        if statuses:
            statement = statement.where(executions.c.status.in_([status.value for status in statuses]))
        if before_ms is not None:
            statement = statement.where(_precedes(executions.c.created_ms, executions.c.id, before_ms, before_id))
        return self._executions(self._all(statement))

    def forget_executions(self, ended_before_ms: int, limit: int) -> list[str]:
        """Remove executions that ended before, at most `limit`; their ids."""
        old = select(executions.c.id).where(executions.c.finished_ms < ended_before_ms).limit(limit)
        ids = [row["id"] for row in self._all(old.order_by(executions.c.finished_ms))]
        for start in range(0, len(ids), _IDS):
            self._write(delete(executions).where(executions.c.id.in_(ids[start : start + _IDS])), _row_count)
        return ids

    def put_queue_entry(self, entry: QueueEntry) -> None:
        """Insert or replace."""
        self._queue().put(entry)

    def queue_entry(self, execution_id: str) -> QueueEntry | None:
        """An entry of the queue, or null; also one that has left it lately."""
        return self._queue().get(execution_id)

    def waiting(self) -> list[QueueEntry]:
        """All entries that have not left the queue, in no order."""
        return self._queue().waiting()

    def queue_entries(self) -> list[QueueEntry]:
        """All entries, in no order."""
        return self._queue().all()

    def forget_queue_entries(self, left_before_ms: int) -> int:
        """Remove entries that left the queue before; how many."""
        return self._queue().forget(left_before_ms)

    def put_published(self, node: PublishedNode) -> None:
        """Insert or replace a version of a published graph."""
        PublishedRows(self._execute, self._write).put(node)

    def published(self) -> list[PublishedNode]:
        """Every version of every published graph, by name and version."""
        return PublishedRows(self._execute, self._write).all()

    def put_drawn(self, digest: str, document: Row) -> None:
        """Insert or replace a graph as it was drawn, under the digest that executions name."""
        DrawnRows(self._execute, self._write).put(digest, document)

    def drawn(self, digest: str) -> Row | None:
        """What was drawn, or null."""
        return DrawnRows(self._execute, self._write).get(digest)

    def has_drawn(self, digest: str) -> bool:
        """Whether that is there; its document is not read."""
        return DrawnRows(self._execute, self._write).has(digest)

    def drawn_graphs(self) -> dict[str, Row]:
        """All of them, by digest."""
        return DrawnRows(self._execute, self._write).all()

    def forget_drawn(self) -> list[str]:
        """Remove those that no execution names; their digests."""
        return DrawnRows(self._execute, self._write).forget()

    def document(self, graph_id: str) -> StoredDocument | None:
        """The shared document of a graph, or null while nobody has opened one."""
        return self._documents().get(graph_id)

    def put_document(self, document: StoredDocument) -> None:
        """Insert or replace; updates that its snapshot holds are forgotten."""
        self._documents().put(document)

    def settle_document(self, graph_id: str, number: int) -> None:
        """Note that events and record say what the document says up to this update."""
        self._documents().settle(graph_id, number)

    def delete_document(self, graph_id: str) -> None:
        """Remove a document and its updates."""
        self._documents().remove(graph_id)

    def append_updates(self, graph_id: str, updates: Sequence[DocumentUpdate]) -> None:
        """Store edits behind those that are there."""
        self._documents().append(graph_id, updates)

    def document_updates(self, graph_id: str, after: int) -> list[DocumentUpdate]:
        """Stored edits with a higher number, in order."""
        return self._documents().updates(graph_id, after)

    def unsettled_documents(self) -> list[str]:
        """Graphs of which a stored edit is in no event yet."""
        return self._documents().unsettled()

    def get_setting(self, name: str) -> Any:
        """A small JSON value kept under a name, or null."""
        row = self._first(select(settings).where(settings.c.name == name))
        return row["value"] if row else None

    def put_setting(self, name: str, value: Any) -> None:
        """Keep a small JSON value under a name."""
        self._put(settings, {"name": name, "value": value})

    def committed(self) -> None:
        """Let others have what was written."""
        for record in self._written.values():
            self._recent.graphs.put(record.id, record.version, record, len(record.document.get("nodes", ())))

    def _graphs(
        self, statement: Select[Any], limit: int, before_ms: int | None, before_id: str | None
    ) -> Sequence[RowMapping]:
        statement = statement.order_by(graphs.c.updated_ms.desc(), graphs.c.id.desc()).limit(limit)
        if before_ms is not None:
            statement = statement.where(_precedes(graphs.c.updated_ms, graphs.c.id, before_ms, before_id))
        return self._all(statement)

    def _executions(self, heads: Sequence[RowMapping]) -> list[ExecutionRecord]:
        known = ((head["id"], self._recent.executions.get(head["id"], head["revision"])) for head in heads)
        found = {record_id: record for record_id, record in known if record is not None}
        missing = [head["id"] for head in heads if head["id"] not in found]
        for start in range(0, len(missing), _IDS):
            named = select(executions).where(executions.c.id.in_(missing[start : start + _IDS]))
            found |= {row["id"]: self._keep_execution(row) for row in self._all(named)}
        return [found[head["id"]] for head in heads]

    def _keep_graph(self, record: GraphRecord) -> GraphRecord:
        if not self._writable:  # what a writer reads may be its own, and be rolled back
            self._recent.graphs.put(record.id, record.version, record, len(record.document.get("nodes", ())))
        return record

    def _keep_execution(self, row: RowMapping) -> ExecutionRecord:
        record = execution_of(row)
        if not self._writable:
            self._recent.executions.put(record.id, row["revision"], record, len(record.nodes))
        return record

    def _put(self, table: Table, row: Row) -> None:
        replacement, creation = _PUT[table]
        key = row[table.primary_key.columns[0].name]
        if self._write(replacement, _row_count, {**row, "key": key}) == 0:
            self._write(creation, _row_count, row)

    def _documents(self) -> DocumentRows:
        return DocumentRows(self._execute, self._write)

    def _queue(self) -> QueueRows:
        return QueueRows(self._execute, self._write)


def _row_count(result: CursorResult[Any]) -> int:
    return result.rowcount


def _precedes(
    at: ColumnElement[int], key: ColumnElement[str], before_ms: int, before_id: str | None
) -> ColumnElement[bool]:
    if before_id is None:
        return at < before_ms
    return or_(at < before_ms, and_(at == before_ms, key < before_id))
