"""What Prefect wants of the flow runs in flight: Cancelling, Paused, Suspended and their like.

Prefect interrupts nothing in a running flow. Its events come at once but may
be lost, its API is the truth but has to be asked; so an event is only a nudge
to ask, and without one the API is asked every second while anything runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter

from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_POLL_S = 1.0
_AGAIN_S = 0.1
_RECONNECT_S = 1.0
#: Somebody wants something of a run in flight.
_STEERING = ("Cancelling", "Cancelled", "Paused", "Suspended", "Running")
_PREFIX = "prefect.flow-run."


class FlowRunWatch:
    """Use it on one event loop; `run` until cancelled.

    Args:
        on_state: told the id and the state (as Prefect's API gives it) of a watched flow run, again and again.
    """

    def __init__(self, api: PrefectApi, on_state: Callable[[str, dict[str, Any]], None]) -> None:
        self._api = api
        self._on_state = on_state
        self._watched: set[str] = set()
        self._nudge = asyncio.Event()

    def add(self, flow_run_id: str) -> None:
        """Watch a flow run from now on."""
        self._watched.add(flow_run_id)
        self._nudge.set()

    def discard(self, flow_run_id: str) -> None:
        """Watch it no longer."""
        self._watched.discard(flow_run_id)

    async def run(self) -> None:
        """Listen and ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._ask_regularly())

    async def _listen(self) -> None:
        wanted = EventFilter(event=EventNameFilter(name=[f"{_PREFIX}{name}" for name in _STEERING]))
        while True:
            try:
                async with get_events_subscriber(filter=wanted) as subscriber:
                    async for event in subscriber:
                        if event.resource.id.removeprefix(_PREFIX) in self._watched:
                            self._nudge.set()
            except Exception as error:  # Prefect's client lets through whatever its libraries raise
                logger.info("Prefect's events are not heard at the moment: %s", error)
            await asyncio.sleep(_RECONNECT_S)

    async def _ask_regularly(self) -> None:
        nudged = False
        while True:
            # An event may be heard before what it tells of can be read, so after one the API is asked twice.
            patience_s = _AGAIN_S if nudged else _POLL_S if self._watched else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), patience_s)
            nudged = self._nudge.is_set()
            self._nudge.clear()
            try:
                states = await self._api.flow_run_states(self._watched)
            except Exception as error:  # whatever it is: nobody else would hear of a cancel any more
                logger.info("flow runs in flight are not asked for: %r", error)
                await asyncio.sleep(_RECONNECT_S)
                self._nudge.set()  # what nudged us is not forgotten
                continue
            for flow_run_id, state in states.items():
                if flow_run_id in self._watched:
                    self._on_state(flow_run_id, state)
