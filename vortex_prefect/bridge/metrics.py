"""What Prometheus scrapes: the specification's §7, as far as the bridge sees it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vortex_prefect.bridge.hub import Hub
from vortex_prefect.service.queue import Queue
from vortex_prefect.service.worker_events import WorkerEvents

CONTENT_TYPE = CONTENT_TYPE_LATEST

#: States of a host's workers; one that none of them is in reads zero instead of being absent.
_STATES = ("starting", "spare", "joining", "ready", "busy", "suspect", "draining", "dead")
#: Seconds; the target for an API call is 0.05.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """One app's numbers, in a registry of their own."""

    def __init__(self, hub: Hub, queue: Queue, events: WorkerEvents) -> None:
        self._registry = CollectorRegistry()
        self._collector = _Collector(hub, queue, events)
        self._registry.register(self._collector)
        self.latency = Histogram(
            "vortex_http_request_seconds",
            "Time from a request to the end of its answer",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def text(self, workers: Iterable[Mapping[str, Any]] | None) -> bytes:
        """All numbers in the exposition format; without the workers' states where these are null."""
        self._collector.states = None if workers is None else Counter(worker["state"] for worker in workers)
        return generate_latest(self._registry)


class _Collector(Collector):
    """Reads what others count anyway, at each scrape."""

    def __init__(self, hub: Hub, queue: Queue, events: WorkerEvents) -> None:
        self._hub = hub
        self._queue = queue
        self._events = events
        #: state → workers; null while nobody knows.
        self.states: Counter[str] | None = None

    def collect(self) -> Iterator[Metric]:
        hub = self._hub.statistics()
        yield GaugeMetricFamily("vortex_queue_waiting", "Executions that wait", len(self._queue))
        yield GaugeMetricFamily("vortex_queue_running", "Executions with the engine", self._queue.running)
        yield GaugeMetricFamily("vortex_ws_clients", "WebSocket clients", hub.clients)
        yield CounterMetricFamily("vortex_ws_messages", "Messages published", hub.published)
        yield CounterMetricFamily("vortex_ws_overflowed", "Clients closed because they fell behind", hub.overflowed)
        yield from self._workers()

    def _workers(self) -> Iterator[Metric]:
        told = self._events.statistics()
        yield CounterMetricFamily("vortex_worker_spawns", "Worker processes started", told.spawned)
        yield CounterMetricFamily("vortex_worker_crashes", "Worker processes lost", told.crashed)
        yield CounterMetricFamily("vortex_worker_recoveries", "Successors of lost workers", told.recovered)
        if self.states is not None:
            gauge = GaugeMetricFamily("vortex_workers", "Worker processes by state", labels=["state"])
            for state in dict.fromkeys((*_STATES, *sorted(self.states))):
                gauge.add_metric([state], self.states[state])
            yield gauge


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
