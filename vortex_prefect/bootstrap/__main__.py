"""A process of the stack: `python -m vortex_prefect.bootstrap engine|bridge`.

Started by `stack`, and the bridge by other supervisors too: see docs/operations.md, "More than one bridge".
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace

from vortex_prefect.bootstrap.orphans import end_with_parent
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.ipc.log_setup import configure_logging
from vortex_prefect.ipc.trace_setup import configure_tracing
from vortex_prefect.service.tokens import LOCAL

#: Descriptor of the bridge's listening socket, handed down so that the port is ours before anything starts; where there
#: is none, the bridge listens by itself.
LISTEN_FD = "VORTEX_LISTEN_FD"
PREFECT_UI = "VORTEX_PREFECT_UI"
#: SHA-256 of the tokens that let somebody in though no file of the home names them: the stack's own for the commands
#: of its user, and VORTEX_TOKEN, which itself stays where it was set.
LOCAL_TOKEN, ENVIRONMENT_TOKEN = "VORTEX_LOCAL_TOKEN_SHA256", "VORTEX_TOKEN_SHA256"


def main() -> int:
    """Run the role of the first argument until a signal ends it; 1 if it could not start."""
    end_with_parent()  # before anything that takes time: who begins after the parent's death never notices it
    # Who looks for a running stack needs the names above, and neither FastAPI nor SQLAlchemy.
    from vortex_prefect.bootstrap.wiring import run_bridge, run_engine  # noqa: PLC0415

    configure_logging(sys.argv[1] if len(sys.argv) > 1 else "")
    settings = Settings.from_env(os.environ)
    try:
        match sys.argv[1:]:
            case ["engine"]:
                configure_tracing("engine")
                asyncio.run(run_engine(settings))
            case ["bridge"]:
                configure_tracing("bridge")
                tokens = _fixed_tokens()
                listening = _listening(settings, tokens)
                settings = replace(settings, port=listening.getsockname()[1])
                asyncio.run(run_bridge(settings, listening, os.environ.get(PREFECT_UI), tokens))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except VortexError as error:
        print(error, error.hint or error.info.hint, sep="\n", file=sys.stderr)
        return 1
    return 0


def _listening(settings: Settings, tokens: Mapping[str, str]) -> socket.socket:
    if LISTEN_FD in os.environ:
        return socket.socket(fileno=int(os.environ[LISTEN_FD]))
    from vortex_prefect.bridge.access import check_exposure  # noqa: PLC0415 - as above
    from vortex_prefect.bridge.server import listen  # noqa: PLC0415
    from vortex_prefect.service.tokens import Tokens  # noqa: PLC0415

    check_exposure(settings, Tokens(settings.tokens_file, tokens))
    return listen(settings.host, settings.port)


def _fixed_tokens() -> dict[str, str]:
    from vortex_prefect.bootstrap.credentials import environment_token  # noqa: PLC0415 - as above

    local = os.environ.get(LOCAL_TOKEN)
    return environment_token(os.environ) | ({LOCAL: local} if local else {})


if __name__ == "__main__":
    sys.exit(main())
