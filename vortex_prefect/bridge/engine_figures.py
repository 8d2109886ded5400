"""What the engine told last of itself and its hosts; a scrape asks anew, but waits for no engine that stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from vortex_prefect.core.errors import VortexError


class EngineFigures:
    """Remembers the last status. Use it on one event loop.

    Args:
        ask: the engine's status.

    Attributes:
        up: whether the last question was answered in time.
        status: the last answer; empty before the first one.
    """

    def __init__(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._ask = ask
        self._asked: asyncio.Task[None] | None = None
        self._told_at = time.monotonic()
        self.up = False
        self.status: dict[str, Any] = {}

    @property
    def age_s(self) -> float:
        """Seconds since the last answer; while there was none, since this was made."""
        return time.monotonic() - self._told_at

    async def refresh(self, patience_s: float) -> None:
        """Ask, and wait so long for the answer. A question that is still open is not asked a second time."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._take())
        done, _ = await asyncio.wait((self._asked,), timeout=patience_s)
        if not done:
            self.up = False

    async def _take(self) -> None:
        try:
            self.status = await self._ask()
        except VortexError:
            self.up = False
        else:
            self.up, self._told_at = True, time.monotonic()
