"""Nodes that take long, fail or die."""

from __future__ import annotations

import os
import threading
import time
from typing import Annotated

from vortex_worker.sdk import Any, Context, Doc, Range, Unit, node

#: Between reports of progress; a cancel reaches the node no later.
_STEP_S = 0.02

Times = Annotated[int, Range(-1, 1000), Doc("First attempts of an execution that it happens on; −1 means all.")]


@node("debug.sleep", category="debug", outputs=("out",))
def sleep(ctx: Context, in_: Any = None, seconds: Annotated[float, Range(0.0, 86400.0), Unit("s")] = 1.0) -> Any:
    """Wait, with progress, then pass the input on."""
    never = threading.Event()
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        ctx.progress(elapsed / seconds)
        never.wait(min(_STEP_S, seconds - elapsed))
    ctx.progress(1.0)
    return in_


@node("debug.fail", category="debug", outputs=("out",))
def fail(ctx: Context, in_: Any = None, message: str = "failed as told", times: Times = -1) -> Any:
    """Raise RuntimeError with the message, else pass the input on."""
    if _happens(ctx, times):
        raise RuntimeError(message)
    return in_


@node("debug.crash", category="debug", outputs=("out",))
def crash(
    ctx: Context,
    in_: Any = None,
    signal: Annotated[int, Range(1, 64), Doc("The number of the signal: 9 kills, 11 is a segmentation fault.")] = 9,
    times: Times = -1,
) -> Any:
    """Send a signal to the worker's own process, else pass the input on."""
    if _happens(ctx, times):
        os.kill(os.getpid(), signal)
    return in_


def _happens(ctx: Context, times: int) -> bool:
    return times == -1 or ctx.attempt <= times
