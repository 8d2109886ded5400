"""Publishing a graph as a Prefect deployment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from vortex_prefect.core.contracts import DeployRequest, EnginePort, GraphRecord, StorePort
from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.events import Event
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.catalogue import CatalogueCache
from vortex_prefect.service.graphs import require
from vortex_prefect.service.publishing import Publishing


class Deployments:
    """Deployments are Prefect's; here it is noted who published what."""

    def __init__(
        self,
        store: StorePort,
        engine: EnginePort,
        catalogue: CatalogueCache,
        publishing: Publishing,
        limits: Limits,
    ) -> None:
        self._publishing = publishing
        self._store = store
        self._engine = engine
        self._catalogue = catalogue
        self._limits = limits

    async def deploy(self, graph_id: str, request: DeployRequest, actor: Actor) -> dict[str, Any]:
        """Publish the graph as it is now; `request.graph` and `request.drawn` are filled in here.

        Returns:
            `{deployment_id, name, url, pool, parameters}`, the last one the schema of the deployment's form.

        Raises:
            GraphError: VE-…, with every problem that keeps the graph from running, its parameters included.
            RequestError: RQ-001, RQ-002.
            SystemFault: SY-004, SY-008.
        """
        if request.cron and request.interval_s:
            raise RequestError("RQ-001", "a schedule has either a cron expression or an interval, not both")
        record = await self._store.read(lambda uow: require(uow, graph_id))
        catalogue = await self._catalogue.current()
        given, graph = await asyncio.to_thread(self._checked, record, request, catalogue)
        drawn = None if graph is given else given.to_document()
        deployment = await self._engine.deploy(replace(request, graph=graph.to_document(), drawn=drawn))
        payload = {
            "deployment_id": deployment["deployment_id"],
            "name": deployment["name"],
            "pool": deployment["pool"],
            "graph_version": record.version,
            "graph_hash": graph_hash(graph),
        }
        event = Event("GraphPublished", "Graph", graph_id, payload=payload, metadata=actor.metadata())
        await self._store.write(lambda uow: uow.append(event))
        return deployment

    def _checked(self, record: GraphRecord, request: DeployRequest, catalogue: Catalogue) -> tuple[Graph, Graph]:
        """The graph as it was drawn, and what runs."""
        graph = parse_graph(record.document, self._limits)
        # As its runs will be: with the deployment's parameters.
        self._publishing.runnable(apply_inputs(graph, request.parameters, self._limits), catalogue)
        return graph, self._publishing.flat(graph, catalogue)
