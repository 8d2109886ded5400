"""What a node says while its job runs: records of `logging`, and what it prints.

A node may log from any thread of its own, from a finaliser that interrupts us
anywhere, and from a process that it forked. So nothing here waits for a lock
while it holds another, and a fork speaks to its own stdout only.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from vortex_prefect.core.log_line import LINE_BYTES, LINES_A_JOB, LINES_A_SECOND, LogLine

#: Loggers of the worker itself, but for the nodes that come with it.
_OURS, _NODES = ("vortex_prefect", "vortex_worker"), "vortex_worker.packs"

Say = Callable[[int, str], None]


class JobLogs:
    """Hands on the lines of one job, no more than it may have; its methods may be called from any thread.

    Args:
        send: takes a line; what it raises is lost with the line.
    """

    def __init__(self, send: Callable[[LogLine], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        # A finaliser may say something while its thread is in here.
        self._lock = threading.RLock()
        self._ended = False
        self._second = clock()
        self._this_second = 0
        self._in_all = 0
        self._dropped = 0

    def say(self, level: int, text: str) -> None:
        """Hand on a line, if there is room for it."""
        with self._lock:
            if self._ended or not self._has_room():
                return
        self._hand_on(level, text)

    def end(self) -> None:
        """Hand on nothing more, but how much was dropped."""
        with self._lock:
            self._ended = True
        if self._dropped:
            most = f"{LINES_A_SECOND} a second and {LINES_A_JOB} a job are kept"
            self._hand_on(logging.WARNING, f"{self._dropped} more lines were dropped: at most {most}")

    def _has_room(self) -> bool:
        now = self._clock()
        if now - self._second >= 1.0:
            self._second, self._this_second = now, 0
        if self._this_second >= LINES_A_SECOND or self._in_all >= LINES_A_JOB:
            self._dropped += 1
            return False
        self._this_second += 1
        self._in_all += 1
        return True

    def _hand_on(self, level: int, text: str) -> None:
        # Nothing that a node says is worth its failing; that the host is gone, the heartbeat notices.
        with contextlib.suppress(Exception):
            self._send(LogLine.now(level, text))


@contextlib.contextmanager
def captured(logs: JobLogs) -> Iterator[None]:
    """Pass on what is logged from INFO on and what is printed, until the end of the block.

    Printed text goes where it went before too. A line that no line break ended is passed on at the end.
    """
    root = logging.getLogger()
    handler, level = _Handler(logs.say), root.level
    streams = sys.stdout, sys.stderr
    tees = [None if stream is None else Tee(stream, logs.say) for stream in streams]
    root.addHandler(handler)
    if level > logging.INFO:
        root.setLevel(logging.INFO)
    sys.stdout, sys.stderr = tees
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        root.removeHandler(handler)
        if level > logging.INFO and root.level == logging.INFO:
            root.setLevel(level)
        for tee in tees:
            if tee is not None:
                tee.say_rest()


class Tee:
    """Stands for a text stream, and passes on every line that is written to it."""

    def __init__(self, stream: TextIO, say: Say) -> None:
        self._stream = stream
        self._say = say
        self._pid = os.getpid()
        #: Each thread's own line, so that they do not mix.
        self._begun = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own."""
        written = self._stream.write(text)
        if os.getpid() == self._pid:
            self._take(text)
        return written

    def writelines(self, lines: Any) -> None:
        """As the stream's own."""
        for line in lines:
            self.write(line)

    def say_rest(self) -> None:
        """Pass on the line that this thread has begun."""
        self._take("\n")

    def _take(self, text: str) -> None:
        *ended, begun = text.split("\n")
        if ended:
            ended[0] = self._rest() + ended[0]
            for line in ended:
                if (shown := _last_drawn(line)).strip():
                    self._say(logging.INFO, shown.rstrip("\r"))
            self._begun.text = begun[:_KEPT]
        elif len(rest := self._rest()) < _KEPT or "\r" in begun:
            self._begun.text = _last_drawn(rest + begun)[:_KEPT]

    def _rest(self) -> str:
        return getattr(self._begun, "text", "")


#: Of a line that has not ended; one character more than is shown, so that it is seen to have been cut.
_KEPT = LINE_BYTES + 1


class _Handler(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__(logging.INFO)
        self._say = say
        self._pid = os.getpid()

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the handler's lock: it guards nothing here, and a record must not wait for another's way out."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        if os.getpid() != self._pid or _is_ours(record.name):
            return
        try:
            self._say(record.levelno, self.format(record))
        except Exception:
            self.handleError(record)


def _is_ours(logger: str) -> bool:
    return logger.startswith(_OURS) and not logger.startswith(_NODES)


def _last_drawn(line: str) -> str:
    """What a terminal would show of a line that was drawn over itself, as progress bars do."""
    drawn = line.rstrip("\r")
    # A return at the end rubs nothing out yet.
    return line[drawn.rfind("\r") + 1 :]
