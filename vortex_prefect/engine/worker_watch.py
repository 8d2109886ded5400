"""Fetches from every host what happened to its workers and tensors."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from vortex_prefect.core.reports import HostReport, TensorReport
from vortex_prefect.engine.event_spool import host_report
from vortex_prefect.engine.worker_events import KEPT

logger = logging.getLogger(__name__)

#: Between rounds over all hosts: a nudge may be lost, and a host may have been away.
_ROUND_S = 10.0
#: A host that has not answered by then is asked again in the next round.
_PATIENCE_S = 5.0


class Hosts(Protocol):
    """The hosts of the cluster."""

    async def hosts(self) -> Iterable[str]:
        """Their addresses."""

    async def ask(self, address: str, operation: str, **arguments: Any) -> Any:
        """Call a handler of one of them."""


class WorkerHistory:
    """The latest reports by their time, each once, for whoever comes later."""

    def __init__(self, keep: int = KEPT) -> None:
        self._keep = keep
        self._order = itertools.count()
        #: The oldest goes first, however late it was told: of a host that tells everything again, no other suffers.
        self._heap: list[tuple[int, int, HostReport]] = []
        self._known: set[str] = set()

    def put(self, report: HostReport) -> bool:
        """Keep a report; false if it is known already."""
        if report.event_id in self._known:
            return False
        self._known.add(report.event_id)
        heapq.heappush(self._heap, (report.at_ms, next(self._order), report))
        while len(self._heap) > self._keep:
            self._known.remove(heapq.heappop(self._heap)[-1].event_id)
        return True

    def in_order(self) -> list[HostReport]:
        """The oldest first."""
        return [report for *_, report in sorted(self._heap, key=lambda entry: entry[:2])]


class WorkerWatch:
    """Asks hosts for their events; each is published once for as long as it is remembered.

    Hosts are asked independently of one another, so that one that stands still holds up nobody.
    Use it on one event loop.
    """

    def __init__(
        self,
        hosts: Hosts,
        publish: Callable[[HostReport], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._hosts = hosts
        self._publish = publish
        self._sleep = sleep
        self._history = WorkerHistory()
        # Of its own: there are far more of these, and nobody is to miss a crash for them.
        self._tensors = WorkerHistory()
        #: address → the numbering of its host, and the last number seen.
        self._seen: dict[str, tuple[str, int]] = {}
        #: Hosts that are to be asked (again).
        self._due: set[str] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._present: frozenset[str] = frozenset()
        self._ended = False

    def known(self) -> list[HostReport]:
        """The last reports of all hosts, for a bridge that comes later."""
        return [*self._history.in_order(), *self._tensors.in_order()]

    def nudge(self, address: str) -> None:
        """The host there has something to tell."""
        self._due.add(address)
        if address not in self._asking and not self._ended:
            self._asking[address] = asyncio.create_task(self._ask_while_due(address))

    def see(self, addresses: Iterable[str]) -> None:
        """These hosts answer; those that did not before may have something to tell."""
        present = frozenset(addresses)
        for address in present - self._present:
            self.nudge(address)
        self._present = present

    async def run(self) -> None:
        """Ask all hosts, now and in rounds, until cancelled."""
        try:
            while True:
                await self._round()
                await self._sleep(_ROUND_S)
        finally:
            self._ended = True
            asking = list(self._asking.values())
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _round(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                addresses = frozenset(await self._hosts.hosts())
        except Exception as error:
            logger.warning("the hosts are not known: %s", _said(error))
            return
        self._seen = {address: seen for address, seen in self._seen.items() if address in addresses}
        for address in addresses:
            self.nudge(address)

    async def _ask_while_due(self, address: str) -> None:
        try:
            while address in self._due:
                self._due.discard(address)
                await self._ask(address)
        finally:
            del self._asking[address]

    async def _ask(self, address: str) -> None:
        log, number = self._seen.get(address, (None, 0))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                answer = await self._hosts.ask(address, "vortex_events", log=log, after=number)
        except Exception as error:
            logger.warning("events of the host at %s are fetched later: %s", address, _said(error))
            return
        for told in answer["reports"]:
            if (report := host_report(told)) is None:
                continue
            if (self._tensors if isinstance(report, TensorReport) else self._history).put(report):
                self._publish(report)
        self._seen[address] = (answer["log"], answer["last"])


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
