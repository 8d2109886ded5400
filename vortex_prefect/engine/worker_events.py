"""What happened to a host's workers and tensors, for the engines that ask.

A host does not know who its engines are: it keeps its last events, numbered,
and every engine asks for what comes after the last one that it has seen. A
topic of Dask's tells engines that there is something to ask for.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from vortex_prefect.core.ids import new_id
from vortex_prefect.core.reports import HostReport, TensorReport
from vortex_prefect.engine.event_spool import EventSpool

#: Hosts say here that they have events: `{address}`.
TOPIC = "vortex-worker-events"
#: Events that a host keeps, and an engine for bridges that come later.
KEPT = 1000


class WorkerEvents:
    """The last events of one host. All methods may be called from any thread.

    Args:
        spool: keeps them beyond this process.
        tensor_spool: the same of those that tell of tensors, of which there may be many a second: they shall not drive
            the others out. Null: they are not kept.
        nudge: called after each, in the thread that noted it.

    Attributes:
        id: names this numbering; that of a host which was started again is another.
    """

    def __init__(
        self,
        spool: EventSpool,
        nudge: Callable[[], None],
        keep: int = KEPT,
        *,
        tensor_spool: EventSpool | None = None,
    ) -> None:
        self.id = new_id()
        self._spool = spool
        self._tensor_spool = tensor_spool
        self._nudge = nudge
        self._lock = Lock()
        self._reports: deque[tuple[int, dict[str, Any]]] = deque(maxlen=keep)
        self._of_tensors: deque[tuple[int, dict[str, Any]]] = deque(maxlen=keep)
        self._last = 0
        for kept in (spool, tensor_spool):
            for report in kept.read() if kept is not None else ():
                self._put(report)

    def note(self, report: HostReport) -> None:
        """Keep a report, and tell the engines that there is one. Neither waits for a disk nor raises for one."""
        if not report.event_id:
            report = replace(report, event_id=new_id())
        with self._lock:
            self._put(report)
            spool = self._tensor_spool if isinstance(report, TensorReport) else self._spool
            if spool is not None:
                spool.append(report)
        self._nudge()

    def after(self, number: int) -> tuple[list[dict[str, Any]], int]:
        """Reports with a higher number, in their JSON form and in order, and the last number given."""
        with self._lock:
            both = heapq.merge(self._reports, self._of_tensors, key=lambda entry: entry[0])
            return [report for at, report in both if at > number], self._last

    def answer(self, log: str | None, number: int) -> dict[str, Any]:
        """`{log, reports, last}` for an engine that has seen up to `number` of the numbering `log`, its null for none.

        Of another numbering everything is told again: events have ids of their own.
        """
        reports, last = self.after(number if log == self.id else 0)
        return {"log": self.id, "reports": reports, "last": last}

    def close(self) -> None:
        """Wait until everything is on the disk."""
        self._spool.close()
        if self._tensor_spool is not None:
            self._tensor_spool.close()

    def _put(self, report: HostReport) -> None:
        self._last += 1
        reports = self._of_tensors if isinstance(report, TensorReport) else self._reports
        reports.append((self._last, report.to_dict()))
