"""The bridge's server, on one socket for as long as the process lives, whoever stands behind its door."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

from vortex_prefect.bridge.hub import Hub
from vortex_prefect.bridge.server import make_server
from vortex_prefect.bridge.standby.door import Door
from vortex_prefect.core.settings import Settings


class Front:
    """Begun by `serve`, ended by SIGTERM, SIGINT or `stop`."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self.hub = Hub()
        self.door = Door()
        self._listening = listening
        self._server = make_server(self.door, settings.limits, trusted_proxies=settings.trusted_proxies)
        self._serving: asyncio.Future[None] | None = None

    def serve(self) -> asyncio.Future[None]:
        """Serve, if that is not done already; done when the server has ended."""
        if self._serving is None:
            self._serving = asyncio.ensure_future(self._serve())
        return self._serving

    async def stop(self) -> None:
        """End it. Errors as the server's."""
        if self._serving is not None:
            self.hub.close()
            self._server.should_exit = True
            await self._serving

    async def _serve(self) -> None:
        """Clients are told to go before the server waits for them."""
        loop = asyncio.get_running_loop()
        leave = self._server.handle_exit

        def handle_exit(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.hub.close)
            leave(number, frame)

        self._server.handle_exit = handle_exit  # type: ignore[method-assign,assignment]
        # uvicorn raises the signal once more when it has served, which would end us before the store is closed.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        await self._server.serve(sockets=[self._listening])
