"""What a worker keeps between jobs because it is costly to make again: models, above all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Residents:
    """Things by name, the one used last at the end. For the one thread that runs jobs."""

    def __init__(self) -> None:
        self._things: dict[str, object] = {}
        self._bytes: dict[str, int] = {}

    def get(self, name: str, make: Callable[[], T], nbytes: int = 0) -> T:
        """The thing of that name; made if it is not there.

        Args:
            name: says all that it depends on, a file's hash for instance.
            make: makes it.
            nbytes: how much memory it takes, for those who look for some.
        """
        thing = self._things.pop(name) if name in self._things else make()
        self._things[name], self._bytes[name] = thing, nbytes
        return cast(T, thing)

    def names(self) -> tuple[str, ...]:
        """Of all that is there; may be asked from another thread."""
        return tuple(self._things)

    def sizes(self) -> dict[str, int]:
        """Name → bytes as told."""
        return dict(self._bytes)

    def evict_all(self) -> int:
        """Let go of everything; how many things that were. What a job still refers to lives on until it ends."""
        count = len(self._things)
        self._things.clear()
        self._bytes.clear()
        return count
