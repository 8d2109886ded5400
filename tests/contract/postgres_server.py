"""A PostgreSQL server of one's own: a cluster in a temporary folder, reached by a Unix socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg

_MISSING = (
    "the tests of the store need PostgreSQL's server: install the package `postgresql` "
    "(apt-get install -y postgresql), or put initdb and postgres on the PATH"
)
#: Whom the server may run as: it refuses root.
_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class PostgresServer:
    """One that answers. Everybody on its socket is its superuser `vortex`."""

    bin: Path
    folder: Path
    user: str | None
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

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

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers. It is our child, and dies with us however we end."""
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        settings = [word for option in ("-c listen_addresses=", *options) for word in option.split(" ")]
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(
                [*_as_user(self.user, "--pdeathsig", "QUIT"), *command, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self.children.append(child)
        while child.poll() is None:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.02)  # another process's progress, which only asking shows
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """At once, which is what a power cut leaves behind."""
        while self.children:
            child = self.children.pop()
            child.send_signal(signal.SIGQUIT)
            child.wait()


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
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise RuntimeError(_MISSING)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _as_user(user: str | None, *options: str) -> list[str]:
    """What lets a command run as another user; util-linux has it."""
    who = []
    if user is not None:
        found = pwd.getpwnam(user)
        who = [f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"]
    return ["setpriv", *who, *options, "--"] if who or options else []


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(
        [*_as_user(user), *command], stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")
