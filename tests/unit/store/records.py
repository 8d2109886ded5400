"""Valid records, each field of which a test may set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vortex_prefect.core.contracts import ExecutionRecord, GraphRecord, UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import ExecutionStatus


def an_event(aggregate_id: str | None = None, **fields: Any) -> Event:
    return Event(
        **{"event_type": "NodeMoved", "aggregate_type": "Graph", "aggregate_id": aggregate_id or new_id(), **fields}
    )


def a_graph(**fields: Any) -> GraphRecord:
    defaults = {
        "id": new_id(),
        "name": "Graph",
        "version": 1,
        "document": {"nodes": {}},
        "created_ms": 1,
        "updated_ms": 1,
    }
    return GraphRecord(**{**defaults, **fields})


def an_execution(**fields: Any) -> ExecutionRecord:
    defaults = {
        "id": new_id(),
        "graph_id": new_id(),
        "graph_hash": "0" * 64,
        "status": ExecutionStatus.QUEUED,
        "document": {"nodes": {}},
        "options": {},
        "created_ms": 1,
    }
    return ExecutionRecord(**{**defaults, **fields})


def putting(*records: GraphRecord | ExecutionRecord) -> Callable[[UnitOfWork], None]:
    """A unit of work that stores the records."""

    def work(unit: UnitOfWork) -> None:
        for record in records:
            if isinstance(record, GraphRecord):
                unit.put_graph(record)
            else:
                unit.put_execution(record)

    return work


def keeping(name: str, value: Any) -> Callable[[UnitOfWork], None]:
    """A unit of work that keeps a setting."""
    return lambda unit: unit.put_setting(name, value)
