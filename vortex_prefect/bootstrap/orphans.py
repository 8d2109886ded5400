"""No process outlives its stack: one whose parent is gone ends by force, should SIGTERM not have ended it."""

from __future__ import annotations

import os
import signal
import threading
import time

#: As long as the stack itself waits for a child that it has asked to end.
PATIENCE_S = 10.0
_POLL_S = 1.0


def end_with_parent(patience_s: float = PATIENCE_S) -> None:
    """Kill this process, and the group that it leads, so long after the death of its parent; call it first of all.

    The kernel sends SIGTERM when the parent dies, but who takes that in asyncio and waits for a task that
    does not end stays for ever, and with it memory, ports and workers.
    """
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent, patience_s), name="parent-watch", daemon=True).start()


def _watch(parent: int, patience_s: float) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    time.sleep(patience_s)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)  # a group that somebody else leads is not ours to end
