"""Logs of nodes, as Prefect keeps them: rows of its `/logs`, in batches, behind everybody's back.

Logs are worth less than the record of what ran: they are bounded, the oldest
give way, and after the execution's end nobody waits long for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.reports import LogReport, NodeReport, NodeState
from vortex_prefect.engine.task_events import task_key, task_run_id

logger = logging.getLogger(__name__)

#: Name of the logger that Prefect shows.
_NAME = "vortex.node"
#: Rows of one execution that may wait for the server, and their characters.
_MOST_ROWS = 10_000
_MOST_CHARS = 16 << 20
#: Of one row; a worker's traceback has 20,000 at most.
_ROW_CHARS = 32_768
_BATCH = 200
_FLUSH_INTERVAL_S = 0.25
#: Waits between tries while the server is away; none longer than what `_PATIENCE_S` leaves room for.
_BACKOFF_S = (0.5, 1.0, 2.0)
#: How long whoever ends the record waits for logs that the server does not take.
_PATIENCE_S = 5.0

Post = Callable[[list[dict[str, Any]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Row:
    level: int
    text: str
    at_ms: int
    #: Null: of the execution as a whole.
    task_run_id: str | None


class NodeLogs:
    """The logs of one execution. Use it on one event loop."""

    def __init__(self, execution_id: str, post: Post, report_after_s: float) -> None:
        self._execution_id = execution_id
        self._post = post
        self._report_after_ms = report_after_s * 1000
        self._rows: deque[_Row] = deque()
        self._chars = 0
        self._dropped = 0
        #: When what runs now began.
        self._began: dict[tuple[str, int | None], int] = {}
        self._count = 0

    def note(self, report: NodeReport | LogReport) -> None:
        """Take what a node said, failed of, or took long for; of what was short and went well nothing is kept."""
        if isinstance(report, LogReport):
            self._put(report, report.level, report.text)
            return
        subject = (report.node_id, report.item)
        if not report.state.final:
            if report.state is NodeState.RUNNING and report.progress == 0:
                self._began[subject] = report.at_ms
            return
        began_ms = self._began.pop(subject, None)
        if report.state is NodeState.FAILED and report.error is not None:
            self._put(report, logging.ERROR, failure_text(report.error))
        elif began_ms is not None and (took_ms := report.at_ms - began_ms) >= self._report_after_ms:
            where = f" on {report.worker_id}" if report.worker_id else ""
            why = f": {report.why}" if report.why else ""
            self._put(report, logging.INFO, f"{report.state.value} after {took_ms / 1000:.1f} s{where}{why}")

    @contextlib.asynccontextmanager
    async def sent(self, flow_run_id: str, ended: asyncio.Event) -> AsyncIterator[None]:
        """Hand over what was noted and what comes, beside the block.

        At its end, when `ended` is to be set, what is left has some seconds more, and is given up then.
        """
        sending = asyncio.create_task(self._send_all(flow_run_id, ended))
        try:
            yield
            await asyncio.wait([sending], timeout=_PATIENCE_S)
        finally:
            sending.cancel()
            (failure,) = await asyncio.gather(sending, return_exceptions=True)
            if isinstance(failure, BaseException):
                logger.error("%d lines of nodes are not in Prefect: %r", len(self._rows), failure)

    async def _send_all(self, flow_run_id: str, ended: asyncio.Event) -> None:
        while True:
            last = ended.is_set()
            while self._rows:
                await self._send([self._json(row, flow_run_id) for row in self._take()])
            if last:
                return
            try:
                await asyncio.wait_for(ended.wait(), _FLUSH_INTERVAL_S)
            except TimeoutError:
                continue

    def _put(self, report: NodeReport | LogReport, level: int, text: str) -> None:
        task_run = task_run_id(self._execution_id, task_key(report.node_id, report.item))
        text = text[:_ROW_CHARS].replace("\0", "\N{REPLACEMENT CHARACTER}")
        self._rows.append(_Row(level, text, report.at_ms, task_run))
        self._chars += len(text)
        while len(self._rows) > _MOST_ROWS or self._chars > _MOST_CHARS:
            self._chars -= len(self._rows.popleft().text)
            self._dropped += 1

    def _take(self) -> list[_Row]:
        rows = [self._rows.popleft() for _ in range(min(len(self._rows), _BATCH))]
        self._chars -= sum(len(row.text) for row in rows)
        if self._dropped:
            text = (
                f"{self._dropped} older lines of nodes were dropped, because Prefect's server did not take them in time"
            )
            rows.insert(0, _Row(logging.WARNING, text, rows[0].at_ms, None))
            self._dropped = 0
        return rows

    def _json(self, row: _Row, flow_run_id: str) -> dict[str, Any]:
        # Prefect sorts by time alone: microseconds keep lines of one millisecond in their order.
        self._count += 1
        return {
            "name": _NAME,
            "level": row.level,
            "message": row.text,
            "timestamp": datetime.fromtimestamp(row.at_ms / 1000 + self._count % 1000 / 1e6, UTC).isoformat(),
            "flow_run_id": flow_run_id,
            "task_run_id": row.task_run_id,
        }

    async def _send(self, rows: list[dict[str, Any]]) -> None:
        tries = 0
        while True:
            try:
                await self._post(rows)
                return
            except OSError as error:
                delay = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                logger.warning("Prefect's server does not take logs, next try in %g s: %s", delay, error)
                await asyncio.sleep(delay)
                tries += 1
            except SystemFault as refused:
                logger.error("%d lines of nodes are not in Prefect: %s", len(rows), refused)
                return


def failure_text(error: dict[str, Any]) -> str:
    """What a person needs of a `VortexError.to_dict()`: code, message, traceback."""
    traceback = error.get("traceback")
    return f"{error['code']} {error['message']}" + (f"\n{traceback}" if traceback else "")
