"""Answers that are kept with their ETags."""

from __future__ import annotations

import threading
from collections import OrderedDict

from vortex_prefect.client.bridge.exchange import Answer, Request

_ENTRIES = 32
_BYTES = 16 << 20
_Key = tuple[str, tuple[tuple[str, str], ...]]


class Memory:
    """The last answers to requests that ask to be remembered. For any thread.

    Bytes are kept, not what was read of them: what a caller does to its own copy changes nobody else's.
    """

    def __init__(self, entries: int = _ENTRIES, size_bytes: int = _BYTES) -> None:
        self._entries = entries
        self._room = size_bytes
        self._held: OrderedDict[_Key, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, request: Request) -> Answer | None:
        """What is held of the request; it has an `etag`."""
        if not request.remembered:
            return None
        with self._lock:
            return self._held.get((request.path, request.query))

    def keep(self, request: Request, answer: Answer) -> None:
        """Hold an answer, if it is one to be held; the one that was held longest gives way."""
        if not request.remembered or answer.status != 200 or "etag" not in answer.headers:
            return
        if len(answer.content) > self._room:
            return
        key = request.path, request.query
        with self._lock:
            self._held[key] = answer
            self._held.move_to_end(key)
            while len(self._held) > self._entries or self._size() > self._room:
                self._held.popitem(last=False)

    def _size(self) -> int:
        return sum(len(held.content) for held in self._held.values())
