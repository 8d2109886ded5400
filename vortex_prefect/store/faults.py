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
    except SQLAlchemyError as error:
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError) and error.orig is not None:
            raise error.orig from None
        raise _fault_of(error, place) from error


def unusable(place: str, reason: str, hint: str) -> SystemFault:
    """SY-006 for a database that cannot serve as the store."""
    return SystemFault("SY-006", f"{place}: {reason}", hint)


def _fault_of(error: SQLAlchemyError, place: str) -> SystemFault:
    cause = error.orig if isinstance(error, DBAPIError) else error
    # The low byte is the primary code; the rest only says where it arose.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == 0 and _NO_TEXT in str(cause):
        code = sqlite3.SQLITE_CORRUPT
    remedy = _REMEDIES.get(code)
    if remedy is None:
        return SystemFault("SY-007", f"{place}: {cause}")
    reason, hint = remedy
    return unusable(place, f"{reason} ({cause})", hint.format(place=place))
