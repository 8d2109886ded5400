"""The host inside a Dask worker: a plugin that owns the runtime and answers the engine.

Dask decides where work runs, and what it hands out are *lanes*: a lane is a
Dask task that holds one GPU of the worker's resources and runs the jobs that
reach it through a handler of the same worker. A Dask submission costs 7 to
13 ms of batching, a handler call 0.4 ms; so the scheduler is asked once a lane
and not once a node, and still nothing runs that it has not placed.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import logging
import os
import queue
import socket
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin
from tornado.ioloop import PeriodicCallback

from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.event_spool import EventSpool
from vortex_prefect.engine.patience import Patience
from vortex_prefect.engine.worker_events import KEPT, TOPIC, WorkerEvents
from vortex_prefect.files.roots import roots_of
from vortex_prefect.host.config import HostConfig
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.members import Policy
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.ipc.trace_setup import configure_tracing
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.janitor import arena_path
from vortex_prefect.wire.payloads import Preview, Progress
from vortex_worker.packs.debug.counting import read_count

logger = logging.getLogger(__name__)

PLUGIN_NAME = "vortex-host"
#: The Dask resource that a lane holds; a host has one for each of its workers.
RESOURCE = "GPU"
#: Below that, a worker would be replaced for what it loads at its start, again and again.
_LEAST_WORKER_BYTES = 1 << 30
#: A lane that no job reaches gives its resource back.
LANE_IDLE_S = 2.0
#: Engines say every two seconds what they wait for; what none has named for so long has lost its engine.
_TICK_S = 1.0
_PATIENCE_TICKS = 10

_Entry = tuple[list[Job], "asyncio.Future[list[JobOutcome]]"]


class HostPlugin(WorkerPlugin):  # type: ignore[misc]
    """Owns a `HostRuntime` for as long as the Dask worker lives."""

    name = PLUGIN_NAME
    # An engine that comes back finds the host as it was, with its cache.
    idempotent = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def setup(self, worker: Worker) -> None:
        """Called by Dask on the worker's event loop."""
        configure_tracing("host")
        self._worker = worker
        self._lanes: dict[str, queue.SimpleQueue[_Entry]] = {}
        #: A lane closes under it, so that no job is put into one that has closed.
        self._lanes_lock = threading.Lock()
        config = host_config(self._settings, worker.state.nthreads)
        spool = EventSpool(config.state_dir / "worker-events.jsonl", KEPT)
        self._events = WorkerEvents(
            spool,
            lambda: worker.log_event(TOPIC, {"address": worker.address}),
            tensor_spool=EventSpool(config.state_dir / "tensor-events.jsonl", KEPT),
        )
        self._runtime = HostRuntime(config, on_event=self._events.note)
        self._runtime.start()
        self._patience = Patience(_PATIENCE_TICKS)
        self._clock = PeriodicCallback(self._give_up, 1000 * _TICK_S)
        self._clock.start()
        worker.handlers.update(
            vortex_run=self.run,
            vortex_cancel=self.cancel,
            vortex_lookup=self.lookup,
            vortex_known=self.known,
            vortex_intact=self.intact,
            vortex_pin=self.pin,
            vortex_hold=self.hold,
            vortex_release=self.release,
            vortex_beat=self.beat,
            vortex_read=self.read,
            vortex_catalogue=self.catalogue,
            vortex_renew=self.renew,
            vortex_count=self.count,
            vortex_status=self.status,
            vortex_ping=self.ping,
            vortex_events=self.events,
        )

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """Called by Dask when the worker closes."""
        self._clock.stop()
        self._runtime.close()
        self._events.close()

    @property
    def arena(self) -> Arena:
        """The host's arena; ordinary tasks on this worker seal their tensors there too."""
        return self._runtime.arena

    def serve_lane(self, lane_id: str, topic: str) -> None:
        """Run the jobs of a lane in this thread until none has come for a while."""
        jobs: queue.SimpleQueue[_Entry] = queue.SimpleQueue()
        self._lanes[lane_id] = jobs
        self._worker.log_event(topic, {"kind": "lane", "lane": lane_id, "address": self._worker.address})
        loop = self._worker.loop.asyncio_loop
        while (entry := self._next(lane_id, jobs)) is not None:
            segment, future = entry
            outcomes = self._run_segment(segment, topic)
            loop.call_soon_threadsafe(_resolve, future, outcomes)

    def _run_segment(self, segment: list[Job], topic: str) -> list[JobOutcome]:
        """One job after the other, up to the first that fails."""
        said: dict[str, list[LogLine]] = {job.job_id: [] for job in segment}
        ears = Ears(
            progress=functools.partial(self._progress, topic),
            log=lambda job_id, line: self._log(topic, job_id, said[job_id], line),
            preview=functools.partial(self._preview, topic),
        )
        outcomes = self._runtime.run_segment(segment, ears)
        return [replace(outcome, logs=tuple(said[outcome.job_id])) for outcome in outcomes]

    def _next(self, lane_id: str, jobs: queue.SimpleQueue[_Entry]) -> _Entry | None:
        """The lane's next job; null once it has closed, and then none can have come."""
        with contextlib.suppress(queue.Empty):
            return jobs.get(timeout=LANE_IDLE_S)
        with self._lanes_lock:
            if jobs.empty():
                del self._lanes[lane_id]
                return None
        return jobs.get()

    def _progress(self, topic: str, progress: Progress) -> None:
        self._worker.log_event(topic, {"kind": "progress", **asdict(progress)})

    def _preview(self, topic: str, preview: Preview) -> None:
        self._worker.log_event(topic, {"kind": "preview", **asdict(preview)})

    def _log(self, topic: str, job_id: str, said: list[LogLine], line: LogLine) -> None:
        """Tell at once; and again with the outcome, which may overtake what goes through the topic."""
        said.append(line)
        self._worker.log_event(topic, {"kind": "log", "job_id": job_id, **asdict(line)})

    # -- handlers: called through Dask's comms, on the worker's event loop -------------------

    async def run(self, lane: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Run jobs on a lane one after the other, up to the first that fails; null if the lane has closed."""
        future: asyncio.Future[list[JobOutcome]] = asyncio.get_running_loop().create_future()
        segment = [Job.from_dict(job) for job in jobs]
        self._patience.hear({job.execution_id for job in segment})
        with self._lanes_lock:
            if (waiting := self._lanes.get(lane)) is None:
                return None
            waiting.put((segment, future))
        return [outcome.to_dict() for outcome in await future]

    async def cancel(self, execution_id: str) -> int:
        """See `HostRuntime.cancel`."""
        return await asyncio.to_thread(self._runtime.cancel, execution_id)

    def lookup(self, keys: list[str], execution_id: str) -> dict[str, Any]:
        """See `HostRuntime.lookup`; outputs in their JSON form."""
        self._patience.hear([execution_id])
        found = self._runtime.lookup(keys, execution_id)
        return {key: {port: value.to_dict() for port, value in outputs.items()} for key, outputs in found.items()}

    def known(self, keys: list[str]) -> list[str]:
        """See `HostRuntime.known`."""
        return self._runtime.known(keys)

    def pin(self, value: dict[str, Any], keep: bool) -> bool | None:
        """See `HostRuntime.pin`."""
        return self._runtime.pin(Value.from_dict(value), keep=keep)

    def intact(self, values: list[dict[str, Any]]) -> list[bool]:
        """See `HostRuntime.is_intact`, of each."""
        return [self._runtime.is_intact(Value.from_dict(value)) for value in values]

    def hold(self, value: dict[str, Any], holder: str) -> str | None:
        """See `HostRuntime.hold`."""
        return self._runtime.hold(Value.from_dict(value), holder)

    def release(self, execution_id: str) -> None:
        """See `HostRuntime.release`."""
        self._patience.forget(execution_id)
        self._runtime.release(execution_id)

    def beat(self, executions: list[str]) -> None:
        """An engine waits for these executions."""
        self._patience.hear(executions)

    async def _give_up(self) -> None:
        """End what runs for nobody: its engine died."""
        for execution_id in self._patience.tick():
            logger.warning("nobody waits for execution %s any more", execution_id)
            await self.cancel(execution_id)
            self._runtime.release(execution_id)

    async def read(self, value: dict[str, Any], format: str) -> tuple[bytes, str]:
        """See `HostRuntime.read`."""
        return await asyncio.to_thread(self._runtime.read, Value.from_dict(value), format)

    async def catalogue(self) -> list[dict[str, Any]]:
        """Waits for the first worker; see `HostRuntime.catalogue`."""
        return (await asyncio.to_thread(self._runtime.catalogue)).to_list()

    async def renew(self) -> list[dict[str, Any]]:
        """See `HostRuntime.renew`."""
        return (await asyncio.to_thread(self._runtime.renew)).to_list()

    async def count(self, tag: str) -> int:
        """How often `debug.count` has really run with that tag on this host."""
        return await asyncio.to_thread(read_count, host_config(self._settings, 0).state_dir, tag)

    async def ping(self, count: int) -> list[float]:
        """See `HostRuntime.round_trips_us`."""
        return await asyncio.to_thread(self._runtime.round_trips_us, count)

    def status(self) -> dict[str, Any]:
        """See `HostRuntime.statistics`."""
        return asdict(self._runtime.statistics())

    def events(self, log: str | None, after: int) -> dict[str, Any]:
        """What happened to the workers; see `WorkerEvents.answer`."""
        return self._events.answer(log, after)


def hold_lane(lane_id: str, topic: str) -> None:
    """The Dask task that is a lane."""
    get_worker().plugins[PLUGIN_NAME].serve_lane(lane_id, topic)


def host_config(settings: Settings, workers: int) -> HostConfig:
    """The host that these settings describe."""
    return HostConfig(
        host_id=_owner(settings.home),
        run_dir=settings.run_dir,
        log_dir=settings.log_dir,
        output_dir=settings.output_dir,
        state_dir=settings.home / "state",
        arena_path=arena_path(_owner(settings.home)),
        arena_bytes=settings.arena_bytes,
        arena_budget_bytes=settings.arena_budget_bytes,
        workers=workers,
        device=settings.device,
        debug=settings.debug_nodes,
        spares=settings.spares,
        policy=_policy(settings, workers),
        spin_us=settings.spin_us,
        checksums=settings.arena_checksums,
        quarantine_after=settings.quarantine_after,
        packs_dir=settings.packs_dir,
        roots=roots_of(settings),
    )


def _policy(settings: Settings, workers: int) -> Policy:
    share = int(0.8 * psutil.virtual_memory().total / max(workers, 1))
    return Policy(
        workers,
        hang_after_s=settings.hang_after_s,
        cancel_grace_s=settings.cancel_grace_s,
        environment_workers=settings.environment_workers,
        environment_idle_s=settings.environment_idle_s,
        rss_limit_bytes=max(settings.worker_memory_bytes or share, _LEAST_WORKER_BYTES),
        device_limit_bytes=settings.worker_device_bytes,
    )


def _owner(home: Path) -> str:
    digest = hashlib.sha256(f"{socket.gethostname()}:{home}".encode()).hexdigest()[:10]
    return f"{os.getuid()}-{digest}"


def _resolve(future: asyncio.Future[list[JobOutcome]], outcomes: list[JobOutcome]) -> None:
    if not future.done():
        future.set_result(outcomes)
