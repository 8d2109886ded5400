"""`VortexTaskRunner`: Prefect's engine here, the work on Dask.

The stock `DaskTaskRunner` ships Prefect's whole task engine to a Dask worker
with every task, and manages 8 trivial tasks a second; with the engine in the
flow's process and only the call on Dask it is a multiple of that.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future as ConcurrentFuture
from typing import Any, TypeVar

from prefect.client.schemas.objects import RunInput
from prefect.futures import PrefectConcurrentFuture, PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task
from prefect_dask import DaskTaskRunner
from prefect_dask.client import PrefectDaskClient

from vortex_prefect.engine.lanes import LanePool

T = TypeVar("T")


class VortexTaskRunner(DaskTaskRunner):  # type: ignore[misc]
    """Runs a flow's tasks on Dask, with their Prefect engine in the flow's process.

    Works in any flow: `@flow(task_runner=VortexTaskRunner(address="tcp://…"))`;
    without an address it starts a `LocalCluster`. Parameters and results of
    ordinary tasks travel by Dask's serialisation; graph nodes go through lanes
    and only references travel.

    Args:
        max_threads: task engines that run at once in the flow's process.
        resources: Dask resources that each task holds while it runs.
        Other arguments: as `prefect_dask.DaskTaskRunner`.
    """

    def __init__(
        self, *args: Any, max_threads: int = 32, resources: dict[str, float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._max_threads = max_threads
        self._resources = resources
        self._threads: ThreadPoolTaskRunner[Any] | None = None
        self._submitted: set[Any] = set()
        self._submitted_lock = threading.Lock()
        self._shared: VortexTaskRunner | None = None
        self._lanes: LanePool | None = None

    def duplicate(self) -> VortexTaskRunner:
        """A runner with the same configuration; of a started one, a view that shares its connection.

        Prefect enters a duplicate for every flow run; the executor's connection must outlive them all.
        """
        if not self._started:
            other: VortexTaskRunner = super().duplicate()
            other._max_threads, other._resources = self._max_threads, self._resources
            return other
        view = type(self)(address=self.client.scheduler.address, max_threads=self._max_threads)
        view._resources, view._shared = self._resources, self._shared or self
        return view

    @property
    def client(self) -> PrefectDaskClient:
        """The Dask client; made on first use."""
        return self._shared.client if self._shared is not None else super().client

    @property
    def lanes(self) -> LanePool:
        """The lanes of graph nodes; use them on `run_on_loop` only."""
        if self._shared is not None:
            return self._shared.lanes
        if self._lanes is None:
            self._lanes = self.run_on_loop(_lane_pool(self.client)).result()
        return self._lanes

    def run_on_loop(self, work: Coroutine[Any, Any, T]) -> ConcurrentFuture[T]:
        """Run a coroutine on the Dask client's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.client.loop.asyncio_loop)

    def __enter__(self) -> VortexTaskRunner:
        super().__enter__()
        self._threads = ThreadPoolTaskRunner(max_workers=self._max_threads)
        self._threads.__enter__()
        return self

    def __exit__(self, *args: Any) -> None:
        try:
            if self._threads is not None:
                self._threads.__exit__(*args)
            if self._lanes is not None and self._shared is None:
                self._lanes.close()
        finally:
            self._threads, self._lanes = None, None
            super().__exit__(*args)

    def submit(
        self,
        task: Task[Any, Any],
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectFuture[Any]] | None = None,
        dependencies: dict[str, set[RunInput]] | None = None,
    ) -> PrefectConcurrentFuture[Any]:
        """Submit a task: its engine to a thread here, its call to Dask."""
        if self._threads is None:
            raise RuntimeError("The task runner must be started before submitting work.")
        return self._threads.submit(self._on_dask(task), parameters, wait_for, dependencies)

    def cancel_all(self) -> None:
        """Cancel every task that has not ended; Prefect calls it when a flow run is cancelled."""
        with self._submitted_lock:
            submitted = list(self._submitted)
        for future in submitted:
            future.cancel()
        if self._threads is not None:
            self._threads.cancel_all()

    def _on_dask(self, task: Task[Any, Any]) -> Task[Any, Any]:
        """The same task, with a function that runs the original one on Dask."""
        moved = copy.copy(task)
        moved.fn = functools.wraps(task.fn)(functools.partial(self._call, task.fn))
        moved.isasync = False  # the coroutine runs on the Dask worker
        return moved

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        future = self.client.submit(_run, function, args, kwargs, pure=False, resources=self._resources)
        with self._submitted_lock:
            self._submitted.add(future)
        try:
            return future.result()
        finally:
            with self._submitted_lock:
                self._submitted.discard(future)


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = function(*args, **kwargs)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


async def _lane_pool(client: PrefectDaskClient) -> LanePool:
    return LanePool(client)
