"""A process of the stack: `python -m vortex_prefect.bootstrap engine|bridge`. Started by `stack`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys

from vortex_prefect.bootstrap.orphans import end_with_parent
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.trace_setup import configure_tracing

#: Descriptor of the bridge's listening socket, handed down so that the port is ours before anything starts.
LISTEN_FD = "VORTEX_LISTEN_FD"
PREFECT_UI = "VORTEX_PREFECT_UI"


def main() -> int:
    """Run the role of the first argument until a signal ends it; 1 if it could not start."""
    # Who looks for a running stack needs the names above, and neither FastAPI nor SQLAlchemy.
    from vortex_prefect.bootstrap.wiring import run_bridge, run_engine  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    end_with_parent()
    settings = Settings.from_env(os.environ)
    try:
        match sys.argv[1:]:
            case ["engine"]:
                configure_tracing("engine")
                asyncio.run(run_engine(settings))
            case ["bridge"]:
                configure_tracing("bridge")
                listening = socket.socket(fileno=int(os.environ[LISTEN_FD]))
                asyncio.run(run_bridge(settings, listening, os.environ.get(PREFECT_UI)))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except VortexError as error:
        print(error, error.hint or error.info.hint, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
