"""How errors of SQLite reach a person."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.store.faults import translated


def error_of(code: int) -> DBAPIError:
    cause = sqlite3.OperationalError("as SQLite says")
    cause.sqlite_errorcode = code
    return OperationalError("SELECT 1", None, cause)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_READONLY, "the database is read-only"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "the database is read-only"),
        (sqlite3.SQLITE_IOERR_FSYNC, "the disk reports an error"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "the database is damaged"),
        (sqlite3.SQLITE_NOTADB, "the file is no database"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "the file cannot be opened"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program holds the database"),
    ],
)
def test_the_disks_and_the_files_errors_say_what_to_do_where(code: int, reason: str) -> None:
    with pytest.raises(SystemFault) as caught, translated("/home/ada/vortex.db"):
        raise error_of(code)
    assert str(caught.value) == f"SY-006 /home/ada/vortex.db: {reason} (as SQLite says)"
    assert caught.value.hint is not None
    assert "/home/ada/vortex.db" in caught.value.hint


def test_a_text_that_is_none_is_damage() -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError) as met:
        connection.execute("SELECT CAST(x'ff' AS TEXT)").fetchall()
    with pytest.raises(SystemFault, match="SY-006 here: the database is damaged"), translated("here"):
        raise OperationalError("SELECT 1", None, met.value)


def test_an_error_of_the_statement_is_a_defect() -> None:
    with pytest.raises(SystemFault, match="SY-007"), translated("/home/ada/vortex.db"):
        raise error_of(sqlite3.SQLITE_ERROR)


def test_what_a_values_conversion_raised_stays_as_it_was() -> None:
    failure = TypeError("no JSON")
    with pytest.raises(TypeError) as caught, translated("/home/ada/vortex.db"):
        raise StatementError("conversion", "INSERT", None, failure)
    assert caught.value is failure


def test_other_exceptions_pass() -> None:
    with pytest.raises(KeyError, match="mine"), translated("/home/ada/vortex.db"):
        raise KeyError("mine")
