"""Building large values without the garbage collector walking over everything else meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Reference counts alone free memory inside; for code that is short and makes no cycles.

    The collector runs when containers were made, whether or not any of them is
    garbage. The plan of 10,000 nodes has 100,000 of them, all alive, and a full
    collection that they provoke takes as long as making them. It is the whole
    process's collector: whoever found it running starts it again, so it cannot
    stay off, and of two at once the second may only get less of a pause.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
