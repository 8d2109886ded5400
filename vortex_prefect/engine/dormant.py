"""Suspended runs of engines before this one: none of their work is in memory, and resuming begins them again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_MESSAGE = "Cancelled while it was suspended."
#: States in which somebody ended the flow run, or it is gone.
_ENDED = frozenset({"CANCELLED", "COMPLETED", "FAILED", "CRASHED", "DELETED"})


class Dormant:
    """Use it on one event loop.

    Args:
        publish: tells the end of a run that nobody will resume any more.
    """

    def __init__(self, api: PrefectApi, ledger: Ledger, publish: Callable[[ExecutionReport], None]) -> None:
        self._api = api
        self._ledger = ledger
        self._publish = publish
        #: By execution.
        self._entries: dict[str, Entry] = {}
        #: How those ended that did, for a bridge that comes later; as many as were suspended at most.
        self._ended: list[ExecutionReport] = []

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries))

    def add(self, entry: Entry) -> None:
        """Know a run."""
        self._entries[entry.execution_id] = entry

    def wake(self, execution_id: str) -> None:
        """It was resumed, and is a run like any other again."""
        self._entries.pop(execution_id, None)

    def known(self) -> list[ExecutionReport]:
        """The ends of those that are dormant no more."""
        return list(self._ended)

    def on_state(self, flow_run_id: str, state: dict[str, Any]) -> bool:
        """Take the state of a flow run; whether it wants to be cancelled, and is this engine's to cancel."""
        entry = next((each for each in self._entries.values() if each.flow_run_id == flow_run_id), None)
        if entry is None:
            return False
        if state["type"] in _ENDED:
            self._end(entry)
            self._ledger.remove(entry.execution_id)
        return bool(state["type"] == "CANCELLING")

    async def cancel(self, execution_id: str | None = None, flow_run_id: str | None = None) -> None:
        """End one of them here at once, and in Prefect as soon as its server answers."""
        for entry in list(self._entries.values()):
            if entry.execution_id == execution_id or entry.flow_run_id == flow_run_id:
                self._end(entry)
                await self._cancel_in_prefect(entry)

    def _end(self, entry: Entry) -> None:
        del self._entries[entry.execution_id]
        url = self._api.flow_run_url(entry.flow_run_id) if entry.flow_run_id else None
        cancelled = ExecutionStatus.CANCELLED
        report = ExecutionReport(entry.execution_id, cancelled, entry.flow_run_id, url, None, now_ms())
        self._ended.append(report)
        self._publish(report)

    async def _cancel_in_prefect(self, entry: Entry) -> None:
        while entry.flow_run_id is not None:
            try:
                await self._api.set_flow_run_state(entry.flow_run_id, "CANCELLED", "Cancelled", _MESSAGE)
                break
            except OSError as error:
                logger.warning("flow run %s is not cancelled yet: %s", entry.flow_run_id, error)
                await asyncio.sleep(_RETRY_S)
            except VortexError as refused:
                logger.error("flow run %s cannot be cancelled: %s", entry.flow_run_id, refused)
                break
        self._ledger.remove(entry.execution_id)
