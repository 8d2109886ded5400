"""What Prometheus scrapes: the specification's §7, and what an operator needs beside."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Histogram, Metric, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vortex_prefect.bridge.engine_figures import EngineFigures
from vortex_prefect.bridge.exposition import engine_metrics, histogram
from vortex_prefect.bridge.hub import Hub
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.service.control import ControlPlane

CONTENT_TYPE = CONTENT_TYPE_LATEST

#: Seconds; the target for an API call is 0.05.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """One app's numbers, in a registry of their own.

    Attributes:
        latency: of HTTP requests.
        engine: what the engine told last.
    """

    def __init__(self, hub: Hub, control: ControlPlane) -> None:
        self._registry = CollectorRegistry()
        self.engine = EngineFigures(control.status)
        self._registry.register(_Collector(hub, control, self.engine))
        ProcessCollector(registry=self._registry)
        ProcessCollector("vortex_engine", self._engine_pid, registry=self._registry)
        self.latency = Histogram(
            "vortex_http_request_seconds",
            "Time from a request to the end of its answer (target 50 ms)",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    async def text(self, patience_s: float) -> bytes:
        """All numbers in the exposition format; the engine's as it told them last, if it does not answer in time."""
        await self.engine.refresh(patience_s)
        return generate_latest(self._registry)

    def _engine_pid(self) -> int:
        """The engine's process, which is on this machine; one that there is not, while it is not known."""
        return int(self.engine.status.get("engine", {}).get("pid", -1))


class _Collector(Collector):
    """Reads what others count anyway, at each scrape."""

    def __init__(self, hub: Hub, control: ControlPlane, engine: EngineFigures) -> None:
        self._hub = hub
        self._control = control
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        hub, queue = self._hub.statistics(), self._control.queue
        build = {"version": version("vortex-prefect"), "python": platform.python_version()}
        info = GaugeMetricFamily("vortex_build_info", "What runs; always 1", labels=list(build))
        info.add_metric(list(build.values()), 1)
        yield info
        yield GaugeMetricFamily("vortex_queue_waiting", "Executions that wait", len(queue))
        yield GaugeMetricFamily("vortex_queue_running", "Executions with the engine", queue.running)
        yield GaugeMetricFamily("vortex_ws_clients", "WebSocket clients", hub.clients)
        yield CounterMetricFamily("vortex_ws_messages", "Messages published", hub.published)
        yield CounterMetricFamily("vortex_ws_overflowed", "Clients closed because they fell behind", hub.overflowed)
        text = "From a message's publication until a client's socket has taken it (target 10 ms)"
        yield histogram("vortex_ws_delivery_seconds", text, {"": hub.delivery})
        yield from self._executions()
        yield from self._rooms()
        yield from self._store()
        yield from self._worker_events()
        yield from engine_metrics(self._engine)

    def _executions(self) -> Iterator[Metric]:
        told = self._control.reports.statistics()
        ended = CounterMetricFamily("vortex_executions", "Executions that have ended, by status", labels=["status"])
        for status in (each.value for each in ExecutionStatus if each.final):
            ended.add_metric([status], told.executions.get(status, 0))
        nodes = CounterMetricFamily("vortex_nodes", "Nodes of executions that have ended, by state", labels=["state"])
        for state in (each.value for each in NodeState if each.final):
            nodes.add_metric([state], told.nodes.get(state, 0))
        yield from (ended, nodes)
        yield CounterMetricFamily(
            "vortex_node_retries", "Attempts that failed and were followed by another", told.retries
        )
        text = "From an execution's begin in the engine to its end"
        yield histogram("vortex_execution_seconds", text, {"": told.duration})

    def _rooms(self) -> Iterator[Metric]:
        rooms = self._control.rooms
        yield GaugeMetricFamily("vortex_rooms", "Shared documents that are open", len(rooms))
        yield GaugeMetricFamily("vortex_room_members", "Connections to shared documents", rooms.members)
        yield CounterMetricFamily("vortex_room_edits", "Edits of shared documents that are stored", rooms.edits)

    def _store(self) -> Iterator[Metric]:
        told = self._control.store_statistics()
        yield CounterMetricFamily("vortex_events_stored", "Events that are new to the log", told.events)
        yield CounterMetricFamily("vortex_store_rollbacks", "Units of work that were rolled back", told.rollbacks)
        yield GaugeMetricFamily("vortex_store_queued", "Units of work that wait for the writer", told.queued)
        text = "A unit of work from its begin until it is on disk (target 5 ms)"
        yield histogram("vortex_store_write_seconds", text, {"": told.took})

    def _worker_events(self) -> Iterator[Metric]:
        told = self._control.workers.statistics()
        yield CounterMetricFamily("vortex_worker_spawns", "Worker processes started", told.spawned)
        yield CounterMetricFamily("vortex_worker_crashes", "Worker processes lost", told.crashed)
        yield CounterMetricFamily("vortex_worker_recoveries", "Successors of lost workers", told.recovered)


class MeasuredApp:
    """ASGI middleware that times HTTP requests under their route, never their address: labels stay few."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.latency.labels(_method(scope), route, str(status)).observe(time.perf_counter() - began)


def _method(scope: Scope) -> str:
    """Clients may send any word as a method; only the known ones become labels."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"
