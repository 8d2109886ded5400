"""Up to where a room may forget what was overwritten: a state that it once had, and that is some edits behind.

Who was away for less than those edits comes back as if he had never been.
"""

from __future__ import annotations

from collections.abc import Callable

#: Bytes of edits that are kept at least, and after how many more a state is remembered.
KEPT_BYTES, STEP_BYTES = 256 << 10, 32 << 10


class Marks:
    """States that a document had, as state vectors, by the bytes of edits before them."""

    def __init__(self, horizon: bytes, start: bytes) -> None:
        """`horizon`: up to where it has forgotten; `start`: what it is now."""
        self._horizon = horizon
        self._start: bytes | None = start
        self._marks: list[tuple[int, bytes]] = [(0, start)]
        self._bytes = 0

    def grow(self, size_bytes: int, state: Callable[[], bytes]) -> None:
        """So many bytes of edits have come, which made the state that it is now."""
        self._bytes += size_bytes
        if self._bytes - self._marks[-1][0] >= STEP_BYTES:
            self._marks.append((self._bytes, state()))

    def next(self, size_after: Callable[[bytes], int]) -> bytes:
        """The horizon of a snapshot that is made now; `size_after` gives the bytes of what a state lacks."""
        far = [state for place, state in self._marks if self._bytes - place >= KEPT_BYTES]
        if far:
            return far[-1]
        # Else many short days would add up, of which none is long enough.
        start = self._start
        if start is not None and size_after(self._horizon) - size_after(start) >= KEPT_BYTES:
            return start
        return self._horizon

    def settle(self, horizon: bytes) -> None:
        """A snapshot has this horizon; earlier ones are no matter any more."""
        places = [place for place, state in self._marks if state == horizon]
        if places:
            self._marks = [(place, state) for place, state in self._marks if place > places[-1]] or self._marks[-1:]
            self._start = None
        self._horizon = horizon
