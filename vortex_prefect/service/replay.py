"""The tables beside the log: what differs, and how they are made to agree again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson

from vortex_prefect.core.contracts import ExecutionRecord, GraphRecord, UnitOfWork
from vortex_prefect.core.lifecycle import GraphState
from vortex_prefect.service.projection import Projection

_PAGE = 2000
#: Of executions that have not ended: what runs is no fact yet, and is stored once a second.
_LIVE = frozenset({"nodes", "values", "error", "flow_run_id", "prefect_url", "started_ms"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the tables and the log tell differently."""

    #: `graph`, `execution`, `queue`, `published` or `drawn`.
    kind: str
    id: str
    #: Which parts; `missing`: the table has it not; `surplus`: the log has it not.
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out; the log is the truth."""

    events: int
    graphs: int
    executions: int
    queue: int
    published: int
    drawn: int
    differences: tuple[Difference, ...]
    #: Executions of which an earlier release wrote less into the log: their documents or results were not compared.
    partly: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)


def project(uow: UnitOfWork) -> Projection:
    """All of the log, added up.

    Raises:
        SystemFault: SY-007, the log has a gap, or an event that does not fit those before it.
    """
    projection = Projection()
    while page := uow.facts(projection.position, _PAGE):
        for fact in page:
            projection.feed(fact)
    return projection


def compare(uow: UnitOfWork) -> Comparison:
    """Compare the tables with what the log says, byte for byte; errors as `project`."""
    told = project(uow)
    graphs, executions, queue = told.graphs(), told.executions, told.queue
    differences = [
        *_differences("graph", graphs, dict(_graphs(uow)), _graph_parts),
        *_differences("execution", executions, dict(_executions(uow)), lambda key, r: _execution_parts(told, key, r)),
        *_differences("queue", queue, {e.execution_id: e for e in uow.queue_entries()}, lambda _, e: asdict(e)),
        *_differences("published", told.published, {n.type: n for n in uow.published()}, lambda _, n: asdict(n)),
        *_differences("drawn", told.drawn, uow.drawn_graphs(), lambda _, document: {"document": document}),
    ]
    return Comparison(
        told.position,
        len(graphs),
        len(executions),
        len(queue),
        len(told.published),
        len(told.drawn),
        tuple(differences),
        len(told.partly & executions.keys()),
    )


def rebuild(uow: UnitOfWork) -> Comparison:
    """Make the tables say what the log says, as far as it does; what was different before."""
    found = compare(uow)
    told = project(uow)
    graphs = told.graphs()
    for difference in found.differences:
        key = difference.id
        if difference.kind == "graph":
            _rebuild_graph(uow, key, graphs.get(key))
        elif difference.kind == "queue" and key in told.queue:
            uow.put_queue_entry(told.queue[key])
        elif difference.kind == "published" and key in told.published:
            uow.put_published(told.published[key])
        elif difference.kind == "drawn" and key in told.drawn:
            uow.put_drawn(key, told.drawn[key])
        elif difference.kind == "execution" and key in told.executions and key not in told.partly:
            uow.put_execution(told.executions[key])
    return found


def _rebuild_graph(uow: UnitOfWork, graph_id: str, told: tuple[GraphRecord, GraphState] | None) -> None:
    if told is None:
        uow.delete_graph(graph_id)
    else:
        uow.put_graph(told[0])
        uow.put_graph_state(graph_id, told[1])


def _differences(
    kind: str, told: dict[str, Any], stored: dict[str, Any], parts: Callable[[str, Any], dict[str, Any]]
) -> Iterator[Difference]:
    for key in sorted(told.keys() | stored.keys()):
        if key not in stored:
            yield Difference(kind, key, ("missing",))
        elif key not in told:
            yield Difference(kind, key, ("surplus",))
        else:
            first, second = parts(key, told[key]), parts(key, stored[key])
            different = tuple(name for name in first if _bytes(first[name]) != _bytes(second.get(name)))
            if different:
                yield Difference(kind, key, different)


def _graph_parts(_: str, found: tuple[GraphRecord, GraphState]) -> dict[str, Any]:
    record, state = found
    return {**{field.name: getattr(record, field.name) for field in fields(record)}, "state": state.value}


def _execution_parts(told: Projection, key: str, record: ExecutionRecord) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    if not told.executions[key].status.final:
        names -= _LIVE
    if key in told.partly:
        names -= _LIVE | {"document", "finished_ms", "created_ms"}
    return {name: getattr(record, name) for name in sorted(names)}


def _bytes(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # whole numbers of more than 64 bits, lone surrogates
        return repr(value).encode(errors="surrogatepass")


def _graphs(uow: UnitOfWork) -> Iterator[tuple[str, tuple[GraphRecord, GraphState]]]:
    at_ms, last = None, None
    while page := uow.graphs(500, at_ms, before_id=last):
        for record in page:
            yield record.id, (record, uow.graph_state(record.id))
        at_ms, last = page[-1].updated_ms, page[-1].id


def _executions(uow: UnitOfWork) -> Iterator[tuple[str, ExecutionRecord]]:
    at_ms, last = None, None
    while page := uow.executions(500, before_ms=at_ms, before_id=last):
        for record in page:
            yield record.id, record
        at_ms, last = page[-1].created_ms, page[-1].id
