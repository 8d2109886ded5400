"""Publishing a graph as a node type that other graphs may use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from vortex_prefect.collab.rooms import Rooms
from vortex_prefect.core.contracts import GraphRecord, PublishedNode, StorePort, UnitOfWork
from vortex_prefect.core.errors import GraphError, Problem, RequestError
from vortex_prefect.core.events import Event
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.nodespec import Catalogue, NodeSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph import subgraphs
from vortex_prefect.graph.interface import interface
from vortex_prefect.graph.model import Graph, parse_graph
from vortex_prefect.graph.subgraphs import Definition, Library
from vortex_prefect.service import messages
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.catalogue import CatalogueCache
from vortex_prefect.service.graphs import require

_log = logging.getLogger(__name__)

_CATEGORY = "subgraph"


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """How a published graph is to look; what is null is as it was published before, or follows from the graph."""

    #: The node type is `graph.NAME@VERSION`.
    name: str | None = None
    title: str | None = None
    category: str | None = None
    doc: str | None = None


class Publishing:
    """Published graphs, all of them in memory: every run of a graph that uses one needs it.

    Attributes:
        library: what stands behind each published node type; replaced, never changed.
    """

    def __init__(
        self, store: StorePort, catalogue: CatalogueCache, limits: Limits, rooms: Rooms, tell: messages.Publish
    ) -> None:
        self._tell = tell
        self._store = store
        self._catalogue = catalogue
        self._limits = limits
        self._rooms = rooms
        self.library: Library = {}
        # Two that load at once could end in the other order, and the older one would stay.
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Read what the store remembers."""
        async with self._loading:
            nodes = await self._store.read(lambda uow: uow.published())
            library = await asyncio.to_thread(_library, nodes, self._limits)
            self._use(library)

    async def publish(self, graph_id: str, request: PublishRequest, actor: Actor) -> tuple[PublishedNode, bool]:
        """Publish the graph as it is now, as the next version of its name; and whether that is new.

        What was published last is given again where nothing of it would be different.

        Raises:
            GraphError: VE-…, with everything that keeps the graph from running once its inputs are connected.
            RequestError: RQ-001 a name that may not be or nothing exposed, RQ-002, RQ-007 the name is another graph's.
            SystemFault: SY-004 while no node type is known.
        """
        if request.name is not None and not subgraphs.is_name(request.name):
            message = (
                f"{request.name!r} is no name: lower-case letters, digits and underscores, a letter first, up to 64"
            )
            raise RequestError("RQ-001", message, problems=(Problem("RQ-001", message, path="/name"),))
        await self._rooms.settle(graph_id)
        record = await self._store.read(lambda uow: require(uow, graph_id))
        catalogue = await self._catalogue.current()
        graph = await asyncio.to_thread(self._checked, record, catalogue)

        async def write_and_use() -> tuple[PublishedNode, bool]:
            made = await self._store.write(lambda uow: _publish(uow, record, graph, request, catalogue, actor))
            if made[1]:
                await self.load()
            return made

        # What is stored has to be known here, though the caller may be cancelled between.
        return await asyncio.shield(write_and_use())

    async def withdraw(self, node_type: str, actor: Actor) -> None:
        """Offer a version, or without `@VERSION` all of them, no more; graphs that have it keep working. RQ-002."""

        async def write_and_use() -> None:
            await self._store.write(lambda uow: _withdraw(uow, node_type, actor))
            await self.load()

        await asyncio.shield(write_and_use())

    async def get(self, node_type: str) -> PublishedNode:
        """A version of a published graph, with the graph itself; RQ-002."""
        nodes = await self._store.read(lambda uow: uow.published())
        found = next((node for node in nodes if node.type == node_type), None)
        if found is None:
            raise _unknown(node_type)
        return found

    def check(self, graph: Graph, catalogue: Catalogue) -> tuple[list[Problem], Graph]:
        """Everything that keeps a graph from running, and what runs where nothing does; see `subgraphs.check`."""
        return subgraphs.check(graph, catalogue, self.library, self._limits)

    def runnable(self, graph: Graph, catalogue: Catalogue) -> Graph:
        """The graph that runs in place of one that uses others; GraphError with everything that keeps it from that."""
        problems, flat = self.check(graph, catalogue)
        if problems:
            raise GraphError.of(problems)
        return flat

    def flat(self, graph: Graph, catalogue: Catalogue) -> Graph:
        """A graph with subgraphs in place of their nodes; only values of its exposed inputs may be wrong."""
        return subgraphs.flatten(graph, catalogue, self.library)

    def _use(self, library: Library) -> None:
        self.library = library
        if (change := self._catalogue.publish(tuple(found.spec for found in library.values()))) is not None:
            self._tell(messages.nodes_changed(change))

    def _checked(self, record: GraphRecord, catalogue: Catalogue) -> Graph:
        graph = parse_graph(record.document, self._limits)
        if not graph.inputs and not graph.outputs:
            message = "the graph exposes nothing, so a node of it could not be connected"
            raise RequestError("RQ-001", message, "Expose an output of it, or an input.")
        problems, _ = subgraphs.check(graph, catalogue, self.library, self._limits, as_node=True)
        if problems:
            raise GraphError.of(problems)
        return graph


