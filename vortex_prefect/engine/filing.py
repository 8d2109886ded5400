"""What Prefect's server has taken of task runs, and whether it has filed it.

The server answers before it files, and what it had still in memory when it
died is gone. So the last event of each task run is kept for a while, and when
the server was away, it is asked what it has: what it lacks is sent again.
Events have ids, so that telling it twice does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from datetime import datetime
from typing import Any, NamedTuple

import msgpack

from vortex_prefect.core.errors import VortexError
from vortex_prefect.engine.prefect_api import PrefectApi

logger = logging.getLogger(__name__)

#: Prefect's server holds as many events in memory, and drops what comes beyond.
_KEPT = 10_000
#: Where it files 200 a second, a full memory is empty after 50 s.
_AGE_S = 300.0
_BATCH = 100
_RETRY_S = 2.0


class _Told(NamedTuple):
    at: float
    #: Packed: ten thousand events as Python objects take 60 MB.
    event: bytes


class Filing:
    """Hands events of task runs to the server. Use it on one event loop."""

    def __init__(self, api: PrefectApi) -> None:
        self._api = api
        #: The last event of each task run, the oldest first.
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._returned = asyncio.Event()

    def __len__(self) -> int:
        """How many task runs are remembered."""
        return len(self._told)

    async def post(self, events: list[dict[str, Any]]) -> None:
        """Hand over a batch; raises as `PrefectApi` does."""
        await self._api.post_events(events)
        now = time.monotonic()
        for event in events:
            subject = event["resource"]["prefect.resource.id"]
            self._told[subject] = _Told(now, msgpack.packb(event))
            self._told.move_to_end(subject)
        self._forget(now)

    def returned(self) -> None:
        """The server was away, and is heard again."""
        self._returned.set()

    async def run(self) -> None:
        """See after each return that the server has everything, until cancelled."""
        while True:
            await self._returned.wait()
            self._returned.clear()
            try:
                await self._complete()
            except OSError as error:
                logger.info("Prefect's server is not asked yet what it has: %s", error)
                await asyncio.sleep(_RETRY_S)
                self._returned.set()
            except VortexError as refused:
                logger.error("what Prefect's server has lost is not known: %s", refused)

    async def _complete(self) -> None:
        self._forget(time.monotonic())
        events = [msgpack.unpackb(told.event) for told in self._told.values()]
        for start in range(0, len(events), _BATCH):
            batch = events[start : start + _BATCH]
            filed = await self._api.task_run_states(map(_task_run_id, batch))
            lost = [event for event in batch if not _is_filed(event, filed.get(_task_run_id(event)))]
            if lost:
                logger.warning("Prefect's server has lost %d states of task runs; they are told again", len(lost))
                await self._api.post_events(lost)

    def _forget(self, now: float) -> None:
        while self._told and (len(self._told) > _KEPT or next(iter(self._told.values())).at < now - _AGE_S):
            self._told.popitem(last=False)


def _task_run_id(event: dict[str, Any]) -> str:
    return str(event["resource"]["prefect.resource.id"]).removeprefix("prefect.task-run.")


def _is_filed(event: dict[str, Any], state: dict[str, Any] | None) -> bool:
    """Whether the server has this state of the task run, or a later one."""
    if state is None:
        return False
    return datetime.fromisoformat(state["timestamp"]) >= datetime.fromisoformat(event["occurred"])
