"""Packs from git: a checkout on this machine, or `git+URL@REF#subdirectory=FOLDER` as pip writes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, urlsplit

from vortex_prefect.files.packs import unusable

_SCHEMES = ("file", "https", "http", "ssh")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*")


@dataclass(frozen=True, slots=True)
class Commit:
    """What a folder holds, as git knows it."""

    id: str
    #: Whether files there are not as they were committed.
    modified: bool


@contextmanager
def cloned(address: str) -> Iterator[Path]:
    """A folder with what `git+URL[@REF][#subdirectory=FOLDER]` names; gone afterwards.

    Raises:
        SystemFault: SY-003, git is missing, the address is none, or there is nothing of that name.
    """
    url, ref, inner = _parse(address)
    with tempfile.TemporaryDirectory(prefix="vortex-pack-") as temporary:
        folder = Path(temporary) / "checkout"
        # Nothing of the repository but its files counts here: neither hooks nor submodules.
        _git(address, "clone", "--quiet", "--no-checkout", "--", url, str(folder))
        commit = _resolve(address, folder, ref)
        _git(address, "-C", str(folder), "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit)
        if not (folder / inner).is_dir():
            raise unusable(address, f"there is no folder {inner} in it")
        yield folder / inner


def commit_of(folder: Path) -> Commit | None:
    """The commit that a folder was checked out of; null if it lies in no checkout, or in one without commits.

    Raises:
        SystemFault: SY-003, it does, and git is missing.
    """
    if not any((parent / ".git").exists() for parent in [folder.resolve(), *folder.resolve().parents]):
        return None
    head = _run(str(folder), "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode != 0:
        return None
    changes = _git(str(folder), "-C", str(folder), "status", "--porcelain", "--", ".")
    return Commit(head.stdout.strip(), modified=bool(changes.strip()))


def _parse(address: str) -> tuple[str, str, PurePosixPath]:
    parts = urlsplit(address.removeprefix("git+"))
    path, _, ref = parts.path.partition("@")
    inner = PurePosixPath(*parse_qs(parts.fragment).get("subdirectory", []))
    if parts.scheme not in _SCHEMES or not path:
        raise unusable(address, f"it is no address of a git repository: git+ and one of {', '.join(_SCHEMES)}")
    if ref and not _REF.fullmatch(ref):
        raise unusable(address, f"{ref!r} is no name of a branch, tag or commit")
    if inner.is_absolute() or ".." in inner.parts:
        raise unusable(address, f"the folder {inner} leads out of it")
    return parts._replace(path=path, fragment="").geturl(), ref, inner


def _resolve(address: str, folder: Path, ref: str) -> str:
    """The commit of a tag, a commit's id or a branch, in that order; of no name, what the repository shows first."""
    for name in (ref, f"origin/{ref}") if ref else ("HEAD",):
        found = _run(address, "-C", str(folder), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.strip()
    raise unusable(address, f"there is no branch, tag or commit {ref or 'HEAD'} in it")


def _git(about: str, *arguments: str) -> str:
    done = _run(about, *arguments)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("fatal: ")]
        raise unusable(about, f"git failed: {' '.join(said) or f'exit status {done.returncode}'}")
    return done.stdout


def _run(about: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if (git := shutil.which("git")) is None:
        raise unusable(about, "it is a git checkout, and there is no command `git` here; install it")
    # It asks nobody for a password, and knows no transports that run commands.
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": ":".join(_SCHEMES), "LC_ALL": "C"}
    # Nor does it run what a folder's own configuration names: nobody has agreed to that folder yet.
    command = [git, "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **quiet})
