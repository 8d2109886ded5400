"""The engine's status for many who ask: an engine that runs graphs answers late, and pages ask again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from vortex_prefect.core.contracts import EnginePort

#: Who has waited for so long is given the answer before, unless that is older than a second.
_PATIENCE_S = 0.03
_STALE_S = 1.0


class EngineStatus:
    """`EnginePort.status`, asked for once for all who ask at the same time."""

    def __init__(
        self, engine: EnginePort, clock: Callable[[], float] = time.monotonic, patience_s: float = _PATIENCE_S
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._patience_s = patience_s
        self._known: dict[str, Any] = {}
        self._at = float("-inf")
        self._asking: asyncio.Task[dict[str, Any]] | None = None

    async def current(self) -> dict[str, Any]:
        """The status, or the last one where the engine is slow; SY-004 where it does not answer."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._answered)
        asking = self._asking
        # One who gives up waiting leaves the others what they wait for.
        await asyncio.wait((asking,), timeout=self._patience_s)
        if not asking.done() and self._clock() - self._at < _STALE_S:
            return self._known
        return await asyncio.shield(asking)

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
