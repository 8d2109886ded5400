"""What outlives its parent ends by force, with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.polling import eventually

#: Deaf to SIGTERM, with a child of its own; tells both ids.
DEAF = """
import os, signal, subprocess, sys, time
from vortex_prefect.bootstrap.orphans import end_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_with_parent(patience_s=0.1)
child = subprocess.Popen(["sleep", "600"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True)
time.sleep(600)
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def orphans() -> Iterator[list[int]]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, DEAF], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    try:
        assert not any(map(gone, pids))
        parent.kill()
        yield pids
    finally:
        parent.wait()
        parent.stdout.close()
        for pid in pids:
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)


def test_an_orphan_that_hears_no_sigterm_ends_with_all_that_it_started(orphans: list[int]) -> None:
    eventually(lambda: all(map(gone, orphans)), limit_s=30.0)
