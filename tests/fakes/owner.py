"""A standby that is served, before owners that a test scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.types import ASGIApp

from tests.fakes.sink import PATIENCE_S
from vortex_prefect.bridge.server import listen, make_server
from vortex_prefect.bridge.standby.standby import Standby
from vortex_prefect.core.settings import Limits
from vortex_prefect.store.owner import Owner

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """The port on which an application is served, as a bridge is."""
    listener = listen("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    server = make_server(app, Limits())
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:
                await asyncio.sleep(0)
        yield port
    finally:
        server.should_exit = True
        await task
        listener.close()


@contextlib.asynccontextmanager
async def scripted(handle: Handle) -> AsyncIterator[int]:
    """The port of an owner that does just this with each connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def standby_before(
    port: int, *, patience_s: float = PATIENCE_S, key: str = "key"
) -> AsyncIterator[tuple[Standby, int]]:
    """A standby that knows an owner on that port, and its own port."""
    standby = Standby(patience_s=patience_s)
    standby.see(Owner(url=f"http://127.0.0.1:{port}", key=key))
    async with serving(standby) as own:
        try:
            yield standby, own
        finally:
            await standby.close()
