"""Prefect's tag concurrency limits, for nodes that carry tags.

A limit `tag:gpu-heavy` that somebody made in Prefect (its UI, or `prefect gcl
create`) holds for nodes as it does for tasks. Asking for a place costs Prefect's
client a tenth of a second, limit or not, and most tags have none; so first it is
asked which limits there are, once for all nodes of two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency

from vortex_prefect.core.errors import VortexError

logger = logging.getLogger(__name__)

#: A slot whose engine died is free again after that; it is renewed while the node runs.
_LEASE_S = 60.0
_RETRY_S = 2.0
#: How long it is believed which limits there are.
_AGE_S = 2.0


class TagLimits:
    """A `Limiter` on Prefect's server. Use it on one event loop.

    Args:
        limits: asks for the names of all limits; see `PrefectApi.concurrency_limits`.
    """

    def __init__(self, limits: Callable[[], Awaitable[frozenset[str]]]) -> None:
        self._limits = limits
        self._asking = asyncio.Lock()
        self._known: frozenset[str] = frozenset()
        self._heard: float | None = None

    async def acquire(self, tags: tuple[str, ...]) -> contextlib.AbstractAsyncContextManager[None]:
        """See `Limiter.acquire`; while Prefect's server is away, it waits for it."""
        names = sorted({f"tag:{tag}" for tag in tags} & await self._current())
        if not names:
            return contextlib.nullcontext()
        slots = contextlib.AsyncExitStack()
        while True:
            try:
                await slots.enter_async_context(concurrency(names, occupy=1, lease_duration=_LEASE_S, strict=False))
                return _held(slots)
            except ConcurrencySlotAcquisitionError as error:
                logger.warning("no place under %s yet: %s", ", ".join(names), error)
                await asyncio.sleep(_RETRY_S)

    async def _current(self) -> frozenset[str]:
        async with self._asking:
            while self._heard is None or time.monotonic() - self._heard > _AGE_S:
                try:
                    self._known = await self._limits()
                    self._heard = time.monotonic()
                    break
                except (OSError, VortexError) as error:
                    logger.warning("nodes with tags wait, their limits are not known: %s", error)
                    await asyncio.sleep(_RETRY_S)
            return self._known


@contextlib.asynccontextmanager
async def _held(slots: contextlib.AsyncExitStack) -> AsyncIterator[None]:
    async with slots:
        yield
