"""The socket and the HTTP server that the application runs on."""

from __future__ import annotations

import errno
import resource
import socket
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from vortex_prefect.bridge.http_protocol import HttpProtocol
from vortex_prefect.bridge.socket_protocol import SocketProtocol
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Limits


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A client that neither answers a ping nor does anything else is given up after both, 25 s at most.

    Twice `timeout_s` more where it still took data after the ping.
    """

    interval_s: float = 10.0
    timeout_s: float = 15.0


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 chooses a free one.

    Raises:
        SystemFault: SY-001, the port is taken, or the address is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sets TCP_NODELAY only where the protocol is named, as `socket.create_server` does
        # not; without it every answer waits 40 ms for the peer's delayed acknowledgement.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SystemFault("SY-001", f"{host} is no address of this machine: {error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "is in use" if taken else f"cannot be used: {error.strerror}"
        raise SystemFault("SY-001", f"{host}:{port} {reason}") from error
    return listener


def make_server(
    app: ASGIApp, limits: Limits, heartbeat: Heartbeat | None = None, *, trusted_proxies: str = ""
) -> uvicorn.Server:
    """The server; `await server.serve([listener])` runs it until `should_exit`.

    Args:
        trusted_proxies: addresses whose `X-Forwarded-For` and `-Proto` are believed, with commas between.
    """
    heartbeat = heartbeat or Heartbeat()

    class LimitedHttp(HttpProtocol):
        most_connections = _most_connections(limits)

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        http=LimitedHttp,
        ws=SocketProtocol,
        ws_max_size=limits.body_bytes,
        # What is compressed, and how, is `frames`'s concern.
        ws_per_message_deflate=False,
        ws_ping_interval=heartbeat.interval_s,
        ws_ping_timeout=heartbeat.timeout_s,
        # By itself uvicorn believes everybody on this machine, who could then act under any address.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)


def _most_connections(limits: Limits) -> int:
    """No more than there are descriptors for, with as many again for files, databases and the engine."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limits.connections if descriptors < 0 else min(limits.connections, max(16, descriptors // 2))
