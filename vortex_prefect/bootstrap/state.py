"""What is done with a home's state beside the stack: compared with its log, copied, put back, checked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from vortex_prefect.bootstrap.wiring import store_url
from vortex_prefect.core.settings import Settings
from vortex_prefect.service.replay import Comparison, compare, rebuild
from vortex_prefect.store import backup as copies
from vortex_prefect.store import open_store, reading


def compare_with_log(settings: Settings) -> Comparison:
    """Read the whole log and compare; a stack may run meanwhile. Errors as `service.replay.compare`."""
    with reading(store_url(settings)) as unit:
        return compare(unit)


def rebuild_from_log(settings: Settings) -> Comparison:
    """Make the tables say what the log says; what was different before. SY-005 while a stack runs."""

    async def work() -> Comparison:
        store = open_store(store_url(settings))
        try:
            return await store.write(rebuild)
        finally:
            await store.close()

    return asyncio.run(work())


def back_up(settings: Settings, target: Path) -> int:
    """See `store.backup.back_up`."""
    return copies.back_up(store_url(settings), target)


def restore(settings: Settings, source: Path) -> Path | None:
    """See `store.backup.restore`."""
    return copies.restore(store_url(settings), source)


def problems(settings: Settings) -> list[str]:
    """See `store.backup.problems`."""
    return copies.problems(store_url(settings))
