"""A worker that kills itself at a named point, once. Started in a worker's place.

Which point, the file that `VORTEX_TEST_DIES_AT` names says; who dies there removes it first.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import vortex_worker.__main__ as worker
from vortex_prefect.shm.checksum import Verifier
from vortex_worker import memory
from vortex_worker.memory import TensorMemory
from vortex_worker.runner import JobRunner
from vortex_worker.session import HostSession

#: Name of the point → what is patched, and whether it dies before that is done or after.
POINTS: dict[str, tuple[Any, str, str]] = {
    "before it asks for room": (HostSession, "ask_room", "before"),
    "granted, and not written": (HostSession, "ask_room", "after"),
    "in the middle of writing": (memory, "write_tensor", "before"),
    "written, without checksum": (memory, "write_tensor", "after"),
    "checksummed": (Verifier, "of_written", "after"),
    "with a result that nobody has": (JobRunner, "run", "after"),
    "when the result is sent": (HostSession, "_answer", "after"),
    "before it maps": (TensorMemory, "load", "before"),
    "looking at the checksum": (Verifier, "verify", "after"),
    "mapped": (TensorMemory, "load", "after"),
}


def _deadly(point: str, when: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            _die_at(point)
            return original(*args, **kwargs)
        result = original(*args, **kwargs)
        _die_at(point)
        return result

    return patched


def _die_at(point: str) -> None:
    order = Path(os.environ["VORTEX_TEST_DIES_AT"])
    if order.is_file() and order.read_text(encoding="utf-8") == point:
        order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    for name, (owner, attribute, moment) in POINTS.items():
        mock.patch.object(owner, attribute, _deadly(name, moment, getattr(owner, attribute))).start()
    code = worker.main()
    sys.stdout.flush()
    os._exit(code)
