"""Who waits for events of the log, on any event loop."""

from __future__ import annotations

import asyncio


class Subscriber:
    """One of them.

    Attributes:
        news: set when there may be more; replaced by who has seen it.
    """

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """From any thread."""
        try:
            self._loop.call_soon_threadsafe(self.news.set)
        except RuntimeError:  # the loop is closed: nobody waits
            return
