"""What Prefect wants of the flow runs in flight: Cancelling, Paused, Suspended and their like.

Prefect interrupts nothing in a running flow. Its events come at once but may
be lost, its API is the truth but has to be asked; so an event is only a nudge
to ask, and without one the API is asked every second while anything runs. So
neither what a stream loses nor what it tells twice does any harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter

from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

_POLL_S = 1.0
_AGAIN_S = 0.1
_RECONNECT_S = 1.0
#: Somebody wants something of a run in flight.
_STEERING = ("Cancelling", "Cancelled", "Paused", "Suspended", "Running", "Completed", "Failed", "Crashed")
_PREFIX = "prefect.flow-run."
#: In the place of the state of a flow run that is not there any more.
DELETED = {"type": "DELETED", "name": "Deleted"}


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """One time that a flow run is watched; it may be begun again."""

    #: The database that it is in.
    database: str | None


class FlowRunWatch:
    """Use it on one event loop; `run` until cancelled.

    Args:
        on_state: told the id and the state (as Prefect's API gives it) of a watched flow run, again and again;
            `DELETED` once it is gone.
        on_return: called whenever Prefect's server is heard (again).
    """

    def __init__(
        self,
        api: PrefectApi,
        on_state: Callable[[str, dict[str, Any]], None],
        on_return: Callable[[], None] = lambda: None,
    ) -> None:
        self._api = api
        self._on_state = on_state
        self._on_return = on_return
        self._watched: dict[str, _Watched] = {}
        self._nudge = asyncio.Event()

    def add(self, flow_run_id: str) -> None:
        """Watch a flow run from now on."""
        self._watched[flow_run_id] = _Watched(self._api.database)
        self._nudge.set()

    def discard(self, flow_run_id: str) -> None:
        """Watch it no longer."""
        self._watched.pop(flow_run_id, None)

    async def run(self) -> None:
        """Listen and ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._ask_regularly())

    async def _listen(self) -> None:
        wanted = EventFilter(event=EventNameFilter(name=[f"{_PREFIX}{name}" for name in _STEERING]))
        while True:
            try:
                # It would look for a server that is away by itself, and not tell us of it.
                async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as subscriber:
                    self._nudge.set()
                    self._on_return()
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
                await self._ask()
            except Exception as error:  # whatever it is: nobody else would hear of a cancel any more
                logger.info("flow runs in flight are not asked for: %r", error)
                await asyncio.sleep(_RECONNECT_S)
                self._nudge.set()  # what nudged us is not forgotten

    async def _ask(self) -> None:
        asked = dict(self._watched)
        states = await self._api.flow_run_states(asked)
        gone = [flow_run_id for flow_run_id in asked if flow_run_id not in states]
        database = await self._api.current_database() if gone else None
        for flow_run_id, watched in asked.items():
            if self._watched.get(flow_run_id) is not watched:
                continue  # it has ended meanwhile, or was begun again: that is no answer to what is now
            if flow_run_id in states:
                self._on_state(flow_run_id, states[flow_run_id])
            elif watched.database is not None and watched.database == database:
                self._on_state(flow_run_id, DELETED)
            else:
                # The server has another database than before. Nobody wanted that of the run: it goes on.
                logger.warning("Prefect's server does not know flow run %s any more", flow_run_id)
                self.discard(flow_run_id)
