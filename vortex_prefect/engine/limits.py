"""Prefect's tag concurrency limits, for nodes that carry tags.

A limit `tag:gpu-heavy` that somebody made in Prefect (its UI, or `prefect gcl
create`) holds for nodes as it does for tasks; tags without a limit cost a
question and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency

logger = logging.getLogger(__name__)

#: A slot whose engine died is free again after that; it is renewed while the node runs.
_LEASE_S = 60.0
_RETRY_S = 2.0


class TagLimits:
    """A `Limiter` on Prefect's server."""

    async def acquire(self, tags: tuple[str, ...]) -> contextlib.AbstractAsyncContextManager[None]:
        """See `Limiter.acquire`; while Prefect's server is away, it waits for it."""
        slots = contextlib.AsyncExitStack()
        names = [f"tag:{tag}" for tag in sorted(tags)]
        while True:
            try:
                await slots.enter_async_context(concurrency(names, occupy=1, lease_duration=_LEASE_S, strict=False))
                return _held(slots)
            except ConcurrencySlotAcquisitionError as error:
                logger.warning("no place under %s yet: %s", ", ".join(names), error)
                await asyncio.sleep(_RETRY_S)


@contextlib.asynccontextmanager
async def _held(slots: contextlib.AsyncExitStack) -> AsyncIterator[None]:
    async with slots:
        yield
