"""The one place that wires implementations to contracts, a function for each process of the stack."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Mapping

from vortex_prefect.bootstrap.front import Front
from vortex_prefect.bootstrap.garbage import collect_regularly
from vortex_prefect.bootstrap.ownership import await_ownership, end_by_force, guard
from vortex_prefect.bridge.access import is_loopback, open_gate
from vortex_prefect.bridge.app import create_app
from vortex_prefect.bridge.context import BridgeContext
from vortex_prefect.bridge.standby.standby import Standby
from vortex_prefect.bridge.standby.trust import ThroughDoors
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.engine_link import EngineLink, serve_engine
from vortex_prefect.service.control import ControlPlane
from vortex_prefect.store.owner import Owner
from vortex_prefect.store.sql_store import SqlStore, open_store

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
    """The bridge process, on a socket that listens already, until SIGTERM or SIGINT.

    Raises:
        SystemFault: SY-005 another process has the state open, or has taken it over; SY-006.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    owner = Owner(url=settings.advertise_url or settings.url, exposed=not is_loopback(settings.host))
    front = Front(settings, listening)
    try:
        url = store_url(settings)
        store = await _stand_by(front, url, owner, settings) if settings.standby else open_store(url, owner)
        if store is not None:
            await _own(front, store, owner, settings, prefect_ui, tokens)
    finally:
        await front.stop()


async def _stand_by(front: Front, url: str, owner: Owner, settings: Settings) -> SqlStore | None:
    """Serve as a way to the owner until nobody owns the store; null if the server has ended before."""
    standby = Standby(exposed=owner.exposed, connections=settings.limits.connections)
    front.door.open(standby)
    try:
        store = await await_ownership(url, owner, standby.see, front.serve())
        # Who comes from here on waits for the application that owns the store.
        front.door.shut()
    finally:
        await standby.close()
    return store


async def _own(
    front: Front,
    store: SqlStore,
    owner: Owner,
    settings: Settings,
    prefect_ui: str | None,
    tokens: Mapping[str, str],
) -> None:
    """Be the bridge that owns the store, until the server ends or another owns it; the store is closed then."""
    link = EngineLink(settings.engine_socket)
    tasks: list[asyncio.Task[None]] = []
    hub = front.hub
    try:
        async with ControlPlane(store, link, settings, hub.publish, limits=settings.limits) as control:
            gate = open_gate(settings, tokens)
            app = create_app(BridgeContext(settings, control, hub, settings.limits, prefect_ui=prefect_ui, gate=gate))
            front.door.open(ThroughDoors(app, owner.key))
            logger.info("this bridge owns %s", store.place)
            guarding = asyncio.create_task(guard(store, relieved=settings.standby))
            tasks += [guarding, asyncio.create_task(collect_regularly())]
            await asyncio.wait((front.serve(), guarding), return_when=asyncio.FIRST_COMPLETED)
            if guarding.done():
                logger.critical("this bridge ends: %s", guarding.exception())
                end_by_force()
                await front.stop()
                guarding.result()
    finally:
        await _end(*tasks)
        await link.close()
        await store.close()


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
