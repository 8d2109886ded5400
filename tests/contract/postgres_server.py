"""A PostgreSQL server of one's own: a cluster in a temporary folder, reached by a Unix socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg

_MISSING = (
    "the tests of the store need PostgreSQL's server: install the package `postgresql` "
    "(apt-get install -y postgresql), or put initdb and pg_ctl on the PATH"
)
#: Whom the server may run as: it refuses root.
_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class PostgresServer:
    """One that answers. Everybody on its socket is its superuser `vortex`."""

    bin: Path
    folder: Path
    user: str | None

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql://vortex@/postgres?host={quote(str(self.folder), safe='')}"

    @contextmanager
    def schema(self) -> Iterator[str]:
        """URL of an empty schema, which is dropped afterwards."""
        name = f"t{uuid4().hex}"
        self.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{self.url}&options=-csearch_path%3D{name}"
        finally:
            self.execute(f"DROP SCHEMA {name} CASCADE")

    def execute(self, statement: str) -> None:
        """As superuser, by itself."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def control(self, *arguments: str) -> None:
        """Run pg_ctl and wait for it."""
        command = [str(self.bin / "pg_ctl"), "-w", "-D", str(self.folder / "data"), *arguments]
        _run(command, self.user)

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers."""
        settings = ["-h ''", f"-k {self.folder}", *options]
        self.control("-o", " ".join(settings), "-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is what a power cut leaves behind."""
        self.control("-m", mode, "stop")


@contextmanager
def running_postgres(*options: str) -> Iterator[PostgresServer]:
    """A fresh cluster. Without options it does not wait for the disk, which no test here looks at."""
    found = _programs()
    user = next((name for name in _USERS if _exists(name)), None) if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="vortex-pg-"))
    server = PostgresServer(found, folder, user)
    try:
        if user is not None:
            shutil.chown(folder, user)
        arguments = ["-D", str(folder / "data"), "-U", "vortex", "-A", "trust", "-E", "UTF8", "--no-sync"]
        _run([str(found / "initdb"), *arguments, "--locale=C.UTF-8"], user)
        server.start(*(options or ("-c fsync=off",)))
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    # Debian keeps them off the PATH, a folder for each version.
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in folders:
        if (folder / "pg_ctl").exists() and (folder / "initdb").exists():
            return folder
    raise RuntimeError(_MISSING)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _run(command: list[str], user: str | None) -> None:
    prefix = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={_group(user)}", "--clear-groups", "--"]
    # Its server keeps the descriptors that it inherits: a pipe would never end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*prefix, *command], stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", check=False
        )
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read().decode(errors='replace')}")


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid
