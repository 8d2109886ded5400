"""The bridge over fakes: called in process, or served on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue, picture_graph
from tests.fakes.memory_store import MemoryStore
from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.access import Gate, open_gate
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import Heartbeat, listen, make_server
from vortex_prefect.core.settings import Limits, Settings
from vortex_prefect.service.control import ControlPlane


@dataclass
class Bridge:
    """A running control plane and its app; `http` speaks to it as a browser on this machine would."""

    context: BridgeContext
    store: MemoryStore
    engine: FakeEngine
    http: httpx.AsyncClient
    port: int = 0
    #: Once it is served.
    server: uvicorn.Server | None = None

    @property
    def gate(self) -> Gate:
        """Who is let in."""
        assert self.context.gate is not None
        return self.context.gate

    @property
    def connections(self) -> int:
        """Open connections of the server, of all kinds."""
        assert self.server is not None
        return len(self.server.server_state.connections)

    async def graph(self, **fields: Any) -> str:
        """The id of a new picture graph."""
        response = await self.http.post("/api/graph", json=picture_graph(**fields))
        graph_id: str = response.raise_for_status().json()["id"]
        return graph_id

    async def execution(self, graph_id: str | None = None, **options: Any) -> str:
        """The id of an execution that the engine has taken."""
        graph_id = graph_id or await self.graph()
        response = await self.http.post(f"/api/graph/{graph_id}/execute", json={"options": options})
        execution_id: str = response.raise_for_status().json()["execution_id"]
        async with asyncio.timeout(PATIENCE_S):
            while execution_id not in self.engine.running:
                await asyncio.sleep(0)
        return execution_id

    async def ended(self, execution_id: str) -> dict[str, Any]:
        """The execution once it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                response = await self.http.get(f"/api/execution/{execution_id}")
                execution: dict[str, Any] = response.raise_for_status().json()
                if execution["finished_at"] is not None:
                    return execution
                # A call in process may never wait for anything.
                await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def socket(self, query: str, **options: Any) -> AsyncIterator[Peer]:
        """A WebSocket client of a served bridge."""
        async with connect(f"ws://127.0.0.1:{self.port}/ws?{query}", **options) as connection:
            yield Peer(connection)


@dataclass
class Peer:
    """The client's side of a WebSocket."""

    connection: ClientConnection

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            envelope: dict[str, Any] = json.loads(await self.connection.recv())
        return envelope

    async def next(self, type: str) -> dict[str, Any]:
        """The next message of a type; others are passed by."""
        while (envelope := await self.receive())["type"] != type:
            pass
        return envelope

    async def send(self, type: str, **payload: Any) -> None:
        await self.connection.send(json.dumps({"type": type, "payload": payload}))

    async def close_code(self) -> int | None:
        """The code with which the server ends the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self.connection.wait_closed()
        return self.connection.close_code


@contextlib.asynccontextmanager
async def bridge(
    home: Path,
    *,
    debug_nodes: bool = False,
    limits: Limits | None = None,
    hub: Hub | None = None,
    engine: FakeEngine | None = None,
) -> AsyncIterator[Bridge]:
    """A bridge that is called in process."""
    hub = hub or Hub()
    limits = limits or Limits()
    store, engine = MemoryStore(), engine or FakeEngine(catalogue())
    # Tests ask as often as they can; those of the limit on requests set one.
    settings = Settings(home=home, debug_nodes=debug_nodes, requests_per_s=0)
    control = ControlPlane(store, engine, settings, hub.publish, limits=limits)
    context = BridgeContext(settings, control, hub, limits, gate=open_gate(settings))
    transport = httpx.ASGITransport(create_app(context), raise_app_exceptions=False)
    async with control, httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as http:
        await control.catalogue.refresh()
        yield Bridge(context, store, engine, http)


@contextlib.asynccontextmanager
async def served(made: Bridge, heartbeat: Heartbeat | None = None) -> AsyncIterator[Bridge]:
    """The same bridge behind a real server on a free port."""
    listener = listen("127.0.0.1", 0)
    made.server = server = make_server(create_app(made.context), made.context.limits, heartbeat)
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:
                await asyncio.sleep(0)
        made.port = listener.getsockname()[1]
        yield made
    finally:
        made.context.hub.close()
        server.should_exit = True
        await task
        listener.close()
