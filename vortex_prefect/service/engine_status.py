"""The engine's status for many who ask: an engine that runs graphs answers late, and pages ask again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from vortex_prefect.core.contracts import EnginePort

#: An answer is given again for so long; from then on another one is asked for.
_FRESH_S = 0.25
#: While that is under way, the one before is given for so long.
_STALE_S = 1.0


class EngineStatus:
    """`EnginePort.status`, not older than a second, asked for once at a time."""

    def __init__(self, engine: EnginePort, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._known: dict[str, Any] = {}
        self._at = float("-inf")
        self._asking: asyncio.Task[dict[str, Any]] | None = None

    async def current(self) -> dict[str, Any]:
        """The status; SY-004 where the engine does not answer."""
        age_s = self._clock() - self._at
        if age_s < _FRESH_S:
            return self._known
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._answered)
        if age_s < _STALE_S:
            return self._known
        # One who gives up waiting leaves the others what they wait for.
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """End what is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> dict[str, Any]:
        self._known = await self._engine.status()
        self._at = self._clock()
        return self._known

    def _answered(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self._asking = None
        if task.cancelled() or task.exception() is not None:
            self._at = float("-inf")  # nobody is to think that it still runs
