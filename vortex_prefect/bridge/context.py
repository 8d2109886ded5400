"""What the routes are given: services, never globals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from vortex_prefect.bridge.access import Gate, actor_of
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.service.actor import Actor
from vortex_prefect.service.control import ControlPlane


@dataclass(frozen=True, slots=True)
class BridgeContext:
    """The app's surroundings; `bootstrap` makes one, and enters the control plane before it serves."""

    settings: Settings
    control: ControlPlane
    hub: Hub
    limits: Limits = field(default_factory=Limits)
    #: Host names that clients may use beside loopback names and `settings.host`.
    hosts: tuple[str, ...] = ()
    #: Link to Prefect's own pages; null while unknown.
    prefect_ui: str | None = None
    #: Who is let in; null for those whom the home's own files name.
    gate: Gate | None = None


async def _context(connection: HTTPConnection) -> BridgeContext:
    context: BridgeContext = connection.app.state.context
    return context


async def _actor(connection: HTTPConnection) -> Actor:
    return actor_of(connection)


Context = Annotated[BridgeContext, Depends(_context)]
ActorOf = Annotated[Actor, Depends(_actor)]
