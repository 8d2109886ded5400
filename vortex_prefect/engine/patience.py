"""Executions that a host works for, and how long it has not heard that anybody waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock


class Patience:
    """Counts ticks, not time: a host that was stopped for a minute has heard nothing, and nobody is to blame.

    Args:
        ticks: an execution of which nothing was heard for so many is given up.
    """

    def __init__(self, ticks: int) -> None:
        self._ticks = ticks
        self._silent: dict[str, int] = {}
        self._lock = Lock()

    def hear(self, executions: Iterable[str]) -> None:
        """Somebody waits for these."""
        with self._lock:
            self._silent |= dict.fromkeys(executions, 0)

    def forget(self, execution_id: str) -> None:
        """This one has ended."""
        with self._lock:
            self._silent.pop(execution_id, None)

    def tick(self) -> list[str]:
        """Let time pass; the executions that are given up, each once."""
        with self._lock:
            self._silent = {execution_id: count + 1 for execution_id, count in self._silent.items()}
            lost = [execution_id for execution_id, count in self._silent.items() if count > self._ticks]
            for execution_id in lost:
                del self._silent[execution_id]
            return lost
