"""Executions that nobody queued here: begun in Prefect by a schedule, by hand, or as a retry."""

from __future__ import annotations

from dataclasses import replace

from vortex_prefect.core.contracts import ExecutionRecord, UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.reports import AdoptionReport, ExecutionStatus
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.drawn import digest_of, keep
from vortex_prefect.service.life import queue
from vortex_prefect.service.live import pending_nodes
from vortex_prefect.service.traces import trace_id

_PREFECT = Actor("prefect")


def adopt(uow: UnitOfWork, report: AdoptionReport) -> ExecutionRecord | None:
    """Store the execution as one that waits; null where this round of it is stored already.

    The engine repeats what it knows whenever somebody begins to listen.
    """
    stored = uow.execution(report.execution_id)
    if stored is not None and stored.options.get("round", 1) >= report.round:
        return None
    options = report.options
    if stored is not None:  # of what was drawn for it, its own options tell
        options = {name: value for name, value in options.items() if name != "drawn_hash"}
    elif report.drawn is not None:
        options = {**options, "drawn": digest_of(report.drawn)}
    fresh = ExecutionRecord(
        id=report.execution_id,
        graph_id=report.graph_id,
        graph_hash=report.graph_hash,
        status=ExecutionStatus.QUEUED,
        document=report.document,
        options={**(stored.options if stored else {}), **options, "round": report.round},
        created_ms=report.at_ms,
        nodes=pending_nodes(report.document),
    )
    if stored is not None:  # it is the same execution, and keeps its place in time
        fresh = replace(fresh, created_ms=stored.created_ms, graph_id=stored.graph_id)
    payload = {
        "graph_id": fresh.graph_id,
        "graph_hash": fresh.graph_hash,
        "graph_version": None,
        "options": fresh.options,
        "place": None,
        "inputs": None,
        "document": fresh.document,
        "drawn": None if stored is not None else keep(uow, fresh, report.drawn),
        "queued_ms": fresh.created_ms,
    }
    event = Event(
        "ExecutionQueued",
        "Execution",
        fresh.id,
        payload=payload,
        metadata=_PREFECT.metadata(),
        trace_id=trace_id(fresh),
    )
    # It never waits here: the engine has it.
    queue(uow, fresh, event, None, None)
    return fresh
