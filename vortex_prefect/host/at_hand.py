"""Which workers have a tensor at hand: they wrote it, or have read and checked it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from vortex_prefect.core.tensor import TensorRef


class AtHand:
    """Remembers the last uses of tensors, `most` of them. Thread-safe."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._workers: dict[tuple[int, int], set[str]] = {}
        self._lock = threading.Lock()

    def note(self, worker_id: str, refs: Iterable[TensorRef]) -> None:
        """The worker has these tensors at hand."""
        with self._lock:
            for ref in refs:
                place = ref.offset, ref.generation
                workers = self._workers.pop(place, set())
                workers.add(worker_id)
                self._workers[place] = workers  # the latest stands last
            while len(self._workers) > self._most:
                del self._workers[next(iter(self._workers))]

    def of(self, refs: Iterable[TensorRef]) -> dict[str, int]:
        """Worker → bytes of these tensors that it has at hand."""
        found: Counter[str] = Counter()
        with self._lock:
            for ref in refs:
                for worker_id in self._workers.get((ref.offset, ref.generation), ()):
                    found[worker_id] += ref.nbytes
        return dict(found)
