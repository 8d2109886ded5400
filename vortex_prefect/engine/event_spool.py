"""What a host tells of its workers and tensors, on its disk, so that its successor still tells what nobody fetched.

JSON lines, the oldest first. The file is written by a thread of its own: those who tell hold the
host's locks, and a disk may stand still for seconds.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from vortex_prefect.core.reports import HostReport, TensorReport, WorkerReport, report_from_dict

logger = logging.getLogger(__name__)

#: A file that would grow beyond it is written anew, with the last lines that fill half of it.
MAX_BYTES = 1 << 20


class EventSpool:
    """The last reports in a file. Only one host may use a file at a time."""

    def __init__(self, path: Path, keep: int) -> None:
        self._path = path
        self._keep = keep
        self._lines: deque[bytes] = deque(maxlen=keep)
        #: Bytes of the file; null if it is not known to end with a whole line, and to be written anew.
        self._size: int | None = None
        self._failing = False
        self._writer = ThreadPoolExecutor(1, "vortex-spool")

    def read(self) -> list[HostReport]:
        """What the host before this one has left, without what is damaged. Call it before the first `append`."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            logger.error("%s: events of before are lost: %s", self._path, error)
            return []
        lines = content.splitlines(keepends=True)
        found = [(line, report) for line in lines if (report := _parsed(line)) is not None]
        self._lines.extend(line for line, _ in found)
        if len(found) == len(lines):
            self._size = len(content)
        else:
            logger.warning("%s: %d damaged lines are left out", self._path, len(lines) - len(found))
        return [report for _, report in found][-self._keep :]

    def append(self, report: HostReport) -> None:
        """Have a report written; from any thread, and without waiting for the disk."""
        line = json.dumps(report.to_dict(), separators=(",", ":")).encode() + b"\n"
        with contextlib.suppress(RuntimeError):  # closed: whoever still tells something comes too late
            self._writer.submit(self._write, line)

    def close(self) -> None:
        """Wait until everything is written."""
        self._writer.shutdown()

    # -- in the writer's thread ---------------------------------------------------------------

    def _write(self, line: bytes) -> None:
        self._lines.append(line)
        try:
            if self._size is None or self._size + len(line) > MAX_BYTES:
                self._size = self._rewrite()
            else:
                self._size += _write_to(self._path, "ab", line)
        except OSError as error:
            self._size = None  # half a line may stand there
            if not self._failing:
                logger.error("%s: events are not kept on disk: %s", self._path, error)
            self._failing = True
        else:
            self._failing = False

    def _rewrite(self) -> int:
        """Replace the file, so that there is a whole one at every moment; its size."""
        while len(self._lines) > 1 and sum(map(len, self._lines)) > MAX_BYTES // 2:
            self._lines.popleft()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        size = _write_to(draft, "wb", b"".join(self._lines))
        draft.replace(self._path)
        return size


def host_report(told: Any) -> HostReport | None:
    """The report of a JSON form that somebody else wrote; null if it is none that this release knows."""
    if not isinstance(told, dict):
        return None
    try:
        report = report_from_dict(told)
    except (ValueError, TypeError, KeyError):
        return None
    return report if isinstance(report, WorkerReport | TensorReport) else None


def _write_to(path: Path, mode: str, data: bytes) -> int:
    """Write, and wait for the disk: a machine that stops takes its workers along, and this tells of it."""
    with path.open(mode) as file:
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())
    return len(data)


def _parsed(line: bytes) -> HostReport | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return host_report(json.loads(line))
    except ValueError:
        return None
