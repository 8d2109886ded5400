"""The table of published graphs in a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from vortex_prefect.core.contracts import PublishedNode
from vortex_prefect.store.tables import published_nodes

_ALL = select(published_nodes).order_by(published_nodes.c.name, published_nodes.c.version)
_PUT = (
    update(published_nodes)
    .where(published_nodes.c.type == bindparam("key"))
    .values({column.name: bindparam(column.name) for column in published_nodes.c})
)
_ADD = insert(published_nodes)


class PublishedRows:
    """`execute` and `write` are those of `store.unit.SqlUnit`."""

    def __init__(self, execute: Callable[..., Any], write: Callable[..., Any]) -> None:
        self._execute = execute
        self._write = write

    def put(self, node: PublishedNode) -> None:
        """Insert or replace."""
        row = {name: getattr(node, name) for name in node.__slots__}
        if self._write(_PUT, lambda result: result.rowcount, {**row, "key": node.type}) == 0:
            self._write(_ADD, lambda result: result.rowcount, row)

    def all(self) -> list[PublishedNode]:
        """Every version of every one, by name and version."""
        return [PublishedNode(**row) for row in self._execute(_ALL, lambda result: result.mappings().all())]
