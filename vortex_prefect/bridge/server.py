"""The socket and the HTTP server that the application runs on."""

from __future__ import annotations

import errno
import socket

import uvicorn
from fastapi import FastAPI

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Limits


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


def make_server(app: FastAPI, limits: Limits) -> uvicorn.Server:
    """The server; `await server.serve([listener])` runs it until `should_exit`.

    Messages are not compressed: clients are on this machine or near it, and
    compressing 50 kB, a graph of 500 nodes, takes 0.5 ms of the event loop for each client.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=limits.body_bytes,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)
