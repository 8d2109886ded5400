"""Shared documents of graphs in the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, CursorResult, Executable, bindparam, delete, func, insert, select, update

from vortex_prefect.core.contracts import DocumentUpdate, StoredDocument
from vortex_prefect.core.ids import is_id
from vortex_prefect.store.tables import document_updates, documents

T = TypeVar("T")

#: Runs a statement, once or for each of many rows, and takes what it gives.
Run = Callable[[Executable, Callable[[CursorResult[Any]], T], Any], T]

_GIVEN: BindParameter[Any] = bindparam("given")
_DOCUMENT = select(documents).where(documents.c.graph_id == _GIVEN)
_CREATE = insert(documents)
_REMOVE = delete(documents).where(documents.c.graph_id == _GIVEN)
_SETTLE = update(documents).where(documents.c.graph_id == _GIVEN).values(settled=bindparam("now"))
_APPEND = insert(document_updates)
_FORGET = delete(document_updates).where(
    document_updates.c.graph_id == _GIVEN, document_updates.c.number <= bindparam("last")
)
_UPDATES = (
    select(document_updates.c.number, document_updates.c.content, document_updates.c.author)
    .where(document_updates.c.graph_id == _GIVEN, document_updates.c.number > bindparam("after"))
    .order_by(document_updates.c.number)
)
_LAST = (
    select(func.max(document_updates.c.number))
    .where(document_updates.c.graph_id == documents.c.graph_id)
    .scalar_subquery()
)
_UNSETTLED = select(documents.c.graph_id).where(documents.c.settled < func.coalesce(_LAST, documents.c.number))

#: More updates than any document has.
_ALL = (1 << 63) - 1


class DocumentRows:
    """The part of a unit of work that deals with documents."""

    def __init__(self, run: Run[Any], write: Run[Any]) -> None:
        self._run = run
        self._write = write

    def get(self, graph_id: str) -> StoredDocument | None:
        """See `UnitOfWork.document`."""
        if not is_id(graph_id):
            return None
        row = self._run(_DOCUMENT, lambda result: result.mappings().first(), {"given": graph_id})
        return StoredDocument(**{name: value for name, value in row.items() if value is not None}) if row else None

    def put(self, document: StoredDocument) -> None:
        """See `UnitOfWork.put_document`; ValueError if the id is not a UUID in its canonical form."""
        if not is_id(document.graph_id):
            raise ValueError(f"graph id {document.graph_id!r} is not a UUID in canonical form")
        self._write(_REMOVE, _nothing, {"given": document.graph_id})
        self._write(_CREATE, _nothing, {name: getattr(document, name) for name in document.__slots__})
        self._write(_FORGET, _nothing, {"given": document.graph_id, "last": document.number})

    def settle(self, graph_id: str, number: int) -> None:
        """See `UnitOfWork.settle_document`."""
        self._write(_SETTLE, _nothing, {"given": graph_id, "now": number})

    def remove(self, graph_id: str) -> None:
        """See `UnitOfWork.delete_document`."""
        if is_id(graph_id):
            self._write(_REMOVE, _nothing, {"given": graph_id})
            self._write(_FORGET, _nothing, {"given": graph_id, "last": _ALL})

    def append(self, graph_id: str, updates: Sequence[DocumentUpdate]) -> None:
        """See `UnitOfWork.append_updates`."""
        rows = [
            {"graph_id": graph_id, "number": each.number, "content": each.content, "author": each.author}
            for each in updates
        ]
        if rows:
            self._write(_APPEND, _nothing, rows)

    def updates(self, graph_id: str, after: int) -> list[DocumentUpdate]:
        """See `UnitOfWork.document_updates`."""
        if not is_id(graph_id):
            return []
        rows = self._run(_UPDATES, lambda result: result.mappings().all(), {"given": graph_id, "after": after})
        return [DocumentUpdate(**row) for row in rows]

    def unsettled(self) -> list[str]:
        """See `UnitOfWork.unsettled_documents`."""
        return list(self._run(_UNSETTLED, lambda result: result.scalars().all(), None))


def _nothing(_result: CursorResult[Any]) -> None:
    return None
