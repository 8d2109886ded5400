"""What a dead engine left behind: flow runs that would read Running for ever, executions not to be begun once more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.reports import ExecutionReport, ExecutionStatus
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_AGAIN = "The engine that was to run it died; it is begun anew."
_MESSAGE = "The engine that ran it died. Retry the run: it goes on from what is cached."
_UNTOLD = "The engine that ran it died before it could tell what became of it."
_ENDINGS = {
    ExecutionStatus.COMPLETED: ("COMPLETED", "Completed"),
    ExecutionStatus.FAILED: ("FAILED", "Failed"),
    ExecutionStatus.CANCELLED: ("CANCELLED", "Cancelled"),
}


class Fallen:
    """Executions that an engine before this one had begun. Only Prefect begins one of them again, as a retry.

    Args:
        left: entries of the ledger.
    """

    def __init__(self, api: PrefectApi, left: Iterable[Entry]) -> None:
        self._api = api
        self._entries = {entry.execution_id: entry for entry in left if not entry.claimed}
        self._at_ms = now_ms()

    def report(self, execution_id: str) -> ExecutionReport | None:
        """What is told of such an execution; null if it is none."""
        entry = self._entries.get(execution_id)
        if entry is None:
            return None
        url = self._api.flow_run_url(entry.flow_run_id) if entry.flow_run_id else None
        error = SystemFault("SY-004", "the engine that had begun this execution died").to_dict()
        return ExecutionReport(execution_id, ExecutionStatus.CRASHED, entry.flow_run_id, url, error, self._at_ms)

    def known(self) -> list[ExecutionReport]:
        """The same of all of them. A bridge that has heard of another end takes no notice."""
        return [report for execution_id in self._entries if (report := self.report(execution_id)) is not None]

    def rise(self, execution_id: str) -> None:
        """It is begun again."""
        self._entries.pop(execution_id, None)


async def recover(
    api: PrefectApi,
    ledger: Ledger,
    left: Iterable[Entry],
    is_known: Callable[[str], bool],
    on_suspended: Callable[[Entry], None],
) -> None:
    """End the flow runs of those entries; waits for Prefect's server where that is away.

    Args:
        is_known: whether an execution was begun anew meanwhile; its flow run is left alone then.
        on_suspended: told of each that waits for being resumed.
    """
    for entry in left:
        suspended = None
        while not is_known(entry.execution_id):
            try:
                suspended = await _ended(api, entry)
                break
            except OSError as error:
                logger.info("execution %s is not reported as crashed yet: %s", entry.execution_id, error)
                await asyncio.sleep(_RETRY_S)
            except VortexError as refused:
                logger.error("execution %s cannot be reported as crashed: %s", entry.execution_id, refused)
                break
        if is_known(entry.execution_id):
            continue
        if suspended is None:
            ledger.remove(entry.execution_id)
        else:
            ledger.put(suspended)
            on_suspended(suspended)


async def _ended(api: PrefectApi, entry: Entry) -> Entry | None:
    """End a flow run; gives the entry of one that is suspended instead."""
    flow_run_id = entry.flow_run_id or await api.flow_run_by_key(entry.execution_id)
    if flow_run_id is None:
        return None  # it was not created yet
    state = (await api.flow_run_states([flow_run_id])).get(flow_run_id)
    if state is None or state["type"] in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED", "SCHEDULED"):
        return None
    if entry.status is not None:
        await _end_as_it_did(api, entry, flow_run_id)
        return None
    if state["name"] == "Suspended":
        return replace(entry, flow_run_id=flow_run_id, suspended=True)  # resuming it begins it again
    if entry.claimed:
        if state["type"] == "PENDING":
            await api.set_flow_run_state(flow_run_id, "SCHEDULED", "Scheduled", _AGAIN)
        return None  # another worker was given it
    if state["type"] == "CANCELLING":
        await api.set_flow_run_state(flow_run_id, "CANCELLED", "Cancelled", _MESSAGE)
    else:
        await api.set_flow_run_state(flow_run_id, "CRASHED", "Crashed", _MESSAGE)
    await _end_task_runs(api, flow_run_id, "CRASHED", "Crashed", _MESSAGE)
    return None


async def _end_as_it_did(api: PrefectApi, entry: Entry, flow_run_id: str) -> None:
    """The execution had ended, and the engine died before Prefect had all of it."""
    ending = _ENDINGS[ExecutionStatus(entry.status or "")]
    # Of a run that completed, every node did; which of another one's did, died with the engine.
    completed = entry.status == ExecutionStatus.COMPLETED.value
    await _end_task_runs(api, flow_run_id, *(ending if completed else ("CRASHED", "Crashed")), _UNTOLD)
    await api.set_flow_run_state(flow_run_id, *ending, entry.message)


async def _end_task_runs(api: PrefectApi, flow_run_id: str, state_type: str, name: str, message: str) -> None:
    ended: set[str] = set()
    while left := set(await api.running_task_runs(flow_run_id)) - ended:  # they come in pages
        for task_run_id in left:
            await api.set_task_run_state(task_run_id, state_type, name, message)
        ended |= left
