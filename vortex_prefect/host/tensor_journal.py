"""Gathers what comes into the arena and leaves it, and tells of it in batches: the arena's books cannot wait."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Literal

from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.reports import TensorReport
from vortex_prefect.shm.books import Change

logger = logging.getLogger(__name__)

#: Tensors of one report: 40 kB as JSON.
_MOST = 250
#: Changes that wait to be told; a host that is asked for more between two beats tells of the later ones.
_WAITING = 100_000

_Group = tuple[Literal["allocated", "evicted"], str]


class TensorJournal:
    """For one arena.

    Args:
        host_id: whose it is.
        on_event: told of every batch.
    """

    def __init__(self, host_id: str, on_event: Callable[[TensorReport], None]) -> None:
        self._host_id = host_id
        self._on_event = on_event
        self._changes: deque[Change] = deque(maxlen=_WAITING)

    def note(self, change: Change) -> None:
        """See `books.OnChange`; from any thread."""
        self._changes.append(change)

    def flush(self) -> None:
        """Tell of what was noted; from one thread at a time. That a tensor came is told before it went."""
        changes = [self._changes.popleft() for _ in range(len(self._changes))]
        if len(changes) == _WAITING:
            logger.warning("more than %d tensors came or went at once; not all are told of", _WAITING)
        groups: dict[_Group, list[dict[str, Any]]] = defaultdict(list)
        for change in sorted(changes, key=lambda change: change.what):
            groups[change.what, change.why].append(_told(change))
        for (what, why), tensors in groups.items():
            for start in range(0, len(tensors), _MOST):
                self._on_event(self._report(what, why, tensors[start : start + _MOST]))

    def _report(self, what: Literal["allocated", "evicted"], why: str, tensors: list[dict[str, Any]]) -> TensorReport:
        came = what == "allocated"
        return TensorReport(
            what,
            self._host_id,
            tuple(tensors),
            execution_id=why if came else None,
            reason=None if came else why,
            at_ms=now_ms(),
            event_id=new_id(),
        )


def _told(change: Change) -> dict[str, Any]:
    ref = change.ref
    told: dict[str, Any] = {"generation": ref.generation, "offset": ref.offset, "size_bytes": ref.nbytes}
    if change.what == "allocated":
        told |= {"dtype": ref.dtype, "shape": list(ref.shape)}
        if change.node_id:
            told["node_id"] = change.node_id
    return told
