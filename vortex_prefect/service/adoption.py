"""Executions that nobody queued here: begun in Prefect by a schedule, by hand, or as a retry."""

from __future__ import annotations

from dataclasses import replace

from vortex_prefect.core.contracts import ExecutionRecord, UnitOfWork
from vortex_prefect.core.events import Event
from vortex_prefect.core.reports import AdoptionReport, ExecutionStatus
from vortex_prefect.service.actor import Actor
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
    fresh = ExecutionRecord(
        id=report.execution_id,
        graph_id=report.graph_id,
        graph_hash=report.graph_hash,
        status=ExecutionStatus.QUEUED,
        document=report.document,
        options={**(stored.options if stored else {}), **report.options, "round": report.round},
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
