"""The recorder: from reports to Prefect's task runs, in batches, behind the executor's back.

It buffers until the flow run's id is known, and nothing ever waits for it but
the flow run's own end. A node that ended before `report_after_s` is recorded
by one event in its final state; a node that runs longer gets every state, while
it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.reports import LogReport, NodeReport, NodeState
from vortex_prefect.engine.backlog import Backlog
from vortex_prefect.engine.logs import NodeLogs
from vortex_prefect.engine.task_events import TAG, FlowRunIdentity, TaskRunTrack
from vortex_prefect.graph.plan import Plan

logger = logging.getLogger(__name__)

#: The server's HTTP door takes a list; beyond 100 a batch gains nothing.
_BATCH = 100
_FLUSH_INTERVAL_S = 0.25
#: Waits between tries while the server is away.
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)

#: A node, or one item of it.
Subject = tuple[str, int | None]
Post = Callable[[list[dict[str, Any]]], Awaitable[None]]


class Recorder:
    """Records one execution. Use it on one event loop.

    Args:
        backlog: holds the record back; null: nothing does.
        logs: where what nodes say is recorded; null: nowhere.
    """

    def __init__(
        self,
        execution_id: str,
        plan: Plan,
        post: Post,
        report_after_s: float,
        backlog: Backlog | None = None,
        logs: NodeLogs | None = None,
    ) -> None:
        self._execution_id = execution_id
        self._tracks: dict[Subject, TaskRunTrack] = dict(_tracks(execution_id, plan))
        self._post = post
        self._report_after_ms = report_after_s * 1000
        self._noted: deque[NodeReport] = deque()
        #: Changes of nodes that are not worth an event yet.
        self._held: dict[Subject, list[NodeReport]] = {}
        self._events_sent = 0
        self._backlog = backlog
        self._logs = logs
        #: Task runs of which the server was told anything.
        self._told = 0
        self._abandoned = False

    @property
    def events_sent(self) -> int:
        """Events that the server has taken."""
        return self._events_sent

    def note(self, report: NodeReport | LogReport) -> None:
        """Take a report; progress within a state is not recorded."""
        if self._logs is not None:
            self._logs.note(report)
        if isinstance(report, NodeReport) and not (report.state is NodeState.RUNNING and report.progress > 0):
            self._noted.append(report)

    def abandon(self) -> None:
        """Tell the server nothing more: the flow run is gone there."""
        self._abandoned = True

    async def record(self, flow_run: FlowRunIdentity, ended: asyncio.Event) -> None:
        """Send what was noted and what comes, until `ended` is set and everything is with the server.

        Logs go their own way: they keep no event waiting, and the end only for some seconds.
        """
        async with self._logs.sent(flow_run.id, ended) if self._logs is not None else contextlib.nullcontext():
            await self._record(flow_run, ended)

    async def _record(self, flow_run: FlowRunIdentity, ended: asyncio.Event) -> None:
        while True:
            last = ended.is_set()
            events = [event for report in self._due(last) for event in self._event(report, flow_run)]
            for start in range(0, len(events), _BATCH):
                batch = events[start : start + _BATCH]
                await self._send(batch)
                self._told += sum(event["payload"]["initial_state"] is None for event in batch)
                if self._backlog is not None:
                    await self._backlog.make_room(flow_run.id, self._told)
            if last:
                return
            try:
                await asyncio.wait_for(ended.wait(), _FLUSH_INTERVAL_S)
            except TimeoutError:
                continue

    def _due(self, everything: bool) -> Iterable[NodeReport]:
        while self._noted:
            report = self._noted.popleft()
            self._held.setdefault((report.node_id, report.item), []).append(report)
        now = now_ms()
        for subject in list(self._held):
            held = self._held[subject]
            # What has ended is as old as it became, however late it is looked at.
            until = held[-1].at_ms if held[-1].state.final else now
            old = until - held[0].at_ms >= self._report_after_ms
            if held[-1].state.final and not old and len(held) <= 2 and not self._began(subject):
                yield from self._in_one(held)
            elif held[-1].state.final or old or everything:
                yield from held
            else:
                continue
            del self._held[subject]

    def _began(self, subject: Subject) -> bool:
        """Whether the server has heard of the node or the item already."""
        track = self._tracks.get(subject)
        return track is not None and track.previous is not None

    def _in_one(self, held: list[NodeReport]) -> Iterable[NodeReport]:
        """Only the final state; when it began is told without an event of its own."""
        first, last = held[0], held[-1]
        track = self._track(last)
        if track is not None and first.state is NodeState.RUNNING:
            track.started_ms, track.attempt_started_ms, track.run_count = first.at_ms, first.at_ms, first.attempt
        yield last

    def _event(self, report: NodeReport, flow_run: FlowRunIdentity) -> Iterable[dict[str, Any]]:
        track = self._track(report)
        if track is not None:
            yield track.event(report, flow_run)
        if report.item is not None and report.state.final:
            # There may be tens of thousands of items, and nothing more is to be said of this one.
            self._tracks.pop((report.node_id, report.item), None)

    def _track(self, report: NodeReport) -> TaskRunTrack | None:
        """What is reported of; items come into being as they are told of."""
        track = self._tracks.get((report.node_id, report.item))
        if track is None and report.item is not None and (node := self._tracks.get((report.node_id, None))) is not None:
            track = self._tracks[report.node_id, report.item] = node.of_item(report.item)
        return track

    async def _send(self, events: list[dict[str, Any]]) -> None:
        tries = 0
        while not self._abandoned:
            try:
                await self._post(events)
            except OSError as error:
                delay = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                logger.warning("Prefect's server does not take events, next try in %g s: %s", delay, error)
                await asyncio.sleep(delay)
                tries += 1
            except SystemFault as refused:
                # Sent again it would be refused again, and keep the flow run from ending.
                logger.error("%d events are not recorded: %s", len(events), refused)
                return
            else:
                self._events_sent += len(events)
                return


def _tracks(execution_id: str, plan: Plan) -> Iterable[tuple[Subject, TaskRunTrack]]:
    now = now_ms()
    for node_id, step in plan.steps.items():
        inputs = {port: tuple(source.node for source in sources) for port, sources in step.inputs.items()}
        title, tags = step.title or node_id, (TAG, *step.tags)
        yield (node_id, None), TaskRunTrack(execution_id, node_id, title, step.node_type, inputs, now, tags=tags)
    for node_id in plan.skipped:
        yield (node_id, None), TaskRunTrack(execution_id, node_id, node_id, "skipped", {}, now)
