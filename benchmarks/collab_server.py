"""`python -m benchmarks.collab_server HOME PORT`: the bridge that `collab` measures, in a process of its own.

It is the one that ships, over the SQLite store of that home, without an engine. It prints its port once it listens, and
ends in good order when standard input does.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from vortex_prefect.bootstrap.garbage import collect_regularly
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import listen, make_server
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.engine_link import EngineLink
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.store.sql_store import open_store


def main() -> None:
    """Serve until standard input ends."""
    home, port = sys.argv[1:]
    logging.disable()  # that there is no engine is known
    asyncio.run(serve(Path(home), int(port)))


async def serve(home: Path, port: int) -> None:
    """The bridge of a home, on a port (0: any)."""
    settings, hub = Settings(home=home, port=port), Hub()
    store = open_store(f"sqlite:///{home / 'vortex.db'}")
    link = EngineLink(home / "nobody.sock")
    try:
        async with ControlPlane(store, link, settings, hub.publish) as control:
            await run(create_app(BridgeContext(settings, control, hub)), settings, hub)
    finally:
        await link.close()
        await store.close()


async def run(app: FastAPI, settings: Settings, hub: Hub) -> None:
    """Serve the application."""
    listener = listen("127.0.0.1", settings.port)
    server = make_server(app, settings.limits)
    ending = asyncio.create_task(_end_with_input(server, hub))
    tidying = asyncio.create_task(collect_regularly())
    print(listener.getsockname()[1], flush=True)
    await server.serve([listener])
    await ending
    tidying.cancel()
    listener.close()


async def _end_with_input(server: uvicorn.Server, hub: Hub) -> None:
    await asyncio.to_thread(sys.stdin.read)
    hub.close()
    server.should_exit = True


if __name__ == "__main__":
    main()
