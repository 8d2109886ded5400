"""Copies of a store, made while it is written, and put back; and whether a store is whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, make_url

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.faults import translated, unusable
from vortex_prefect.store.lock import writer_lock
from vortex_prefect.store.postgres import PostgresDatabase
from vortex_prefect.store.reader import reading
from vortex_prefect.store.sql_store import database_of
from vortex_prefect.store.sqlite import database_path

_NO_BACKUP = "Give a file that `vortex backup` wrote."


def back_up(url: str, target: Path) -> int:
    """Copy the store into a file, as it is at one moment; whoever writes it goes on meanwhile. Its size in bytes.

    Raises:
        SystemFault: SY-006 the store or the target cannot be used, SY-003 the server's own tools are missing.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _files(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        path = _file_of(url)
        if path is None:
            _pg("pg_dump", make_url(url), "--format=custom", f"--schema={_schema(url)}", f"--file={draft}")
        else:
            _copy(path, draft)
            _require_whole(draft)
        with _files(target):
            _sync(draft)
            draft.replace(target)
            _sync(target.parent)
            return target.stat().st_size
    finally:
        draft.unlink(missing_ok=True)


def restore(url: str, source: Path) -> Path | None:
    """Put a backup in the store's place. No stack may run.

    Returns:
        Where the SQLite store that was there lies now; null if there was none, and for PostgreSQL.

    Raises:
        SystemFault: SY-005 the store is open, SY-006 the file is no backup or damaged, SY-003 as `back_up`.
    """
    if not source.is_file():
        raise unusable(str(source), "there is no such file", _NO_BACKUP)
    path = _file_of(url)
    if path is None:
        database = database_of(url)
        try:
            with database.writer():
                _pg("pg_restore", make_url(url), "--clean", "--if-exists", "--no-owner", "--single-transaction", source)
        finally:
            database.close()
        return None
    _require_whole(source)
    with _files(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with writer_lock(path), _files(path):
        return _replace(path, source)


def problems(url: str) -> list[str]:
    """What is wrong with the store: damage of the file, gaps of the log; reads all of it.

    Raises:
        SystemFault: as `reading`.
    """
    found = []
    path = _file_of(url)
    if path is not None and path.exists():
        found += _damage(path)
    if found:
        return found
    with reading(url) as unit:
        count, last = unit.log_extent()
    if count != last:
        found.append(f"the log has {count} events, and the last one is number {last}")
    return found


def _file_of(url: str) -> Path | None:
    database = database_of(url)
    database.close()
    return None if isinstance(database, PostgresDatabase) else database_path(make_url(url))


def _schema(url: str) -> str:
    database = database_of(url)
    try:
        with database.reader() as connection, translated(database.place):
            return str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    finally:
        database.close()


def _copy(path: Path, draft: Path) -> None:
    if not path.exists():
        raise unusable(str(path), "there is no store", "Start the stack once, or name another home.")
    with (
        translated(str(path)),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(draft)) as copy,
    ):
        # All pages in one step: one snapshot, which a writer in WAL mode does not wait for.
        source.backup(copy)
        # A single file, which needs no -wal beside it.
        copy.execute("PRAGMA journal_mode = DELETE").close()


def _damage(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            lines = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        return [str(error)]
    if lines != ["ok"]:
        return lines
    return [] if "events" in tables else ["it is no VORTEX store"]


def _require_whole(path: Path) -> None:
    if found := _damage(path):
        raise unusable(str(path), f"the copy is damaged: {found[0]}", _NO_BACKUP)


def _replace(path: Path, source: Path) -> Path | None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        _sync(draft)
        kept = None
        if path.exists():
            kept = path.with_name(f"{path.name}.before-restore-{time.strftime('%Y%m%dT%H%M%S')}")
            _fold_wal(path)
            path.replace(kept)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        draft.replace(path)
        _sync(path.parent)
        return kept
    finally:
        draft.unlink(missing_ok=True)


def _fold_wal(path: Path) -> None:
    """Bring what a killed process left in the -wal file into the database, which is kept without it."""
    # One that is damaged is kept as it is: that may be why a backup is put back.
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _pg(program: str, url: URL, *arguments: str | Path) -> None:
    found = shutil.which(program)
    if found is None:
        hint = "Install PostgreSQL's client programs: apt-get install -y postgresql-client."
        raise SystemFault("SY-003", f"{program} is not installed", hint)
    # In the environment, where other users of the machine do not see it.
    secret = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    target = url.set(drivername="postgresql", password=None)
    address = target.render_as_string(hide_password=False)
    command = [found, f"--dbname={address}", *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[-500:]
        raise unusable(str(url.database), f"{program} failed: {said}", "Look at the server's log.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _files(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unusable(str(path), str(error.strerror), f"Check rights and free space of {path.parent}.") from error