def _library(nodes: Sequence[PublishedNode], limits: Limits) -> dict[str, Definition]:
    offered = {node.name: node.type for node in nodes if not node.withdrawn}
    found = {}
    for node in nodes:
        try:
            found[node.type] = _definition(node, limits, hidden=offered.get(node.name) != node.type)
        except (ValidationError, GraphError) as error:
            # Of another release, or larger than what is allowed now: graphs that have it are told (VE-003).
            _log.warning("the published graph %s is not readable: %s", node.type, error)
    return found


def _definition(node: PublishedNode, limits: Limits, *, hidden: bool) -> Definition:
    spec = NodeSpec.model_validate(node.spec)
    return Definition(spec.model_copy(update={"hidden": hidden}), parse_graph(node.document, limits))


def _publish(
    uow: UnitOfWork, record: GraphRecord, graph: Graph, request: PublishRequest, catalogue: Catalogue, actor: Actor
) -> tuple[PublishedNode, bool]:
    known = uow.published()
    require(uow, record.id)
    name = request.name or _name(record, known)
    of_name = [node for node in known if node.name == name]
    last = of_name[-1] if of_name else None
    if last is not None and last.graph_id != record.id:
        raise RequestError("RQ-007", f"graph.{name} was published from graph {last.graph_id}", "Choose another name.")
    version = 1 if last is None else last.version + 1
    spec = _spec(graph, catalogue, subgraphs.type_of(name, version), version, request, last)
    node = PublishedNode(
        spec.type, name, version, record.id, record.version, spec.model_dump(mode="json"), graph.to_document(), now_ms()
    )
    if last is not None and not last.withdrawn and _same(last, node):
        return last, False
    uow.put_published(node)
    payload = {
        "type": node.type,
        "name": name,
        "version": version,
        "graph_version": node.graph_version,
        "spec": node.spec,
        "graph": node.document,
    }
    event = Event("SubgraphPublished", "Graph", record.id, payload=payload, metadata=actor.metadata())
    uow.append(replace(event, created_ms=node.created_ms))
    return node, True


def _name(record: GraphRecord, known: Iterable[PublishedNode]) -> str:
    """What the graph was published as last, or a free name made of its own."""
    taken = {node.name: node.graph_id for node in known}
    mine = [node.name for node in sorted(known, key=lambda node: node.created_ms) if node.graph_id == record.id]
    if mine:
        return mine[-1]
    name = subgraphs.name_for(record.name)
    free = (candidate for number in range(2, len(taken) + 3) if (candidate := f"{name[:58]}_{number}") not in taken)
    return name if name not in taken else next(free)


def _spec(
    graph: Graph,
    catalogue: Catalogue,
    node_type: str,
    version: int,
    request: PublishRequest,
    last: PublishedNode | None,
) -> NodeSpec:
    before = {} if last is None else last.spec
    return interface(
        graph,
        catalogue,
        node_type=node_type,
        version=version,
        title=request.title or before.get("title") or graph.name or node_type,
        category=request.category or before.get("category") or _CATEGORY,
        doc=request.doc if request.doc is not None else before.get("doc", ""),
    )


def _same(last: PublishedNode, node: PublishedNode) -> bool:
    names = ("type", "version")
    spec, other = ({key: value for key, value in each.spec.items() if key not in names} for each in (last, node))
    return spec == other and last.document == node.document


def _withdraw(uow: UnitOfWork, node_type: str, actor: Actor) -> None:
    named = [node for node in uow.published() if node_type in (node.type, f"{subgraphs.PACK}.{node.name}")]
    found = [node for node in named if not node.withdrawn]
    if not named:
        raise _unknown(node_type)
    if not found:
        return
    for node in found:
        uow.put_published(replace(node, withdrawn=True))
    payload = {"types": [node.type for node in found]}
    uow.append(Event("SubgraphWithdrawn", "Graph", found[0].graph_id, payload=payload, metadata=actor.metadata()))


def _unknown(node_type: str) -> RequestError:
    return RequestError("RQ-002", f"no graph is published as {node_type}")
