"""What happened, to everybody who listens; and what is known of recent executions, to those who come later."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, LogReport, NodeReport, PreviewReport, Report

logger = logging.getLogger(__name__)

#: Gives what is known: the last report of each kind of everything.
Known = Callable[[], Iterable[Report]]

#: Reports that may wait for a listener before no more of what can be missed is added: pictures are
#: the first to go, since each may hold 64 KiB and the next one is better.
_PREVIEWS_UP_TO, _LOGS_UP_TO = 100, 1000
#: A listener for whom as many wait stands still. It is told anew what is known once it goes on: the last state
#: of everything is kept anyway, and what lay between is worth nothing any more.
_ALL_UP_TO = 20_000


class History:
    """The last report of each kind that one execution gave."""

    def __init__(self) -> None:
        self._reports: dict[tuple[str, str], Report] = {}

    def put(self, report: Report) -> None:
        """Note a report; it takes the place of the one before."""
        self._reports[type(report).__name__, report.node_id if isinstance(report, NodeReport) else ""] = report

    def nodes(self) -> list[NodeReport]:
        """The last report of each node."""
        return [report for report in self._reports.values() if isinstance(report, NodeReport)]

    def execution(self) -> ExecutionReport | None:
        """The execution's own last report."""
        report = self._reports.get((ExecutionReport.__name__, ""))
        return report if isinstance(report, ExecutionReport) else None

    def in_order(self) -> list[Report]:
        """The adoption first and the execution's own report last: with it, everything of a run that ended is known."""
        return sorted(self._reports.values(), key=_rank)


@dataclass(slots=True)
class _Place:
    """A place in a listener's queue."""

    report: Report


class _Listener:
    """What waits for one listener, in its order."""

    def __init__(self, known: Known) -> None:
        self._known = known
        #: What was known at one moment; it is given whole before anything else.
        self._start = deque(known())
        self._queue: asyncio.Queue[_Place] = asyncio.Queue()
        self._behind = False
        #: Pictures that wait, by execution and node.
        self._previews: dict[tuple[str, str], _Place] = {}

    def put(self, report: Report) -> None:
        """Append; of what can be missed only while the listener keeps up."""
        if self._queue.qsize() >= _ALL_UP_TO:
            logger.warning("a listener stands still; it is told anew what is known once it goes on")
            self._queue, self._previews, self._behind = asyncio.Queue(), {}, True
        if self._behind:
            return
        if isinstance(report, PreviewReport):
            self._put_preview(report)
        elif not (isinstance(report, LogReport) and self._queue.qsize() >= _LOGS_UP_TO):
            self._queue.put_nowait(_Place(report))

    async def next(self) -> Report:
        """Take the first."""
        if self._behind and not self._start:
            self._start, self._behind = deque(self._known()), False
        if self._start:
            return self._start.popleft()
        report = (await self._queue.get()).report
        if isinstance(report, PreviewReport):
            del self._previews[report.execution_id, report.node_id]
        return report

    def _put_preview(self, report: PreviewReport) -> None:
        """A newer picture takes the place of the one of the same node."""
        key = (report.execution_id, report.node_id)
        if (place := self._previews.get(key)) is not None:
            place.report = report
        elif self._queue.qsize() < _PREVIEWS_UP_TO:
            self._previews[key] = place = _Place(report)
            self._queue.put_nowait(place)


class Journal:
    """Hands reports to listeners. Use it on one event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    def publish(self, report: Report) -> None:
        """Tell all listeners; what nodes say and show only those that keep up."""
        for listener in self._listeners:
            listener.put(report)

    async def listen(self, known: Known) -> AsyncIterator[Report]:
        """What is known already, then everything that is published; to one who stands still, what is known again."""
        listener = _Listener(known)
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.next()
        finally:
            self._listeners.discard(listener)


def _rank(report: Report) -> int:
    if isinstance(report, AdoptionReport):
        return 0
    return 2 if isinstance(report, ExecutionReport) else 1
