"""When a process that answers people looks for garbage in all its memory.

Python by itself looks through everything that lives whenever that has grown by a quarter, and stops meanwhile: in a
bridge that kept 380,000 objects for 180 ms each time, which was the whole of the API's 99th percentile. Most objects
are freed without it, by their reference counts; young ones are still looked through, which takes some milliseconds.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

#: New objects after which the youngest are looked through, and how often that comes before the next generation's turn;
#: the oldest's never comes by itself.
_THRESHOLDS = (5_000, 20, 1_000_000_000)
_INTERVAL_S = 60.0
#: Intervals after which what was set aside is looked through as well.
_ROUNDS = 60


async def collect_regularly(
    interval_s: float = _INTERVAL_S, rounds: int = _ROUNDS, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Look for garbage every minute among what came since the last time, and every hour in everything.

    What is still alive is set aside, so that the next look costs what a minute brought. Runs until cancelled, and
    leaves Python's own ways behind it.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        while True:
            for _ in range(rounds):
                gc.collect()
                gc.freeze()
                await sleep(interval_s)
            gc.unfreeze()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
