"""What requests of published graphs carry and answers hold."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from vortex_prefect.core.contracts import PublishedNode
from vortex_prefect.core.nodespec import NodeSpec
from vortex_prefect.service.publishing import PublishRequest
from vortex_prefect.service.resources import timestamp


class PublishGraphRequest(BaseModel):
    """How the node type is to look; see `service.publishing.PublishRequest`."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=64)] | None = None
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    category: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    doc: Annotated[str, Field(max_length=10_000)] | None = None

    def to_request(self) -> PublishRequest:
        """The use case's own form."""
        return PublishRequest(self.name, self.title, self.category, self.doc)


class PublishedNodeResource(BaseModel):
    """A version of a published graph: what it declares, and the graph that stands behind it."""

    type: str
    name: str
    version: int
    graph_id: str
    graph_version: int
    published_at: str
    withdrawn: bool
    spec: NodeSpec
    graph: dict[str, Any]


def published_node(node: PublishedNode) -> dict[str, Any]:
    """The JSON of a `PublishedNodeResource`."""
    names = ("type", "name", "version", "graph_id", "graph_version", "withdrawn", "spec")
    told = {name: getattr(node, name) for name in names}
    return {**told, "published_at": timestamp(node.created_ms), "graph": node.document}
