"""The queue's table in a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from vortex_prefect.core.contracts import QueueEntry
from vortex_prefect.core.ids import is_id
from vortex_prefect.store.tables import queue_entries

_ENTRY = select(queue_entries).where(queue_entries.c.execution_id == bindparam("id"))
_WAITING = select(queue_entries).where(queue_entries.c.left_ms.is_(None))
_PUT = (
    update(queue_entries)
    .where(queue_entries.c.execution_id == bindparam("id"))
    .values({column.name: bindparam(column.name) for column in queue_entries.c})
)
_ADD = insert(queue_entries)


class QueueRows:
    """`execute` and `write` are those of `store.unit.SqlUnit`."""

    def __init__(self, execute: Callable[..., Any], write: Callable[..., Any]) -> None:
        self._execute = execute
        self._write = write

    def put(self, entry: QueueEntry) -> None:
        """Insert or replace."""
        row = {name: getattr(entry, name) for name in entry.__slots__}
        if self._write(_PUT, lambda result: result.rowcount, {**row, "id": entry.execution_id}) == 0:
            self._write(_ADD, lambda result: result.rowcount, row)

    def get(self, execution_id: str) -> QueueEntry | None:
        """One, or null."""
        if not is_id(execution_id):
            return None
        row = self._execute(_ENTRY, lambda result: result.mappings().first(), {"id": execution_id})
        return None if row is None else QueueEntry(**row)

    def waiting(self) -> list[QueueEntry]:
        """All that wait, in no order."""
        return [QueueEntry(**row) for row in self._execute(_WAITING, lambda result: result.mappings().all())]

    def all(self) -> list[QueueEntry]:
        """All that are remembered, in no order."""
        return [QueueEntry(**row) for row in self._execute(select(queue_entries), lambda r: r.mappings().all())]

    def forget(self, left_before_ms: int) -> int:
        """Remove those that left before; how many. Who waits stays, however long."""
        old = delete(queue_entries).where(queue_entries.c.left_ms < left_before_ms)
        return int(self._write(old, lambda result: result.rowcount))
