"""Lanes as the engine sees them: places that Dask's scheduler granted, and calls through them.

Everything here runs on the Dask client's event loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from distributed import Client
from distributed.core import ConnectionPool

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.engine.host_plugin import RESOURCE, hold_lane

logger = logging.getLogger(__name__)

#: How long what the scheduler said of its workers is believed.
_HOSTS_AGE_S = 2.0


@dataclass(eq=False, slots=True)
class Lane:
    """A granted place: the Dask worker at `address` runs what is sent to it under `id`."""

    id: str
    address: str


@dataclass(slots=True)
class _Ear:
    """Who hears what a job's node says; what was heard already is not said again."""

    on_log: Callable[[LogLine], None]
    heard: int = 0

    def hear(self, line: LogLine) -> None:
        self.heard += 1
        self.on_log(line)

    def hear_rest(self, lines: Sequence[LogLine]) -> None:
        for line in lines[self.heard :]:
            self.hear(line)


class LanePool:
    """Asks the scheduler for lanes as jobs wait for them, and keeps those that are granted.

    Attributes:
        dispatched: jobs that were handed to a host.
    """

    def __init__(self, client: Client) -> None:
        self.dispatched = 0
        self._client = client
        self._topic = f"vortex-{new_id()}"
        self._comms: ConnectionPool = client.rpc
        self._idle: list[Lane] = []
        self._lanes: dict[str, Lane] = {}
        #: lane id → the Dask future that is the lane; requested ones too.
        self._futures: dict[str, Any] = {}
        self._waiting: list[tuple[int, int, asyncio.Future[Lane]]] = []
        self._order = itertools.count()
        self._progress: dict[str, Callable[[float], None]] = {}
        self._previews: dict[str, Callable[[bytes], None]] = {}
        self._ears: dict[str, _Ear] = {}
        #: address → lanes that it can hold, as last heard.
        self._hosts: dict[str, int] = {}
        self._heard = 0.0
        client.subscribe_topic(self._topic, self._on_event)

    async def run(
        self,
        job: Job,
        priority: int,
        on_start: Callable[[], None],
        on_progress: Callable[[float], None],
        on_log: Callable[[LogLine], None],
        on_preview: Callable[[bytes], None],
    ) -> JobOutcome:
        """Run a job on the next free lane; `on_start` tells when it has one. Failures are the outcome's `error`.

        `on_log` has heard everything that the node said by the time this returns; `on_preview` sees what
        the node showed (JPEG) so far as it comes before that.
        """
        self._previews[job.job_id] = on_preview
        try:
            return (await self.run_segment([job], priority, on_start, [on_progress], [on_log]))[0]
        finally:
            del self._previews[job.job_id]

    async def run_segment(
        self,
        jobs: Sequence[Job],
        priority: int,
        on_start: Callable[[], None],
        on_progress: Sequence[Callable[[float], None]],
        on_log: Sequence[Callable[[LogLine], None]],
    ) -> list[JobOutcome]:
        """Run jobs one after the other on one lane, each with what the one before gave (`Job.links`).

        Args:
            on_progress: for each job, who hears how far it is; of one that takes longer than those that travel
                together should, that it runs.
            on_log: for each job, who hears what its node says.

        Returns:
            Their outcomes; after one that failed or took long there are none, but always one at least.
        """
        ears = {job.job_id: _Ear(hear) for job, hear in zip(jobs, on_log, strict=True)}
        self._ears |= ears
        self._progress |= {job.job_id: hear for job, hear in zip(jobs, on_progress, strict=True)}
        try:
            outcomes = await self._run(jobs, priority, on_start)
        finally:
            for job_id in ears:
                self._ears.pop(job_id, None)
                self._progress.pop(job_id, None)
        for ear, outcome in zip(ears.values(), outcomes, strict=False):
            ear.hear_rest(outcome.logs)
        return outcomes

    async def _run(self, jobs: Sequence[Job], priority: int, on_start: Callable[[], None]) -> list[JobOutcome]:
        packed = [job.to_dict() for job in jobs]
        while True:
            lane = await self._acquire(priority)
            on_start()
            try:
                answer = await self._call(lane.address, "vortex_run", lane=lane.id, jobs=packed)
            except OSError as error:
                self._forget(lane)
                lost = WorkerError("WK-001", f"the host at {lane.address} was lost: {error}")
                return [JobOutcome(jobs[0].job_id, error=lost)]
            if answer is not None:
                self.dispatched += len(answer)
                self._release(lane)
                return [JobOutcome.from_dict(outcome) for outcome in answer]
            self._forget(lane)  # closed while idle; the next one will do

    async def everywhere(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call a handler of every host: address → answer; hosts that are lost meanwhile are left out."""
        addresses = list(await self._known_hosts())
        calls = (self._call(address, operation, **arguments) for address in addresses)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        found = {}
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, OSError):
                    raise answer
                logger.warning("host %s does not answer %s: %s", address, operation, answer)
            else:
                found[address] = answer
        return found

    async def hosts(self) -> list[str]:
        """Addresses of the hosts."""
        return list(await self._known_hosts())

    async def ask(self, address: str, operation: str, **arguments: Any) -> Any:
        """Call a handler of one host.

        Raises:
            OSError: nobody answers there.
        """
        return await self._call(address, operation, **arguments)

    async def capacity(self) -> int:
        """How many jobs the cluster can run at once."""
        return sum((await self._known_hosts()).values())

    async def catalogue(self) -> Catalogue:
        """The node types of the hosts; waits until the first worker has introduced itself.

        Raises:
            WorkerError: WK-001, no host or none with a worker.
        """
        for answer in (await self.everywhere("vortex_catalogue")).values():
            return Catalogue.from_list(answer)
        raise WorkerError("WK-001", "no host is connected to the scheduler")

    async def renew(self) -> Catalogue:
        """Have all hosts replace their workers, since packs have changed; the new node types.

        Raises:
            WorkerError: WK-001, no host has a new worker.
        """
        for answer in (await self.everywhere("vortex_renew")).values():
            return Catalogue.from_list(answer)
        raise WorkerError("WK-001", "no host has a worker with the new packs")

    async def refresh(self) -> dict[str, int]:
        """Ask the scheduler which Dask workers are hosts: address → lanes that it can hold."""
        identity = await self._client.scheduler.identity(n_workers=-1)
        self._hosts = {
            address: int(worker["resources"][RESOURCE])
            for address, worker in identity["workers"].items()
            if RESOURCE in worker["resources"] and worker["status"] == "running"
        }
        return self._hosts

    def close(self) -> None:
        """Let go of all lanes; jobs under way are abandoned."""
        for future in list(self._futures.values()):  # each that is cancelled takes itself out
            future.cancel()
        for _, _, waiter in self._waiting:
            waiter.cancel()

    async def _known_hosts(self) -> dict[str, int]:
        now = time.monotonic()
        if not self._hosts or now - self._heard > _HOSTS_AGE_S:
            self._heard = now
            await self.refresh()
        return self._hosts

    async def _call(self, address: str, operation: str, **arguments: Any) -> Any:
        return await getattr(self._comms(address), operation)(**arguments)

    async def _acquire(self, priority: int) -> Lane:
        await self._known_hosts()
        if self._idle:
            return self._idle.pop()
        waiter: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._order), waiter))
        self._request()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._release(waiter.result())  # granted in the same moment
            raise

    def _request(self) -> None:
        """Ask for a lane more, if jobs wait and the cluster could grant one."""
        # First what costs nothing: with all lanes granted, thousands may wait.
        if len(self._futures) >= max(sum(self._hosts.values()), 1):
            return
        requested = len(self._futures) - len(self._lanes)
        if sum(not waiter.done() for _, _, waiter in self._waiting) <= requested:
            return
        lane_id = new_id()
        future = self._client.submit(
            hold_lane, lane_id, self._topic, key=f"vortex-lane-{lane_id}", pure=False, resources={RESOURCE: 1}
        )
        self._futures[lane_id] = future
        future.add_done_callback(lambda done: self._client.loop.add_callback(self._on_closed, lane_id, done))

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        if message["kind"] == "progress":
            if (on_progress := self._progress.get(message["job_id"])) is not None:
                on_progress(message["fraction"])
        elif message["kind"] == "preview":
            if (on_preview := self._previews.get(message["job_id"])) is not None:
                on_preview(message["jpeg"])
        elif message["kind"] == "log":
            if (ear := self._ears.get(message["job_id"])) is not None:
                ear.hear(LogLine(message["level"], message["text"], message["at_ms"]))
        elif message["lane"] in self._futures:
            lane = Lane(message["lane"], message["address"])
            # Dask runs a lane again elsewhere when its worker is lost: what is known of it is no more.
            self._idle = [idle for idle in self._idle if idle.id != lane.id]
            self._lanes[lane.id] = lane
            self._release(lane)
            self._request()

    def _on_closed(self, lane_id: str, future: Any) -> None:
        if future.status == "error":
            logger.error("lane %s failed: %s", lane_id, future.exception())
        self._futures.pop(lane_id, None)
        lane = self._lanes.pop(lane_id, None)
        if lane in self._idle:
            self._idle.remove(lane)
        self._request()

    def _release(self, lane: Lane) -> None:
        while self._waiting:
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                waiter.set_result(lane)
                return
        if lane.id in self._lanes:
            self._idle.append(lane)

    def _forget(self, lane: Lane) -> None:
        self._lanes.pop(lane.id, None)
        self._futures.pop(lane.id, None)
        if lane in self._idle:
            self._idle.remove(lane)
        self._request()
