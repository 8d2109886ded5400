"""What a dead engine left behind in Prefect: flow runs that would read Running for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from vortex_prefect.core.errors import VortexError
from vortex_prefect.engine.ledger import Entry, Ledger
from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
_MESSAGE = "The engine that ran it died. Retry the run: it goes on from what is cached."


async def recover(api: PrefectApi, ledger: Ledger, left: Iterable[Entry]) -> None:
    """End the flow runs of those entries; waits for Prefect's server where that is away."""
    for entry in left:
        while True:
            try:
                await _crash(api, entry)
                break
            except OSError as error:
                logger.info("execution %s is not reported as crashed yet: %s", entry.execution_id, error)
                await asyncio.sleep(_RETRY_S)
            except VortexError as refused:
                logger.error("execution %s cannot be reported as crashed: %s", entry.execution_id, refused)
                break
        ledger.remove(entry.execution_id)


async def _crash(api: PrefectApi, entry: Entry) -> None:
    flow_run_id = entry.flow_run_id or await api.flow_run_by_key(entry.execution_id)
    if flow_run_id is None:
        return  # it was not created yet
    state = (await api.flow_run_states([flow_run_id])).get(flow_run_id)
    if state is None or state["type"] in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED", "SCHEDULED"):
        return
    if state["name"] == "Suspended":
        return  # nothing ran; resuming it begins it again
    if state["type"] == "CANCELLING":
        await api.set_flow_run_state(flow_run_id, "CANCELLED", "Cancelled", _MESSAGE)
    else:
        await api.set_flow_run_state(flow_run_id, "CRASHED", "Crashed", _MESSAGE)
    ended: set[str] = set()
    while left := set(await api.running_task_runs(flow_run_id)) - ended:  # they come in pages
        for task_run_id in left:
            await api.set_task_run_state(task_run_id, "CRASHED", "Crashed", _MESSAGE)
        ended |= left
