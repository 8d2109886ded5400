"""What a worker keeps between jobs because it is costly to make again: models, above all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Residents:
    """Things by name, the one used last at the end. For the one thread that runs jobs.

    Args:
        limit_bytes: how much all of them may take, as they were told; null for no limit. What was not used
            for longest goes first; one that is larger alone is made all the same, and stands alone.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._limit_bytes = limit_bytes
        self._things: dict[str, object] = {}
        self._bytes: dict[str, int] = {}
        self._stamps: dict[str, object] = {}

    def get(self, name: str, make: Callable[[], T], nbytes: int | Callable[[T], int] = 0, stamp: object = None) -> T:
        """The thing of that name; made if it is not there, or was made under another stamp.

        Args:
            name: says all that it depends on, a file's hash for instance.
            make: makes it.
            nbytes: how much memory it takes, for those who look for some; or what tells that of the thing.
            stamp: what it depends on beyond its name: of those with one name, only the last is kept.
        """
        if name in self._things and self._stamps[name] != stamp:
            self._drop(name)
        if name in self._things:
            thing = cast(T, self._things.pop(name))
        else:
            # Before it is made: both at once may be more than there is.
            self._make_room(0 if callable(nbytes) else nbytes)
            thing = make()
        self._things[name], self._stamps[name] = thing, stamp
        self._bytes[name] = nbytes(thing) if callable(nbytes) else nbytes
        # Whoever made it may have asked for others.
        self._make_room(0, but=name)
        return thing

    def names(self) -> tuple[str, ...]:
        """Of all that is there; may be asked from another thread."""
        return tuple(self._things)

    def sizes(self) -> dict[str, int]:
        """Name → bytes as told."""
        return dict(self._bytes)

    def _make_room(self, nbytes: int, but: str | None = None) -> None:
        if self._limit_bytes is None:
            return
        for name in list(self._things):
            if sum(self._bytes.values()) + nbytes <= self._limit_bytes:
                return
            if name != but:
                self._drop(name)

    def _drop(self, name: str) -> None:
        del self._things[name], self._bytes[name], self._stamps[name]

    def evict_all(self) -> int:
        """Let go of everything; how many things that were. What a job still refers to lives on until it ends."""
        count = len(self._things)
        self._things.clear()
        self._bytes.clear()
        self._stamps.clear()
        return count
