"""What Prometheus scrapes: the specification's §7, as far as the bridge sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vortex_prefect.bridge.hub import Hub
from vortex_prefect.service.queue import Queue

CONTENT_TYPE = CONTENT_TYPE_LATEST

#: Seconds; the target for an API call is 0.05.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """One app's numbers, in a registry of their own."""

    def __init__(self, hub: Hub, queue: Queue) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(hub, queue))
        self.latency = Histogram(
            "vortex_http_request_seconds",
            "Time from a request to the end of its answer",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All numbers in the exposition format."""
        return generate_latest(self._registry)


class _Collector(Collector):
    """Reads what hub and queue count anyway, at each scrape."""

    def __init__(self, hub: Hub, queue: Queue) -> None:
        self._hub = hub
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        hub = self._hub.statistics()
        yield GaugeMetricFamily("vortex_queue_waiting", "Executions that wait", len(self._queue))
        yield GaugeMetricFamily("vortex_queue_running", "Executions with the engine", self._queue.running)
        yield GaugeMetricFamily("vortex_ws_clients", "WebSocket clients", hub.clients)
        yield CounterMetricFamily("vortex_ws_messages", "Messages published", hub.published)
        yield CounterMetricFamily("vortex_ws_overflowed", "Clients closed because they fell behind", hub.overflowed)


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
