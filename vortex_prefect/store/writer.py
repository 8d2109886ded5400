"""Units of work that wait for the writer, and how several of them share a commit."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection

from vortex_prefect.core.contracts import UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.database import Database
from vortex_prefect.store.faults import translated
from vortex_prefect.store.session import Lost, Session, commit
from vortex_prefect.store.unit import RecentRecords, SqlUnit

T = TypeVar("T")

#: The most units of work in one commit, and seconds after which no further one joins: each waits for all.
_MOST = 256
_LONGEST_S = 0.002


class Job:
    """A unit of work that somebody waits for on an event loop."""

    __slots__ = ("appended", "began", "early", "error", "future", "loop", "result", "unit", "work")

    def __init__(self, work: Callable[[UnitOfWork], Any], *, early: bool = False) -> None:
        self.work = work
        #: It is told of its commit, not of the disk.
        self.early = early
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.unit: SqlUnit | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.appended = 0
        self.began = 0.0

    def tell(self) -> None:
        """On its event loop: end the waiting."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Line:
    """Who waits for the writer, in order. Any thread may use it.

    Args:
        wake: called whenever the first one has come.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._running = 0

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting) + self._running

    def put(self, job: Job) -> None:
        """Wait."""
        with self._lock:
            self._waiting.append(job)
            first = len(self._waiting) == 1 and not self._running
        if first:
            self._wake()

    def withdraw(self, job: Job) -> None:
        """Wait no longer; whose turn has come goes on to its end."""
        with self._lock, suppress(ValueError):
            self._waiting.remove(job)

    def take(self) -> list[Job]:
        """Whose turn it is: the next ones, as far as one commit goes; what was taken before is done."""
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
            self._running = len(jobs)
        return jobs

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Let those of the taken wait on, at the head, who had no turn."""
        with self._lock:
            self._waiting.extendleft(reversed(list(jobs)))
            self._running = 0


class Log:
    """What is known of the log between two transactions, for as long as none fails: nobody else writes it."""

    def __init__(self) -> None:
        self.last: int | None = None


def run_together(
    connection: Connection, database: Database, recent: RecentRecords, log: Log, jobs: list[Job]
) -> tuple[list[Job], list[Job]]:
    """Run units of work in one transaction, and commit it.

    Returns:
        Those that have a result or an error, and those that had no turn.
    """
    done: list[Job] = []
    last, log.last = log.last, None
    try:
        with translated(database.place):
            transaction = connection.begin()
        session = Session(connection, database, writable=True, shared=len(jobs) > 1, last=last)
        try:
            ends = time.perf_counter() + _LONGEST_S
            for job in jobs:
                if done and time.perf_counter() > ends:
                    break
                done.append(job)
                _run(job, session, recent)
            session.flush()
            with translated(database.place):
                commit(transaction)
        finally:
            session.end()
            transaction.close()
    except Lost as lost:
        # With him who failed went what the others did.
        _fail(done, lost.__cause__ or SystemFault("SY-007", f"{database.place}: the transaction was given up"))
    except BaseException as error:
        _fail(done or jobs, error)
        done = done or jobs
    else:
        log.last = session.last
        for job in done:
            if job.unit is not None:
                job.unit.committed()
    return done, jobs[len(done) :]


def run_work(work: Callable[[UnitOfWork], T], unit: SqlUnit) -> T:
    """What the work gives."""
    try:
        return work(unit)
    except StopIteration as error:
        # asyncio cannot set a StopIteration on a future: whoever awaits it would wait for ever.
        raise RuntimeError("a unit of work raised StopIteration") from error


def _run(job: Job, session: Session, recent: RecentRecords) -> None:
    job.began = time.perf_counter()
    session.begin_unit()
    unit = SqlUnit(session, recent, writable=True)
    try:
        job.result = run_work(job.work, unit)
        session.end_unit()
    except BaseException as error:
        job.error = error
        session.undo_unit()
    else:
        job.unit, job.appended = unit, session.appended
    finally:
        unit.end()


def _fail(jobs: Iterable[Job], error: BaseException) -> None:
    for job in jobs:
        job.error = job.error or error


def tell(jobs: Iterable[Job]) -> None:
    """Wake each event loop once for all that end there: waking it takes longer than an append."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, ended in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_tell_all, ended)


def _tell_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.tell()
