"""What happened, to everybody who listens; and what is known of recent executions, to those who come later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from vortex_prefect.core.reports import AdoptionReport, ExecutionReport, LogReport, NodeReport, Report

#: Reports that may wait for a listener before nothing more is added that can be missed.
_LOGS_UP_TO = 1000


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


class Journal:
    """Hands reports to listeners. Use it on one event loop."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Report]] = set()

    def publish(self, report: Report) -> None:
        """Tell all listeners; what nodes say only those that keep up."""
        for queue in self._listeners:
            if not (isinstance(report, LogReport) and queue.qsize() >= _LOGS_UP_TO):
                queue.put_nowait(report)

    async def listen(self, known: Iterable[Report]) -> AsyncIterator[Report]:
        """What is known already, then everything that is published."""
        queue: asyncio.Queue[Report] = asyncio.Queue()
        for report in known:
            queue.put_nowait(report)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)


def _rank(report: Report) -> int:
    if isinstance(report, AdoptionReport):
        return 0
    return 2 if isinstance(report, ExecutionReport) else 1
