"""The table of drawn graphs in a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, exists, insert, select

from vortex_prefect.store.tables import drawn_graphs, executions

_GIVEN: BindParameter[Any] = bindparam("given")
_DIGESTS = select(drawn_graphs.c.digest)
_OF = select(drawn_graphs.c.document).where(drawn_graphs.c.digest == _GIVEN)
_ALL = select(drawn_graphs)
_ADD = insert(drawn_graphs)
_REMOVE = delete(drawn_graphs).where(drawn_graphs.c.digest == _GIVEN)
_NOBODYS = _DIGESTS.where(~exists().where(executions.c.drawn == drawn_graphs.c.digest)).order_by(drawn_graphs.c.digest)


class DrawnRows:
    """`execute` and `write` are those of `store.unit.SqlUnit`."""

    def __init__(self, execute: Callable[..., Any], write: Callable[..., Any]) -> None:
        self._execute = execute
        self._write = write

    def get(self, digest: str) -> dict[str, Any] | None:
        """See `UnitOfWork.drawn`."""
        found: dict[str, Any] | None = self._execute(_OF, lambda result: result.scalar(), {"given": digest})
        return found

    def has(self, digest: str) -> bool:
        """See `UnitOfWork.has_drawn`."""
        statement = _DIGESTS.where(drawn_graphs.c.digest == _GIVEN)
        return self._execute(statement, lambda result: result.scalar(), {"given": digest}) is not None

    def all(self) -> dict[str, dict[str, Any]]:
        """See `UnitOfWork.drawn_graphs`."""
        return {row["digest"]: row["document"] for row in self._execute(_ALL, lambda result: result.mappings().all())}

    def put(self, digest: str, document: dict[str, Any]) -> None:
        """See `UnitOfWork.put_drawn`."""
        self._write(_REMOVE, _nothing, {"given": digest})
        self._write(_ADD, _nothing, {"digest": digest, "document": document})

    def forget(self) -> list[str]:
        """See `UnitOfWork.forget_drawn`."""
        digests: list[str] = self._execute(_NOBODYS, lambda result: list(result.scalars()))
        for digest in digests:
            self._write(_REMOVE, _nothing, {"given": digest})
        return digests


def _nothing(_: Any) -> None:
    return
