"""Keeps warm memory ahead of what is asked for, and gives memory back when the machine runs short of it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from vortex_prefect.core.errors import VortexError
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.budget import MemoryReadings, read_memory, shortage

logger = logging.getLogger(__name__)

#: What is kept ready while nothing happens.
LEAST_AHEAD_BYTES = 256 << 20
#: Between two looks: while blocks are granted, and else. In the first, 256 MiB are as much as the kernel clears.
_BUSY_S, _IDLE_S = 0.1, 1.0
#: Looks whose demand is remembered: what was asked for in the busiest is kept ready twice over.
_LOOKS = 50
#: Looks during which nothing is warmed after the machine had no memory.
_REST = 30


class Caretaker:
    """One thread for one arena.

    Args:
        arena: whose memory it is.
        read: says what the machine has.
    """

    def __init__(self, arena: Arena, read: Callable[[], MemoryReadings] | None = None) -> None:
        self._arena = arena
        self._read = read or (lambda: read_memory(arena.segment.path.parent))
        self._demand: deque[int] = deque([0], maxlen=_LOOKS)
        self._granted = 0
        self._rest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vortex-caretaker", daemon=True)

    def start(self) -> None:
        """Begin; the first thing that is done is to warm."""
        self._thread.start()

    def close(self) -> None:
        """End, and wait for a step that is under way. Repeating does nothing."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def ahead_bytes(self) -> int:
        """What is to be free and warm, given what was asked for lately; a quarter of the budget at most."""
        return min(max(LEAST_AHEAD_BYTES, 2 * max(self._demand)), self._arena.blocks.budget_bytes // 4)

    def look(self) -> None:
        """Do what is to be done now.

        Raises:
            VortexError: the arena is closed.
            OSError: the machine does not say what it has.
        """
        granted = self._arena.blocks.granted_bytes
        self._demand.append(granted - self._granted)
        self._granted = granted
        if missing := shortage(self._read()):
            given = self._arena.blocks.give_back(missing)
            logger.warning(
                "the machine is short of memory: the arena gives %d of %d MiB back", given >> 20, missing >> 20
            )
            self._rest = _REST
        elif self._rest:
            self._rest -= 1
        else:
            self._warm()

    def _warm(self) -> None:
        try:
            self._arena.warm(self.ahead_bytes, until=self._ended.is_set)
        except VortexError as error:
            if self._ended.is_set() or error.code != "WK-008":
                raise
            logger.warning("no memory is warmed for a while: %s", error)
            self._rest = _REST

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.look()
            except VortexError:  # closed
                return
            except Exception:
                logger.exception("the arena's caretaker has a defect")
            self._ended.wait(_BUSY_S if self._demand[-1] else _IDLE_S)
