"""What Prometheus scrapes: the specification's §7, as far as the bridge sees it."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
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
        self.latency = Histogram(
            "vortex_http_request_seconds",
            "Time from a request to the end of its answer",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._gauge("vortex_queue_waiting", "Executions that wait").set_function(lambda: len(queue))
        self._gauge("vortex_queue_running", "Executions with the engine").set_function(lambda: queue.running)
        self._gauge("vortex_ws_clients", "WebSocket clients").set_function(lambda: hub.statistics().clients)
        self._gauge("vortex_ws_messages", "Messages published since the start").set_function(
            lambda: hub.statistics().published
        )
        self._gauge("vortex_ws_overflowed", "Clients closed because they fell behind").set_function(
            lambda: hub.statistics().overflowed
        )

    def text(self) -> bytes:
        """All numbers in the exposition format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(name, documentation, registry=self._registry)


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
