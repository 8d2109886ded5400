"""Where errors of the database enter: each leaves as a VortexError that names the file and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from vortex_prefect.core.errors import SystemFault

#: SQLite's primary result code → what is wrong, what to do (https://www.sqlite.org/rescode.html).
_REMEDIES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free space on the file system of {place}."),
    sqlite3.SQLITE_READONLY: ("the database is read-only", "Give this user the right to write {place} and its folder."),
    sqlite3.SQLITE_PERM: ("access is refused", "Give this user the right to write {place} and its folder."),
    sqlite3.SQLITE_CANTOPEN: ("the file cannot be opened", "Check that {place} is a file that this user may write."),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "Check the disk of {place} and the kernel's log."),
    sqlite3.SQLITE_CORRUPT: (
        "the database is damaged",
        "Stop, copy {place} with its -wal file, restore a backup; `sqlite3 {place} .recover` saves what is legible.",
    ),
    sqlite3.SQLITE_NOTADB: ("the file is no database", "Move {place} away, or restore a backup in its place."),
    sqlite3.SQLITE_BUSY: ("another program holds the database", "Close the program that has {place} open."),
    sqlite3.SQLITE_LOCKED: ("another program holds the database", "Close the program that has {place} open."),
}

#: PostgreSQL's class or code of an error → the same (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_OF_POSTGRES = {
    "08": ("the server cannot be reached", "Start the server of {place}, or check VORTEX_STORE_URL."),
    "57P": ("the server ended the connection", "Start the server of {place}; what was asked for may be asked again."),
    "28": ("the server refuses this user", "Check name and password in VORTEX_STORE_URL."),
    "3D": ("there is no such database", "Make it with `createdb`, or check VORTEX_STORE_URL."),
    "42501": ("access is refused", "Give this user the right to create and write tables in {place}."),
    "25006": ("the database is read-only", "Name a server that takes writes: this may be a standby."),
    "53100": ("the disk is full", "Free space on the server of {place}."),
    "53": ("the server has not enough memory or connections", "Look at the log of the server of {place}."),
    "58": ("the server's disk reports an error", "Check the disk and the log of the server of {place}."),
    "XX": ("the database is damaged", "Look at the log of the server of {place}, and restore a backup."),
}

#: What Python's driver says, with no code of SQLite's, of a text that is none; nothing here writes such.
_NO_TEXT = "Could not decode to UTF-8"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise the database's errors as what they mean here; `place` is the database's path.

    Raises:
        SystemFault: SY-006 if the disk or the file is at fault, SY-007 if the statement is.
        Exception: whatever the conversion of a value raised, as it was (`TypeError` for no JSON, say).
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError) and error.orig is not None:
            raise error.orig from None
        raise _fault_of(error, place) from error


def unusable(place: str, reason: str, hint: str) -> SystemFault:
    """SY-006 for a database that cannot serve as the store."""
    return SystemFault("SY-006", f"{place}: {reason}", hint)


def _fault_of(error: Exception, place: str) -> SystemFault:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if (remedy := _of_postgres(cause)) is not None:
        reason, hint = remedy
        return unusable(place, f"{reason} ({_one_line(cause)})", hint.format(place=place))
    # The low byte is the primary code; the rest only says where it arose.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == 0 and _NO_TEXT in str(cause):
        code = sqlite3.SQLITE_CORRUPT
    remedy = _REMEDIES.get(code)
    if remedy is None:
        return SystemFault("SY-007", f"{place}: {cause}")
    reason, hint = remedy
    return unusable(place, f"{reason} ({cause})", hint.format(place=place))


def _of_postgres(cause: object) -> tuple[str, str] | None:
    """Reason and hint of an error of psycopg's; null for one that the statement is to blame for, and for others."""
    if not hasattr(cause, "sqlstate"):
        return None
    # Before there is a connection there is no code.
    state = str(cause.sqlstate or ("08" if type(cause).__name__ == "OperationalError" else ""))
    text = str(cause)
    if cause.sqlstate is None and "does not exist" in text:
        state = "3D"
    elif cause.sqlstate is None and ("authentication" in text or "password" in text):
        state = "28"
    return next((found for length in (5, 3, 2) if (found := _OF_POSTGRES.get(state[:length]))), None)


def _one_line(cause: object) -> str:
    return " ".join(str(cause).split())
