"""What stands behind a listening socket from its first to its last moment: one application after another."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import ASGIApp, Receive, Scope, Send

from vortex_prefect.bridge.standby.refusal import no_owner, refuse

#: Seconds for which requests wait while this bridge takes the store over: it reads the queue and open edits.
_MOST_S = 10.0


class Door:
    """ASGI application: hands everything to the one behind it; who comes between two of them waits."""

    def __init__(self, app: ASGIApp | None = None) -> None:
        self._app = app
        self._opened = asyncio.Event()

    def open(self, app: ASGIApp) -> None:
        """From now on this one serves."""
        self._app = app
        self._opened.set()

    def shut(self) -> None:
        """Nobody serves, until the next one does."""
        self._app = None
        self._opened = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            opened = self._opened
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(opened.wait(), _MOST_S)
        if (app := self._app) is None:
            await refuse(no_owner("this bridge is still taking the store over"), scope, receive, send)
        else:
            await app(scope, receive, send)
