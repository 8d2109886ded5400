"""Keeps a stack up for one other process: `python -m vortex_prefect.client.keeper`.

A stack's children die with the thread that started them, and it has to be
watched; a notebook or a flow has neither a main thread to spare for that, nor
should its Ctrl-C reach the children. So this process does it, and ends the
stack in order when its standard input closes, which the end of its owner does,
whichever way that ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from types import FrameType

from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.settings import Settings

_WATCH_S = 0.2


def main() -> int:
    """Print `{"url"}` or `{"error"}` as a line, then wait for the end of standard input."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with (stack := Stack(Settings.from_env(os.environ), _tell)) as info:
            print(json.dumps({"url": info.url}), flush=True)
            while not select.select([sys.stdin], [], [], _WATCH_S)[0]:
                stack.watch()
    except VortexError as error:
        print(json.dumps({"error": error.to_dict()}), flush=True)
        return 1
    except BrokenPipeError:
        return 1  # the owner ended while the stack came up
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
