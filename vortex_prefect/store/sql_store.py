"""The store on a SQL database: `StorePort` of `core.contracts`."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from vortex_prefect.core.contracts import StoreStatistics, UnitOfWork
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.events import Event
from vortex_prefect.core.histogram import Histogram
from vortex_prefect.core.ids import now_ms
from vortex_prefect.store.database import Database
from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.owner import Owner, Waiting
from vortex_prefect.store.postgres import PostgresDatabase
from vortex_prefect.store.schema import prepare
from vortex_prefect.store.session import Session
from vortex_prefect.store.sqlite import SqliteDatabase
from vortex_prefect.store.subscribers import Subscriber
from vortex_prefect.store.syncing import Syncer
from vortex_prefect.store.unit import RecentRecords, SqlUnit
from vortex_prefect.store.writer import Job, Line, Log, run_together, run_work, tell

T = TypeVar("T")

_READERS = 4

#: Seconds; the target of a write is 0.005.
_WRITE = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
#: What may be given as URL.
_HINT = "Give sqlite:////absolute/path, or postgresql://user@host/database."
#: Events that a subscription reads at once.
_PAGE = 500


class SqlStore:
    """One thread writes on one connection that it holds; reads take connections from a small pool.

    What is asked for during a commit shares the next one (`store.writer`); a connection for each event took 6.9 ms at
    the 99th percentile, the held one 0.5 ms. Another thread waits for the disk where commits do not (`store.syncing`).

    A database in memory has only the one connection, so its reads take their turn in the writer's thread.

    Made by `open_store`.
    """

    def __init__(self, database: Database, connection: Connection, resources: ExitStack) -> None:
        self._database = database
        self._held = connection
        self._resources = resources
        self._recent = RecentRecords()
        self._log = Log()
        self._place = self.place = database.place
        #: Whether the lock may be lost while this process lives: it hangs on a connection.
        self.losable = database.losable
        #: SY-005 once another has owned the store.
        self._lost: SystemFault | None = None
        self._writer = ThreadPoolExecutor(1, "vortex-store-write")
        self._syncer = Syncer(database.sync) if database.commits_early else None
        self._readers = self._writer if database.in_memory else ThreadPoolExecutor(_READERS, "vortex-store-read")
        self._line = Line(lambda: self._writer.submit(self._drain))
        #: Guards `_closing` and the counts.
        self._gate = threading.Lock()
        self._closing: Future[None] | None = None
        self._reads = 0
        self._writes = 0
        self._events = 0
        self._took = Histogram(_WRITE)
        self._rollbacks = 0
        self._last_error: str | None = None
        self._subscribers: set[Subscriber] = set()

    async def write(self, work: Callable[[UnitOfWork], T], *, early: bool = False) -> T:
        """Run `work` in the writer's thread, all of it or nothing; it is on disk when this returns.

        Cancelling withdraws work that has not begun; work that has begun goes on to its end.

        Args:
            early: return when it is committed: no process can undo it by its end, a loss of power can until `synced`.

        Raises:
            SystemFault: SY-006 if the database or the disk fails, or the store is closed. Nothing is written any more
                after a disk has failed that was to have what is committed.
            Exception: what `work` raised, as it was; nothing of it is kept.
        """
        job = Job(work, early=early and self._syncer is not None)
        with self._gate:
            self._refuse_if_closed()
            self._refuse_if_failed()
            self._line.put(job)
        try:
            result: T = await job.future
        except asyncio.CancelledError:
            self._line.withdraw(job)
            raise
        return result

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` on a snapshot of what is committed.

        Raises:
            SystemFault: SY-006 as `write`; SY-007 if `work` tries to write.
            Exception: what `work` raised, as it was.
        """
        with self._gate:
            self._refuse_if_closed()
            future = self._readers.submit(self._read, work)
            self._reads += 1
        return await asyncio.wrap_future(future)

    @property
    def fault(self) -> SystemFault | None:
        """Why nothing can be written until the store is opened anew; null where it can be tried."""
        return self._lost or (self._syncer.fault if self._syncer is not None else None)

    async def synced(self) -> None:
        """Return when everything whose `write` has returned is on disk.

        Raises:
            SystemFault: SY-006 as `write`.
        """
        if self._syncer is None:
            return
        synced: Future[None] = Future()
        with self._gate:
            self._refuse_if_closed()
            self._syncer.after(lambda fault: synced.set_exception(fault) if fault else synced.set_result(None))
        await asyncio.shield(asyncio.wrap_future(synced))

    async def check(self) -> None:
        """Whether this store is still the owner, asked of the database itself.

        Raises:
            SystemFault: SY-005 it is another one's, for good; SY-006 the database cannot be reached now, or its disk
                has failed.
        """
        with self._gate:
            self._refuse_if_closed()
            self._refuse_if_failed()
            future = self._writer.submit(self._check)
        await asyncio.wrap_future(future)

    async def subscribe(self, after: int) -> AsyncIterator[Event]:
        """All events with a higher number than `after`, in order and without a gap, those to come as well.

        Commits of this process wake it; nobody else writes, since this store has the lock.

        Raises:
            SystemFault: SY-006 as `read`; at the latest when the store is closed.
        """
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        try:
            while True:
                news = subscriber.news
                page = await self.read(lambda uow: uow.events(after=after, limit=_PAGE))  # noqa: B023
                for event in page:
                    yield event
                    after = event.sequence_number
                if not page:
                    await news.wait()
                    subscriber.news = asyncio.Event()
        finally:
            self._subscribers.discard(subscriber)

    async def close(self) -> None:
        """Finish what was asked for before, then let go of threads, connections and the lock. May be repeated."""
        with self._gate:
            if self._closing is None:
                self._closing = self._writer.submit(self._release)
        await asyncio.shield(asyncio.wrap_future(self._closing))
        self._writer.shutdown()
        self._wake_subscribers()

    def statistics(self) -> StoreStatistics:
        """Counts up to now."""
        queued = len(self._line)
        with self._gate:
            return StoreStatistics(
                self._writes,
                self._rollbacks,
                self._reads,
                queued,
                self._last_error,
                self._events,
                self._took.snapshot(),
            )

    # In the writer's thread

    def _drain(self) -> None:
        while jobs := self._line.take():
            done, rest = self._run(jobs)
            self._line.put_back(rest)
            if self._syncer is None:
                self._end(done)
            else:
                tell(job for job in done if job.early)
                self._syncer.after(partial(self._end, done))

    def _run(self, jobs: list[Job]) -> tuple[list[Job], list[Job]]:
        try:
            self._refuse_if_failed()
            self._revive()
        except BaseException as error:
            for job in jobs:
                job.error = error
            return jobs, []
        return run_together(self._held, self._database, self._recent, self._log, jobs)

    def _revive(self) -> None:
        try:
            held = self._database.revived(self._held)
        except SystemFault as fault:
            self._lost = fault if fault.code == "SY-005" else None
            raise
        if held is not self._held:
            self._held, self._log = held, Log()

    def _check(self) -> None:
        self._revive()
        try:
            self._ask()
        except SystemFault:
            self._revive()
            self._ask()

    def _ask(self) -> None:
        with translated(self._place), self._held.begin():
            self._held.exec_driver_sql("SELECT 1")

    def _release(self) -> None:
        if self._syncer is not None:
            self._syncer.close()
        if self._readers is not self._writer:
            self._readers.shutdown()
        self._resources.close()

    # In the thread that has brought them to the disk

    def _end(self, done: list[Job], fault: SystemFault | None = None) -> None:
        if fault is not None:
            for job in done:
                job.error = job.error or fault
        self._count(done)
        if any(job.appended for job in done):
            self._wake_subscribers()
        tell(job for job in done if not job.early)

    def _count(self, done: list[Job]) -> None:
        now = time.perf_counter()
        with self._gate:
            for job in done:
                if job.error is None:
                    self._took.observe(now - job.began)
                    self._writes += 1
                    self._events += job.appended
                else:
                    self._rollbacks += 1
                    self._note(job.error)

    def _wake_subscribers(self) -> None:
        for subscriber in list(self._subscribers):
            subscriber.wake()

    # In any thread

    def _read(self, work: Callable[[UnitOfWork], T]) -> T:
        try:
            with self._reading() as connection, translated(self._place), connection.begin():
                session = Session(connection, self._database, writable=False)
                unit = SqlUnit(session, self._recent, writable=False)
                try:
                    result = run_work(work, unit)
                    session.check()
                    return result
                finally:
                    unit.end()
        except BaseException as error:
            self._note(error)
            raise

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._database.in_memory:
            yield self._held
            return
        with self._database.reader() as connection:
            yield connection

    def _note(self, error: BaseException) -> None:
        if isinstance(error, SystemFault):
            self._last_error = str(error)

    def _refuse_if_failed(self) -> None:
        if (fault := self.fault) is not None:
            raise fault

    def _refuse_if_closed(self) -> None:
        if self._closing is not None:
            raise unusable(self._place, "the store is closed", "Open it again.")


