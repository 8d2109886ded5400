"""`python -m tests.integration.collab_server HOME PORT`: a bridge that can be killed and started again.

The real application over a real SQLite store and a real server; only the engine is a fake. It prints its port once it
listens, and ends in good order on SIGTERM or when standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from tests.fakes.engine import FakeEngine
from tests.fakes.graphs import catalogue
from vortex_prefect.bridge.access import open_gate
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import listen, make_server
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.store.sql_store import open_store

#: Of a request and of a WebSocket frame: small, so that a frame that is too large is not much either.
BODY_BYTES = 8 << 20


def main() -> None:
    """Serve until told to end."""
    home, port = sys.argv[1:]
    asyncio.run(serve(Path(home), int(port)))


async def serve(home: Path, port: int) -> None:
    """The bridge of a home, on a port (0: any)."""
    settings, hub = Settings(home=home, port=port, max_body_bytes=BODY_BYTES), Hub()
    home.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{home / 'vortex.db'}")
    engine = FakeEngine(catalogue())
    try:
        async with ControlPlane(store, engine, settings, hub.publish, limits=settings.limits) as control:
            await control.catalogue.refresh()
            gate = open_gate(settings)
            app = create_app(BridgeContext(settings, control, hub, settings.limits, gate=gate))
            await run(app, settings, hub)
    finally:
        await store.close()


async def run(app: FastAPI, settings: Settings, hub: Hub) -> None:
    """Serve the application until standard input ends."""
    listener = listen("127.0.0.1", settings.port)
    server = make_server(app, settings.limits)
    ending = asyncio.create_task(_end_with_input(server, hub))
    print(listener.getsockname()[1], flush=True)
    try:
        await server.serve([listener])
    finally:
        ending.cancel()
        listener.close()


async def _end_with_input(server: uvicorn.Server, hub: Hub) -> None:
    # A thread that reads would keep the process from ending before the input does.
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    number = sys.stdin.fileno()
    loop.add_reader(number, lambda: None if os.read(number, 1024) else ended.set())
    try:
        await ended.wait()
    finally:
        loop.remove_reader(number)
    hub.close()
    server.should_exit = True


if __name__ == "__main__":
    main()
