"""Deployments: every graph that ran is one, so that Prefect can run it again, on schedule, by hand or as a retry."""

from __future__ import annotations

import keyword
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.telemetry.run_telemetry import LABELS_TRACEPARENT_KEY
from pydantic import ValidationError

from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.prefect_api import PrefectApi
from vortex_prefect.engine.publication import Publication
from vortex_prefect.engine.work_pool import POOL_TYPE, pool_template
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.exposure import exposed_values, parameter_schema
from vortex_prefect.graph.model import Graph

logger = logging.getLogger(__name__)

#: What a process pool loads; a pool of our own type has the flow in its worker already.
ENTRYPOINT = "vortex_prefect.engine.published.graph_flow"
_TAG = "vortex"
_PUBLISHED = "vortex.published"


@dataclass(frozen=True, slots=True)
class _Known:
    deployment_id: str
    #: Of the graph that the deployment carries.
    graph_hash: str
    published: bool


class GraphDeployments:
    """Finds, makes and keeps the deployments of graphs. Raises as `PrefectApi` does.

    Args:
        pool: work pool of deployments that nobody placed elsewhere.
        editor_url: address of the editor, for links back.
    """

    def __init__(self, api: PrefectApi, pool: str, editor_url: str) -> None:
        self._api = api
        self._pool = pool
        self._editor_url = editor_url
        self._catalogue = Catalogue()
        self._known: dict[str, _Known] = {}

    def use(self, catalogue: Catalogue) -> None:
        """The node types that parameters are described with."""
        self._catalogue = catalogue

    async def prepare_pool(self, pool: str) -> None:
        """Make the pool where there is none.

        Raises:
            RequestError: RQ-001, there is one of another type, for which another worker has to work.
        """
        pool_type = await self._api.ensure_work_pool(pool, POOL_TYPE, pool_template())
        if pool_type != POOL_TYPE:
            raise RequestError("RQ-001", f"the work pool {pool} is of type {pool_type}, not {POOL_TYPE}")

    async def of(self, graph: Graph, request: ExecutionRequest) -> str:
        """Id of the graph's deployment, made where there is none.

        One that nobody published follows the graph: it carries what ran last.
        """
        content = DeployRequest(request.graph, pool=self._pool, drawn=_drawn(request))
        graph_id = str(graph.id)
        known = self._known.get(graph_id) or await self._find(graph_id)
        current = graph_hash(graph)
        if known is None:
            deployment_id = await self._put(graph, content, published=False)
        elif known.published or known.graph_hash == current:
            return known.deployment_id
        elif not await self._api.update_deployment(known.deployment_id, self._content(graph, content)):
            self._known.pop(graph_id, None)  # deleted in Prefect: begin anew
            return await self.of(graph, request)
        else:
            deployment_id = known.deployment_id
        self._known[graph_id] = _Known(deployment_id, current, published=False)
        return deployment_id

    async def begin(
        self, deployment_id: str, graph: Graph, request: ExecutionRequest, trace: TraceContext | None
    ) -> FlowRun | None:
        """The Pending flow run of an execution that runs already; asked again, the same one.

        Null if the deployment was deleted in Prefect; then ask `of` for another.

        Args:
            trace: of the execution's span: what Prefect traces of the flow run, and what it is begun again as, come
                under it. Null where nobody traces: each label that Prefect finds costs it another request.
        """
        publication = Publication(
            request.graph,
            request.graph_hash,
            request.targets,
            request.force,
            request.priority,
            request.execution_id,
            _drawn(request),
        )
        body = {
            "name": f"{graph.name or 'graph'} {request.execution_id[:8]}",
            "parameters": exposed_values(graph, self._catalogue),
            # A draft's parameters need not fit the form that was published.
            "enforce_parameter_schema": False,
            "idempotency_key": request.execution_id,
            "job_variables": publication.to_job_variables(),
            "state": {"type": "PENDING", "name": "Pending"},
            "labels": {} if trace is None else {LABELS_TRACEPARENT_KEY: trace.traceparent},
        }
        flow_run = await self._api.create_flow_run(deployment_id, body)
        if flow_run is None:
            self._known.pop(str(graph.id), None)
        return flow_run

    async def publish(self, graph: Graph, request: DeployRequest) -> dict[str, Any]:
        """Make or replace a deployment that keeps this graph until it is published again.

        Returns:
            `{deployment_id, name, url, pool, parameters}`, the last one the schema of its form.

        Raises:
            RequestError: RQ-001, Prefect refuses it (a cron expression that is none, say), or the pool could not
                pass a parameter of that name on.
        """
        try:
            pool_type = await self._api.ensure_work_pool(request.pool or self._pool, POOL_TYPE, pool_template())
            _check_names(graph, pool_type)
            deployment_id = await self._put(graph, request, published=True)
        except SystemFault as refused:
            raise RequestError("RQ-001", f"Prefect refuses the deployment: {refused.message}") from refused
        self._known[str(graph.id)] = _Known(deployment_id, graph_hash(graph), published=True)
        return {
            "deployment_id": deployment_id,
            "name": f"{_flow_name(graph)}/{_deployment_name(graph, request)}",
            "url": self._api.deployment_url(deployment_id),
            "pool": request.pool or self._pool,
            "parameters": parameter_schema(graph, self._catalogue),
        }

    async def publication(self, flow_run: FlowRun) -> Publication:
        """What a flow run is to run: its own, or its deployment's.

        Raises:
            GraphError: VE-001, neither carries a graph.
        """
        variables = dict(flow_run.job_variables or {})
        if "graph" not in variables and flow_run.deployment_id is not None:
            deployment = await self._api.deployment(str(flow_run.deployment_id))
            variables = {**(deployment or {}).get("job_variables", {}), **variables}
        return Publication.from_job_variables(variables)

    async def _find(self, graph_id: str) -> _Known | None:
        found = await self._api.deployments_tagged(_tag(graph_id))
        if not found:
            return None
        # As `publish` leaves it: what was published last, else what was made for the graph's first run.
        published = [each for each in found if (each.get("labels") or {}).get(_PUBLISHED)]
        chosen = max(published, key=lambda each: str(each["updated"])) if published else found[0]
        variables = chosen.get("job_variables") or {}
        return _Known(chosen["id"], str(variables.get("graph_hash")), bool(published))

    async def _put(self, graph: Graph, request: DeployRequest, *, published: bool) -> str:
        pool = request.pool or self._pool
        if not published:
            await self._api.ensure_work_pool(pool, POOL_TYPE, pool_template())
        body = {
            **self._content(graph, request),
            "name": _deployment_name(graph, request),
            "work_pool_name": pool,
            "entrypoint": ENTRYPOINT,
            "path": ".",
            "tags": [_TAG, _tag(str(graph.id)), *request.tags],
            "labels": {"vortex.graph": str(graph.id), _PUBLISHED: published},
            "parameters": request.parameters,
            "schedules": [_schedule(request)] if request.cron or request.interval_s else [],
            "concurrency_limit": request.concurrency_limit,
            "paused": request.paused,
        }
        return await self._api.put_deployment(_flow_name(graph), body)

    def _content(self, graph: Graph, request: DeployRequest) -> dict[str, Any]:
        """What follows from the graph."""
        current = graph_hash(graph)
        count = len(graph.nodes)
        return {
            "description": f"{count} nodes. [Open it in the editor]({self._editor_url}/#{graph.id}).",
            "version": current[:12],
            "parameter_openapi_schema": parameter_schema(graph, self._catalogue),
            "enforce_parameter_schema": True,
            "job_variables": Publication(request.graph, current, drawn=request.drawn).to_job_variables(),
        }


