"""A link from the Prefect run that runs a graph to the graph's own flow run."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vortex_prefect.client.execution import Execution

logger = logging.getLogger(__name__)

_POLL_S = 0.1
#: A short execution ends before its flow run exists, which is waited for no longer than this.
_PATIENCE_S = 5.0
#: And the artifact no longer than this.
_END_PATIENCE_S = 15.0


@asynccontextmanager
async def linked(execution: Execution, name: str) -> AsyncIterator[None]:
    """While an execution runs within a flow or a task: an artifact of the calling run that leads to it."""
    if not _within_a_run():
        yield
        return
    ended = asyncio.Event()
    link = asyncio.create_task(_link(execution, name, ended))
    try:
        yield
    finally:
        ended.set()
        if execution.id:
            await asyncio.wait((link,), timeout=_END_PATIENCE_S)
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)


def _within_a_run() -> bool:
    """Whether a Prefect flow or task runs here; Prefect is not loaded to find out."""
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext, TaskRunContext  # noqa: PLC0415

    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


async def _link(execution: Execution, name: str, ended: asyncio.Event) -> None:
    from prefect.artifacts import acreate_link_artifact  # noqa: PLC0415

    try:
        while not execution.id:
            await asyncio.sleep(_POLL_S)
        url = await _address(execution, ended)
        await acreate_link_artifact(
            link=url,
            link_text=name or "graph",
            description=f"The graph {name!r} runs as execution {execution.id}.",
        )
    except Exception as error:
        logger.warning("no link to execution %s in Prefect: %s", execution.id, error)


async def _address(execution: Execution, ended: asyncio.Event) -> str:
    """Where a person sees the execution: its flow run or, if that does not come, what the bridge says of it."""
    deadline = None
    loop = asyncio.get_running_loop()
    while (url := (await execution.state()).prefect_url) is None:
        if ended.is_set():
            deadline = deadline or loop.time() + _PATIENCE_S
            if loop.time() > deadline:
                return execution.url
        await asyncio.sleep(_POLL_S)
    return str(url)
