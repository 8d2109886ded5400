"""Manners for a Prefect server on SQLite, which writes one transaction at a time, and for one that is away.

Where one of its transactions has read what another one writes meanwhile, such a
server answers 503 at once, and would have taken the same request some
milliseconds later. A flow run cannot be created while task runs are recorded,
nor beside another one, and Prefect's client waits 2 s before its second try,
then 4, 8, 16.

A server that is started again is away for some seconds. Prefect's client would
look for it ever more seldom, and for up to half a minute not see that it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
from prefect.client.orchestration import PrefectClient

_FIRST_S = 0.02
#: Prefect's client tries five times more (`PREFECT_CLIENT_MAX_RETRIES`): 2.4 s in all. Creations wait for one another.
_GROWTH = 3
_TRIES = "vortex.tries"


def retry_quickly(client: PrefectClient) -> None:
    """Make a client's waits after a 503 short: 0.02 s, three times as long after each further one."""
    # The only door to a client that Prefect shares: with settings for httpx of its own it would be another one.
    http = client._client
    http.event_hooks = {**http.event_hooks, "response": [*http.event_hooks["response"], _suggest_wait]}


def give_up_at_once(client: PrefectClient) -> None:
    """Make a client say at once that nobody listens; whoever asked knows better how long to wait."""
    http: Any = client._client
    send = http._send_with_retry

    async def sent(*args: Any, retry_exceptions: tuple[type[Exception], ...] = (), **options: Any) -> httpx.Response:
        others = tuple(each for each in retry_exceptions if each is not httpx.ConnectError)
        response: httpx.Response = await send(*args, retry_exceptions=others, **options)
        return response

    http._send_with_retry = sent


async def _suggest_wait(response: httpx.Response) -> None:
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or "Retry-After" in response.headers:
        return
    tries = response.request.extensions.get(_TRIES, 0)  # Prefect's client sends the same request again
    response.request.extensions[_TRIES] = tries + 1
    response.headers["Retry-After"] = str(_FIRST_S * _GROWTH**tries)


class RightOfWay:
    """What is short and awaited goes one after the other, and before what is long and can wait. On one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextlib.asynccontextmanager
    async def first(self) -> AsyncIterator[None]:
        """Wait for what goes first too, and hold back the rest."""
        self._waiting += 1
        self._free.clear()
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._free.set()

    async def give(self, limit_s: float) -> None:
        """Wait until nothing goes first any more, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), limit_s)
