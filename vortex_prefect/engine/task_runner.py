"""`VortexTaskRunner`: Prefect's engine here, the work on Dask, large tensors where they were made.

The stock `DaskTaskRunner` ships Prefect's whole task engine to a Dask worker
with every task, and manages 8 trivial tasks a second; with the engine in the
flow's process and only the call on Dask it is a multiple of that.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import Future as ConcurrentFuture
from typing import Any, TypeVar

from distributed import Future, KilledWorker
from prefect.client.schemas.objects import RunInput
from prefect.futures import PrefectConcurrentFuture, PrefectFuture
from prefect.logging.handlers import APILogWorker
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task
from prefect_dask import DaskTaskRunner
from prefect_dask.client import PrefectDaskClient

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.engine.dask_options import DaskOptions, current_dask_options
from vortex_prefect.engine.dask_security import closed_cluster, security_at
from vortex_prefect.engine.lanes import LanePool
from vortex_prefect.engine.loans import Loans
from vortex_prefect.engine.parcel import Parcel, Refer, nothing_referred, pack
from vortex_prefect.engine.remote_call import LOG_EVENT, RemoteCall, RemoteResult, run_remote
from vortex_prefect.engine.task_context import current_context, freeze_flow
from vortex_prefect.engine.tensor_plugin import MIN_BYTES, TensorPlugin
from vortex_prefect.shm.janitor import sweep

T = TypeVar("T")

#: Task engines at once, unless the cluster has threads for more; each is a thread that waits.
_FEWEST_THREADS, _MOST_THREADS = 32, 512


class VortexTaskRunner(DaskTaskRunner):  # type: ignore[misc]
    """Runs a flow's tasks on Dask, with their Prefect engine in the flow's process.

    Works in any flow: `@flow(task_runner=VortexTaskRunner(address="tls://…"))`;
    without an address it starts a `LocalCluster` that nobody else can speak to. The keys of the stack with the
    user's home are found by its scheduler's address; those of another cluster are given as
    `client_kwargs={"security": …}`, or in Dask's configuration. A large tensor that a task
    returns stays in shared memory on the machine that made it: the flow gets a
    view, and a task that gets this view gets a reference.

    Args:
        max_threads: task engines that run at once in the flow's process; null for twice the
            cluster's threads, within 32 and 512.
        resources: Dask resources that each task holds while it runs.
        priority: of two tasks that wait, the one with the higher number runs first.
        min_tensor_bytes: from how many bytes on tensors travel as references; null for never.
        arena_bytes: the most shared memory that a worker which is no VORTEX host makes for tensors;
            0 for a quarter of its memory limit. The first runner on a cluster decides.
        Other arguments: as `prefect_dask.DaskTaskRunner`.

    `dask_options` places single tasks.
    """

    def __init__(
        self,
        *args: Any,
        max_threads: int | None = None,
        resources: Mapping[str, float] | None = None,
        priority: int | None = None,
        min_tensor_bytes: int | None = MIN_BYTES,
        arena_bytes: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if self.address is None and self._cluster is None:
            self.cluster_kwargs: dict[str, Any] = closed_cluster(self.cluster_class, self.cluster_kwargs)
        self._own_configuration: dict[str, Any] = {
            "max_threads": max_threads,
            "resources": resources,
            "priority": priority,
            "min_tensor_bytes": min_tensor_bytes,
            "arena_bytes": arena_bytes,
        }
        self._defaults = DaskOptions(resources, priority)
        self._lock = threading.Lock()
        self._connecting = threading.RLock()
        self._threads: ThreadPoolTaskRunner[Any] | None = None
        self._submitted: set[Future] = set()
        self._cancelled = threading.Event()
        self._shared: VortexTaskRunner | None = None
        self._lanes: LanePool | None = None
        self._loans: Loans | None = None
        self._has_tensors = False
        self._flow: bytes | None = None
        self._client: PrefectDaskClient | None

    def duplicate(self) -> VortexTaskRunner:
        """A runner with the same configuration; of a started one, a view that shares its connection.

        Prefect enters a duplicate for every flow run; the executor's connection must outlive them all.
        """
        if not self._started:
            return type(self)(**self._configuration())
        view = type(self)(address=self.client.scheduler.address, **self._own_configuration)
        view._shared = self._shared or self
        return view

    def __reduce__(self) -> tuple[Any, ...]:
        # A flow that is sent to another process takes its runner's settings along, and no connection.
        return functools.partial(type(self), **self._configuration()), ()

    @property
    def client(self) -> PrefectDaskClient:
        """The Dask client; made on first use."""
        if self._shared is not None:
            return self._shared.client
        with self._connecting:
            if not self._client and self.address is not None:
                # The base class would prefer whichever cluster this process happens to be connected to.
                options = dict(self.client_kwargs)
                options.setdefault("security", security_at(self.address, os.environ))
                self._client = self._exit_stack.enter_context(PrefectDaskClient(self.address, **options))
            return super().client

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

    def __exit__(self, *args: Any) -> None:
        owns_cluster = self._shared is None and self.address is None
        try:
            if args and args[0] is not None:
                # The flow failed or was interrupted: nobody waits for what it has submitted.
                self.cancel_all()
            if self._threads is not None:
                self._threads.__exit__(*args)
            if self._loans is not None:
                self._loans.end()
            if self._lanes is not None and self._shared is None:
                self._lanes.close()
            if self._has_tensors:
                # Else the scheduler finds nobody to tell that this client has gone.
                self.client.unsubscribe_topic(self.client.id)
        finally:
            self._threads, self._lanes, self._loans = None, None, None
            super().__exit__(*args)
            self._client, self._has_tensors = None, False
            if owns_cluster:
                # What workers left that were killed.
                sweep()

    def submit(
        self,
        task: Task[Any, Any],
        parameters: dict[str, Any],
        wait_for: Iterable[PrefectFuture[Any]] | None = None,
        dependencies: dict[str, set[RunInput]] | None = None,
    ) -> PrefectConcurrentFuture[Any]:
        """Submit a task: its engine to a thread here, its call to Dask.

        Raises:
            RuntimeError: the runner was not started, or has been cancelled.
        """
        if not self._started:
            raise RuntimeError("The task runner must be started before submitting work.")
        if self._cancelled.is_set():
            raise RuntimeError("The task runner was cancelled.")
        with self._connecting:
            threads = self._threads or self._start_threads()
        return threads.submit(self._on_dask(task), parameters, wait_for, dependencies)

    def cancel_all(self) -> None:
        """End every task that has not ended, as Crashed; Prefect calls it when a flow run is cancelled.

        What runs on a Dask worker in this moment runs on there, as Dask cannot
        interrupt it, but nobody waits for it.
        """
        self._cancelled.set()
        with self._lock:
            submitted = list(self._submitted)
        if submitted:
            self.client.cancel(submitted)
        if self._threads is not None:
            self._threads.cancel_all()

    def _configuration(self) -> dict[str, Any]:
        """Arguments of a runner like this one. A live cluster is passed on as its address."""
        where: dict[str, Any] = {"address": self.address}
        client = self.client_kwargs
        if self.address is None and self._cluster is not None:
            where = {"address": self._cluster.scheduler_address}
            if self._cluster.security.require_encryption:
                client = {"security": self._cluster.security, **client}
        elif self.address is None:
            names = ("cluster_class", "cluster_kwargs", "adapt_kwargs")
            where = {name: getattr(self, name) for name in names}
        return {
            **where,
            "client_kwargs": client,
            "performance_report_path": self.performance_report_path,
            **self._own_configuration,
        }

    def _start_threads(self) -> ThreadPoolTaskRunner[Any]:
        """Connect, and get ready for the first task."""
        client = self.client
        (self._shared or self)._prepare_workers()
        self._loans = Loans(client)
        self._flow = freeze_flow()
        threads = self._own_configuration["max_threads"]
        if threads is None:
            threads = min(max(2 * sum(client.nthreads().values()), _FEWEST_THREADS), _MOST_THREADS)
        self._threads = ThreadPoolTaskRunner(max_workers=threads)
        self._threads.__enter__()
        return self._threads

    def _prepare_workers(self) -> None:
        with self._connecting:
            if not self._has_tensors:
                self.client.register_plugin(TensorPlugin(self._own_configuration["arena_bytes"]))
                # The scheduler forgets what it published under a client's id soon after the client has gone.
                self.client.subscribe_topic(self.client.id, _log_forwarder())
                self._has_tensors = True

    def _on_dask(self, task: Task[Any, Any]) -> Task[Any, Any]:
        """The same task, with a function that runs the original one on Dask."""
        moved = copy.copy(task)
        moved.fn = functools.wraps(task.fn)(functools.partial(self._call, task))
        moved.isasync = False  # the coroutine runs on the Dask worker
        # So does the clock: waiting for a worker takes no time, and a thread here could not be interrupted.
        moved.timeout_seconds = None
        return moved

    def _call(self, task: Task[Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Run a task's function on Dask; called by Prefect's engine in one of its threads.

        `args` and `kwargs` keep their tensors on their workers until the function has returned.
        """
        if self._loans is None or self._flow is None:
            raise RuntimeError("The task runner has ended.")
        loans, key = self._loans, f"{task.name}-{new_id()}"
        content = (task.fn, args, kwargs, current_context(self._flow))
        by_reference = self._own_configuration["min_tensor_bytes"] is not None
        refer: Refer = loans.refer if by_reference else nothing_referred
        result, future = self._run(task, key, pack(content, refer))
        if result.lost is not None:
            # The call never happened.
            packed = pack(content, functools.partial(loans.refuse_damaged, result.lost))
            result, future = self._run(task, key := f"{key}-bytes", packed)
        if result.content is None:
            raise result.lost or WorkerError("WK-010", f"{result.worker} gave no result")
        try:
            return loans.open(key, result.worker, result.content)
        finally:
            del future  # until here it kept what the task made

    def _run(self, task: Task[Any, Any], key: str, content: Parcel) -> tuple[RemoteResult, Future]:
        minimum = self._own_configuration["min_tensor_bytes"]
        call = RemoteCall(content, minimum, task.timeout_seconds, self.client.id)
        options = current_dask_options().over(self._defaults).to_submit()
        future = self.client.submit(run_remote, call, key=key, pure=False, **options)
        with self._lock:
            self._submitted.add(future)
        try:
            if self._cancelled.is_set():
                future.cancel()
            return future.result(), future
        except FutureCancelled as gone:
            raise self._given_up(str(gone)) from gone
        except KilledWorker as killed:
            raise WorkerError("WK-001", str(killed), "Its Dask worker ended while it ran, more than once.") from killed
        finally:
            with self._lock:
                self._submitted.discard(future)

    def _given_up(self, why: str) -> BaseException:
        """What a task raises whose Dask future was cancelled."""
        if self._cancelled.is_set():
            # As Prefect's engine does: no retries, no caching, the run reads Crashed.
            return asyncio.CancelledError("Task run cancelled by the task runner")
        return WorkerError("WK-001", f"Dask gave the task up: {why}")


def _log_forwarder() -> Callable[[Any], None]:
    """A subscriber that sends the log records of Dask workers to Prefect's API, as the current settings say."""
    context = contextvars.copy_context()

    def forward(event: tuple[float, Any]) -> None:
        _, message = event
        if isinstance(message, dict) and LOG_EVENT in message:
            context.run(lambda: APILogWorker.instance().send(message[LOG_EVENT]))

    return forward


async def _lane_pool(client: PrefectDaskClient) -> LanePool:
    return LanePool(client)
