"""How far Prefect's server may fall behind: it holds 10,000 events in memory, and drops what comes beyond."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from vortex_prefect.core.errors import VortexError

logger = logging.getLogger(__name__)

#: Task runs that were told of and are not filed yet; several executions share the server's memory.
_WINDOW = 2_000
_LOOK_INTERVAL_S = 0.5
#: A server that files nothing for so long is not waited for any more.
_PATIENCE_S = 60.0


class Backlog:
    """Holds one flow run's recorder back while the server has too much to file.

    Args:
        filed: counts the task runs that the server has filed of a flow run; raises OSError while it is away.
    """

    def __init__(self, filed: Callable[[str], Awaitable[int]]) -> None:
        self._filed = filed
        self._seen = 0
        self._given_up = False

    async def make_room(self, flow_run_id: str, told: int) -> None:
        """Return once all but a window of the `told` task runs are filed, or the server has stopped filing."""
        moved_at = time.monotonic()
        while not self._given_up and told - self._seen > _WINDOW:
            seen = await self._look(flow_run_id)
            if seen > self._seen:
                self._seen, moved_at = seen, time.monotonic()
                continue
            if time.monotonic() - moved_at > _PATIENCE_S:
                self._given_up = True
                logger.warning("Prefect's server has filed %d of %d task runs, and no more for a while", seen, told)
            await asyncio.sleep(_LOOK_INTERVAL_S)

    async def _look(self, flow_run_id: str) -> int:
        try:
            return await self._filed(flow_run_id)
        except (OSError, VortexError):
            return self._seen
