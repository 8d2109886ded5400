"""Prefect's server on a socket of the stack's: `python -m vortex_prefect.bootstrap.prefect_server`.

What `prefect server start` does, except that it does not bind its port itself.
The stack listens there from its first moment to its last, so nobody else can
take the port while the server starts, or has died, and be told the auth string.
"""

from __future__ import annotations

import gc
import os
import socket

from vortex_prefect.bootstrap.__main__ import LISTEN_FD
from vortex_prefect.bootstrap.orphans import end_with_parent

#: Thresholds of Python's collector. Each event is hundreds of short-lived objects on its way to the database, and
#: looking for cycles after every 700 is a quarter of what recording a task run costs.
_COLLECTOR = (100_000, 20, 100)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    end_with_parent()
    gc.set_threshold(*_COLLECTOR)
    import uvicorn  # noqa: PLC0415 - the parent is watched before anything is loaded
    from prefect.logging.configuration import setup_logging  # noqa: PLC0415
    from prefect.server.api.server import create_app  # noqa: PLC0415
    from prefect.settings import get_current_settings  # noqa: PLC0415

    setup_logging()
    server = get_current_settings().server
    config = uvicorn.Config(
        create_app(final=True),
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(os.environ[LISTEN_FD]))])


if __name__ == "__main__":
    main()
