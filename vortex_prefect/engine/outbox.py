"""The way of reports from the executor's event loop to the engine's, several at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from vortex_prefect.core.reports import Report


class Outbox:
    """Waking another thread's event loop costs more than what a report says, so it is woken once for many."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[Report], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._waiting: deque[Report] = deque()
        self._woken = False

    def put(self, report: Report) -> None:
        """Have a report delivered, after those before it; from any thread."""
        self._waiting.append(report)
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        # Before the first look: what comes after it wakes us again.
        self._woken = False
        while self._waiting:
            self._deliver(self._waiting.popleft())