def _drawn(request: ExecutionRequest) -> dict[str, Any] | None:
    """What Prefect is to keep beside the graph that runs, because it is another."""
    return None if request.as_drawn is request.graph else request.as_drawn


def _check_names(graph: Graph, pool_type: str) -> None:
    odd = [item.name for item in graph.inputs if not item.name.isidentifier() or keyword.iskeyword(item.name)]
    if odd and pool_type != POOL_TYPE:
        message = f"pools of type {pool_type} call a Python function, and {odd[0]!r} is no name of a parameter"
        raise RequestError("RQ-001", message, f"Rename the input, or deploy to a pool of type {POOL_TYPE}.")


def _schedule(request: DeployRequest) -> dict[str, Any]:
    try:
        schedule = (
            CronSchedule(cron=request.cron, timezone=request.timezone)
            if request.cron
            else IntervalSchedule(interval=timedelta(seconds=request.interval_s or 0), timezone=request.timezone)
        )
    except ValidationError as error:
        reasons = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise RequestError("RQ-001", f"that is no schedule: {reasons}") from error
    return {"schedule": schedule.model_dump(mode="json"), "active": True}


def _flow_name(graph: Graph) -> str:
    # Prefect refuses these in names of flows and deployments.
    return "".join("-" if letter in "/%&><" else letter for letter in graph.name).strip() or "graph"


def _deployment_name(graph: Graph, request: DeployRequest) -> str:
    return request.name or f"graph-{str(graph.id)[:8]}"


def _tag(graph_id: str) -> str:
    return f"vortex-graph:{graph_id}"