def open_store(url: str, owner: Owner | None = None, waiting: Waiting | None = None) -> SqlStore:
    """Open the database, creating file and tables where absent; this process is then its only writer. Blocks.

    Args:
        url: `sqlite:////absolute/path`, `sqlite://` for a database in memory, or `postgresql://user@host/database`.
        owner: what others may read of this process while it is that; null for one that nobody wants to reach.
        waiting: of somebody who waits where another has it open.

    Raises:
        SystemFault: SY-005 if another store has it open, SY-006 if it is not usable or of another schema
            version, SY-003 if no such kind of database is supported, or its driver is not installed.
    """
    database = database_of(url)
    with ExitStack() as resources:
        resources.callback(database.close)
        connection = resources.enter_context(database.writer(waiting))
        with translated(database.place):
            prepare(connection, database)
        database.sign(connection, replace(owner or Owner(), since_ms=now_ms()))
        return SqlStore(database, connection, resources.pop_all())


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        # Its text may hold a password.
        raise SystemFault("SY-003", "what was given is not the URL of a database", _HINT) from None


def database_of(url: str) -> Database:
    """What a URL names, of which nothing is opened yet; SY-003 as `open_store`."""
    return _database(_parse(url))


def _database(url: URL) -> Database:
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return SqliteDatabase(url, connections=_READERS + 1)
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            return PostgresDatabase(url, connections=_READERS + 1)
        except ModuleNotFoundError as missing:
            hint = "Install it: pip install 'vortex-prefect[postgres]'."
            raise SystemFault("SY-003", f"PostgreSQL needs the package {missing.name}", hint) from None
    raise SystemFault("SY-003", f"no store on {url.drivername} in this release", _HINT)
