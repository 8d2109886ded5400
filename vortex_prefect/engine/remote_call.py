"""The Dask task that is a Prefect task's function, on its worker.

The scheduler loads this module too, with every call that passes through it;
Prefect is imported by the worker alone.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from distributed import Worker, get_worker

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.engine.parcel import Parcel, Resolve, is_gone, nothing_referred, nothing_resolved, pack, unpack
from vortex_prefect.engine.tensor_plugin import PLUGIN_NAME, Borrowed, TensorPlugin

#: What a log record is found under, among other events of its topic.
LOG_EVENT = "vortex-log"


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """What a worker is asked to do."""

    #: `(function, args, kwargs, TaskContext)`.
    content: Parcel
    #: From how many bytes on a tensor of the result travels as a reference; null: never.
    min_bytes: int | None
    #: How long the function may run; null: for ever. Waiting for a worker does not count.
    timeout_s: float | None
    #: Dask topic that takes the log records.
    topic: str


@dataclass(frozen=True, slots=True)
class RemoteResult:
    """What came of it, and where; exactly one of `content` and `lost` is set. What the function raises is raised."""

    worker: str
    content: Parcel | None = None
    #: A tensor among the arguments is gone; the function was not called.
    lost: WorkerError | None = None


def run_remote(call: RemoteCall) -> RemoteResult:
    """Call the function, and pack what it returns."""
    worker = get_worker()
    plugin: TensorPlugin | None = worker.plugins.get(PLUGIN_NAME)
    borrowed: list[Borrowed] = []
    resolve = nothing_resolved if plugin is None else functools.partial(plugin.resolve, borrowed=borrowed)
    try:
        content = _run(call, worker, resolve, plugin)
    except _Lost as lost:
        return RemoteResult(worker.address, lost=lost.error)
    if plugin is not None:
        plugin.keep(borrowed)
    return RemoteResult(worker.address, content)


class _Lost(Exception):
    def __init__(self, error: WorkerError) -> None:
        super().__init__(str(error))
        self.error = error


def _run(call: RemoteCall, worker: Worker, resolve: Resolve, plugin: TensorPlugin | None) -> Parcel:
    # Prefect takes seconds to import: not before a worker has a task.
    from prefect.utilities.timeout import timeout  # noqa: PLC0415

    from vortex_prefect.engine.task_context import entered  # noqa: PLC0415

    try:
        function, args, kwargs, context = unpack(call.content, resolve)
    except WorkerError as error:
        if not is_gone(error):
            raise
        raise _Lost(error) from error
    with entered(context, functools.partial(_send_log, worker, call.topic)):
        with timeout(call.timeout_s):
            result = function(*args, **kwargs)
            if inspect.isgenerator(result):
                result = list(result)
        # Outside of that time-out: it interrupts a thread, this one cancels a coroutine.
        result = _awaited(result, call.timeout_s)
        refer: Callable[[Any], Any] = nothing_referred
        if plugin is not None and call.min_bytes is not None:
            refer = functools.partial(plugin.refer, worker.get_current_task(), min_bytes=call.min_bytes)
        return pack(result, refer)


def _awaited(result: Any, timeout_s: float | None) -> Any:
    if inspect.isasyncgen(result):
        result = _listed(result)
    return asyncio.run(_within(timeout_s, result)) if inspect.iscoroutine(result) else result


async def _within(timeout_s: float | None, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        async with asyncio.timeout(timeout_s) as scope:
            return await work
    except TimeoutError as late:
        if not scope.expired():
            raise
        raise TimeoutError(f"Scope timed out after {timeout_s} second(s).") from late


async def _listed(generator: Any) -> list[Any]:
    return [item async for item in generator]


def _send_log(worker: Worker, topic: str, log: dict[str, Any]) -> None:
    worker.log_event(topic, {LOG_EVENT: log})
