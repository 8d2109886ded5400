"""The one place that wires implementations to contracts, a function for each process of the stack."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Mapping
from types import FrameType

import uvicorn

from vortex_prefect.bootstrap.garbage import collect_regularly
from vortex_prefect.bridge.access import open_gate
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import make_server
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.engine_link import EngineLink, serve_engine
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.store.sql_store import open_store

logger = logging.getLogger(__name__)


def store_url(settings: Settings) -> str:
    """The event store's database."""
    return settings.store_url or f"sqlite:///{settings.home / 'vortex.db'}"


async def run_engine(settings: Settings) -> None:
    """The engine process, until SIGTERM or SIGINT."""
    # Prefect takes a second to import, and only this process needs it.
    from vortex_prefect.engine.engine import Engine  # noqa: PLC0415
    from vortex_prefect.engine.work_pool import serve_pool  # noqa: PLC0415

    if settings.dask is None:
        raise SystemFault("SY-002", "the engine needs the address of a Dask scheduler")
    stopped = _stop_signal()
    engine = Engine(settings, settings.dask)
    await engine.start()
    server = await serve_engine(engine, settings.engine_socket)
    tasks = [asyncio.create_task(serve_pool(engine, settings.pool)), asyncio.create_task(collect_regularly())]
    logger.info("engine ready")
    try:
        await stopped.wait()
    finally:
        await _end(*tasks)
        server.close()
        settings.engine_socket.unlink(missing_ok=True)
        await engine.close()


async def run_bridge(
    settings: Settings, listening: socket.socket, prefect_ui: str | None, tokens: Mapping[str, str]
) -> None:
    """The bridge process, on a socket that listens already, until SIGTERM or SIGINT."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = open_store(store_url(settings))
    link = EngineLink(settings.engine_socket)
    hub = Hub()
    tidying: list[asyncio.Task[None]] = []
    try:
        async with ControlPlane(store, link, settings, hub.publish, limits=settings.limits) as control:
            gate = open_gate(settings, tokens)
            app = create_app(BridgeContext(settings, control, hub, settings.limits, prefect_ui=prefect_ui, gate=gate))
            server = make_server(app, settings.limits, trusted_proxies=settings.trusted_proxies)
            tidying.append(asyncio.create_task(collect_regularly()))
            await _serve(server, hub, listening)
    finally:
        await _end(*tidying)
        await link.close()
        await store.close()


async def _serve(server: uvicorn.Server, hub: Hub, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; clients are told to go before the server waits for them."""
    loop = asyncio.get_running_loop()
    leave = server.handle_exit

    def handle_exit(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.close)
        leave(number, frame)

    server.handle_exit = handle_exit  # type: ignore[method-assign,assignment]
    # uvicorn raises the signal once more when it has served, which would end us before the store is closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    await server.serve(sockets=[listening])


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped
