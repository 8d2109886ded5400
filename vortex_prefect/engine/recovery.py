"""What a dead engine left behind in Prefect: flow runs that would read Running for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from vortex_prefect.core.errors import VortexError
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_AGAIN = "The engine that was to run it died; it is begun anew."
_MESSAGE = "The engine that ran it died. Retry the run: it goes on from what is cached."


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
    if state["name"] == "Suspended":
        return replace(entry, flow_run_id=flow_run_id, suspended=True)  # resuming it begins it again
    if entry.claimed and state["type"] == "PENDING":
        await api.set_flow_run_state(flow_run_id, "SCHEDULED", "Scheduled", _AGAIN)
        return None
    if state["type"] == "CANCELLING":
        await api.set_flow_run_state(flow_run_id, "CANCELLED", "Cancelled", _MESSAGE)
    else:
        await api.set_flow_run_state(flow_run_id, "CRASHED", "Crashed", _MESSAGE)
    ended: set[str] = set()
    while left := set(await api.running_task_runs(flow_run_id)) - ended:  # they come in pages
        for task_run_id in left:
            await api.set_task_run_state(task_run_id, "CRASHED", "Crashed", _MESSAGE)
        ended |= left
    return None
