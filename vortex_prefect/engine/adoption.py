"""From a flow run that was begun in Prefect to what the engine is asked for."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.telemetry.run_telemetry import LABELS_TRACEPARENT_KEY

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.settings import Limits
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.publication import Publication
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import Graph, parse_graph


def adopted_request(
    flow_run: FlowRun, publication: Publication, limits: Limits | None = None
) -> tuple[Graph, ExecutionRequest]:
    """The graph with the flow run's parameters as its inputs, and the request to run it.

    A repeated run goes on from what the cache holds, though its first one was to ignore it.

    Raises:
        GraphError: VE-011 where the graph is not the one that was published, VE-004 and VE-005 for parameters
            that are no inputs of it.
    """
    limits = limits or Limits()
    published = parse_graph(publication.graph, limits)
    if graph_hash(published) != publication.graph_hash:
        raise GraphError("VE-011", "the graph is not the one that was published", "Deploy it again.")
    graph = apply_inputs(published, flow_run.parameters, limits)
    drawn = publication.drawn
    request = ExecutionRequest(
        execution_id=publication.execution_id or str(flow_run.id),
        graph=graph.to_document(),
        graph_hash=graph_hash(graph),
        targets=publication.targets,
        force=publication.force and not flow_run.run_count,
        priority=publication.priority,
        trace=_trace_of(flow_run),
        drawn=None if drawn is None else _with_inputs(drawn, flow_run, limits).to_document(),
    )
    return graph, request


def adopted_options(request: ExecutionRequest, limits: Limits | None = None) -> dict[str, Any]:
    """What `AdoptionReport.options` tells of a request of `adopted_request`."""
    drawn = request.drawn and graph_hash(parse_graph(request.drawn, limits or Limits()))
    return {
        "targets": request.targets and list(request.targets),
        "force": False,
        "priority": request.priority,
        "trace": request.trace and request.trace.to_dict(),
        **({"drawn_hash": drawn} if drawn else {}),
    }


def _with_inputs(document: dict[str, Any], flow_run: FlowRun, limits: Limits) -> Graph:
    return apply_inputs(parse_graph(document, limits), flow_run.parameters, limits)


def _trace_of(flow_run: FlowRun) -> TraceContext | None:
    """Prefect's own span of it where its telemetry is on, else what `GraphDeployments.begin` gave it."""
    named = flow_run.labels.get(LABELS_TRACEPARENT_KEY)
    return TraceContext.of_traceparent(named) if isinstance(named, str) else None


async def wait_for_schedule(flow_run: FlowRun) -> None:
    """Workers are given scheduled runs some seconds early, so that they begin on time."""
    # The run's own `next_scheduled_start_time` is gone once a worker has taken it; its state keeps the time.
    due = flow_run.state.state_details.scheduled_time if flow_run.state is not None else None
    if due is not None:
        await asyncio.sleep(max(due.timestamp() - time.time(), 0.0))
