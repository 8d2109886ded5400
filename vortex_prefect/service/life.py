"""Steps in the lives of graphs and executions, by `core.lifecycle`: state, queue and log in one unit of work."""

from __future__ import annotations

from dataclasses import replace

from vortex_prefect.core.contracts import ExecutionRecord, GraphRecord, QueueEntry, UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.lifecycle import GRAPH, STEP_OF_END, GraphState, GraphStep, check_execution, graph_after
from vortex_prefect.core.lifecycle import saved_first as saved_first_in
from vortex_prefect.service.actor import Actor

#: Places in the queue are so far apart that there is room for twenty halvings between any two milliseconds.
PLACES_PER_MS = 1 << 20


def place_at(created_ms: int) -> int:
    """The place in the queue of who comes at a time."""
    return created_ms * PLACES_PER_MS


def saved(record: GraphRecord, graph_hash: str, actor: Actor, by: str, label: str | None = None) -> Event:
    """`GraphSaved` of a version; `by`: `user`, or `execution` where that needed it; `label`: the version's name."""
    payload = {"version": record.version, "name": record.name, "graph_hash": graph_hash, "by": by, "label": label}
    return Event("GraphSaved", "Graph", record.id, payload=payload, metadata=actor.metadata(version=record.version))


def save(uow: UnitOfWork, event: Event) -> None:
    """Store that a graph was saved."""
    uow.put_graph_state(event.aggregate_id, graph_after(uow.graph_state(event.aggregate_id), GraphStep.SAVE))
    uow.append(event)


def queue(
    uow: UnitOfWork, record: ExecutionRecord, event: Event, entry: QueueEntry | None, version: int | None
) -> None:
    """Store an execution as one that waits.

    Args:
        entry: its place; null if it waits elsewhere.
        version: of its graph that it executes; null where nobody knows. An older one changes nothing of the graph.
    """
    stored = uow.execution(record.id)
    if stored is not None:
        check_execution(stored.status, record.status)
    uow.put_execution(record)
    if entry is not None:
        uow.put_queue_entry(entry)
    uow.append(event)
    graph = None if version is None else uow.graph(record.graph_id)
    if graph is not None and graph.version == version:
        _step(uow, graph.id, GraphStep.EXECUTE)


def saved_first(uow: UnitOfWork, graph_id: str) -> bool:
    """Whether a graph has changes that an execution has to save."""
    return saved_first_in(uow.graph_state(graph_id))


def advance(uow: UnitOfWork, record: ExecutionRecord, event: Event) -> None:
    """Store another status of an execution, and what follows from it.

    Raises:
        RequestError: RQ-007, that status cannot follow the stored one.
    """
    if (stored := uow.execution(record.id)) is not None:
        check_execution(stored.status, record.status)
    uow.put_execution(record)
    uow.append(event)
    entry = uow.queue_entry(record.id)
    if entry is not None and entry.left_ms is None:
        uow.put_queue_entry(replace(entry, left_ms=event.created_ms))
    if (step := STEP_OF_END.get(record.status)) is not None:
        _step(uow, record.graph_id, step)


def _step(uow: UnitOfWork, graph_id: str, step: GraphStep) -> None:
    state = uow.graph_state(graph_id)
    if state is GraphState.DELETED:
        return  # what runs goes on without its graph
    # What was begun elsewhere, and what a newer version has outrun, is not this graph's matter.
    if (target := GRAPH.get((state, step))) is not None and target is not state:
        uow.put_graph_state(graph_id, target)
