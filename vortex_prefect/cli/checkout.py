"""Packs from git: a checkout on this machine, or `git+URL@REF#subdirectory=FOLDER` as pip writes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from vortex_prefect.files.packs import unusable

_SCHEMES = ("file", "https", "http", "ssh")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*")
#: So long a command of git may take, a clone from afar above all.
_LIMIT_S = 600.0
#: And so long its peer may send less than so many bytes a second.
_STALLED = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"}


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
        _git(address, None, "clone", "--quiet", "--no-checkout", "--", url, str(folder))
        commit = _resolve(address, folder, ref)
        _git(address, folder, "checkout", "--quiet", "--detach", commit, settings={"advice.detachedHead": "false"})
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
    head = _run(str(folder), folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode != 0:
        return None
    # A submodule is looked at no further than which commit it is at: its own configuration counts there.
    status = ("status", "--porcelain", "--ignore-submodules=dirty", "--", ".")
    changes = _git(str(folder), folder, *status, settings=_no_filters(folder))
    return Commit(head.stdout.strip(), modified=bool(changes.strip()))


def _no_filters(folder: Path) -> dict[str, str]:
    """Settings that take away the commands through which a folder has its files compared."""
    listed = _run(str(folder), folder, "config", "--name-only", "-z", "--get-regexp", r"^filter\.")
    drivers = {name.rpartition(".")[0] for name in listed.stdout.split("\0") if name}
    off = {"clean": "", "process": "", "required": "false"}
    return {f"{driver}.{name}": value for driver in drivers for name, value in off.items()}


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
        found = _run(address, folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.strip()
    raise unusable(address, f"there is no branch, tag or commit {ref or 'HEAD'} in it")


def _git(
    about: str, folder: Path | None, command: str, *arguments: str, settings: Mapping[str, str] = MappingProxyType({})
) -> str:
    done = _run(about, folder, command, *arguments, settings=settings)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("fatal: ")]
        raise unusable(about, f"git {command} failed: {' '.join(said) or f'exit status {done.returncode}'}")
    return done.stdout


def _run(
    about: str, folder: Path | None, command: str, *arguments: str, settings: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """A command of git in a folder, or in none; `about` is the address or the folder that somebody asked for."""
    if (git := shutil.which("git")) is None:
        raise unusable(about, "it is a git checkout, and there is no command `git` here; install it")
    line = [git, *(("-C", str(folder)) if folder else ()), command, *arguments]
    environment = _environment(about, settings)
    try:
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=_LIMIT_S, env=environment)
    except subprocess.TimeoutExpired:
        # What was cloned is gone by then.
        hint = f"try `git {command}` there" if about == str(folder) else "clone it by hand and install that folder"
        raise unusable(about, f"git {command} took longer than {_LIMIT_S:g} s; {hint}") from None


def _environment(about: str, settings: Mapping[str, str]) -> dict[str, str]:
    """It asks nobody for a password, knows no transports that run commands, and runs none that a folder names.

    Nobody has agreed to that folder yet. These settings come before those of any file, and after those that the
    environment has already: the last of a name counts.
    """
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": ":".join(_SCHEMES), "LC_ALL": "C"}
    ours = {"core.hooksPath": os.devnull, "core.fsmonitor": "false", **_STALLED, **settings}
    given = os.environ.get("GIT_CONFIG_COUNT") or "0"
    if not given.isdecimal():
        raise unusable(about, f"the environment's GIT_CONFIG_COUNT is {given!r:.60}, no number of settings of git")
    pairs = [
        (f"GIT_CONFIG_{what}_{at}", text)
        for at, pair in enumerate(ours.items(), start=int(given))
        for what, text in zip(("KEY", "VALUE"), pair, strict=True)
    ]
    return {**os.environ, **quiet, "GIT_CONFIG_COUNT": str(int(given) + len(ours)), **dict(pairs)}
