"""Waiting for what another process will do: by looking again, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], limit_s: float = 60.0, every_s: float = 0.05) -> T:
    """Call `look` until it gives something true, and return that.

    Raises:
        AssertionError: it has not within `limit_s`; with what it gave last.
    """
    deadline = time.monotonic() + limit_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {limit_s:g} s; last seen: {found!r}")
        time.sleep(every_s)
    return found
