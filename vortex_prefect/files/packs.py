"""Packs that people install: a folder with a manifest and a lock of what was installed.

    PACKS/mine/                      the folder of the pack `mine`
        pack.lock.json               SHA-256 of every file below, written on install
        mine_pack/                   a Python package
            pack.toml                name, version, whether it is isolated
            __init__.py              `load()`, which gives the node types
        .environment/                if it is isolated: see `environments`

What the lock does not name, or names with another hash, is never imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from vortex_prefect.core.errors import SystemFault

MANIFEST, LOCK = "pack.toml", "pack.lock.json"
#: Folder of a pack's own Python environment: no name of a Python package.
ENVIRONMENT = ".environment"
#: Packs that come with VORTEX, and words that mean something else.
RESERVED = frozenset(
    [
        "audio",
        "batch",
        "core",
        "debug",
        "image",
        "mask",
        "model",
        "plot",
        "table",
        "tensor",
        "text",
        "video",
        "diffusion",
        "vortex",
        "graph",
        "node",
    ]
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: What the interpreter and editors leave behind.
PASSED_OVER = ("__pycache__", ".git")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself."""

    name: str
    version: str
    #: The Python package that holds it.
    module: str
    #: Whether it asks for an environment of its own.
    isolated: bool = False
    #: Of a pack that is being worked on: what stands for its files in content keys. Of others their nodes' versions do.
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a pack came from."""

    #: For people.
    source: str
    #: SHA-256 of the file that it came in, or null.
    archive: str | None = None
    #: Of the git checkout that it lay in, or null; and whether files there were not as committed.
    commit: str | None = None
    modified: bool = False
    #: Somebody works on it: results are not reused once any of its files has changed.
    development: bool = False


@dataclass(frozen=True, slots=True)
class PackFault:
    """Why a pack cannot be used."""

    pack: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """JSON form."""
        return {"pack": self.pack, "message": self.message}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the one package in `folder` that has one.

    Raises:
        SystemFault: SY-003, there is none, or more than one, or it says what no pack may.
    """
    found = sorted(folder.glob(f"*/{MANIFEST}"))
    if len(found) != 1:
        raise unusable(folder.name, f"{len(found)} of its folders hold a {MANIFEST}, not one")
    try:
        told = tomllib.loads(found[0].read_text(encoding="utf-8"))["pack"]
        name, version, isolated = told["name"], told["version"], told.get("isolated", False)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise unusable(folder.name, f"{found[0].name} has no [pack] with name and version: {error}") from error
    module = found[0].parent.name
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(version, str):
        raise unusable(folder.name, f"{name!r:.60} {version!r:.60} are no name and version of a pack")
    if not isinstance(isolated, bool):
        raise unusable(name, f"isolated is {isolated!r:.60}, neither true nor false")
    if name in RESERVED:
        raise unusable(name, "a pack of that name comes with VORTEX")
    if not module.isidentifier():
        raise unusable(name, f"{module!r} is no name of a Python package")
    return Manifest(name, version, module, isolated)


def hashes(folder: Path) -> dict[str, str]:
    """Path within the folder → SHA-256, of all files that belong to a pack; its environment is not among them.

    Raises:
        SystemFault: SY-003, a link lies among them: it may lead anywhere.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if any(part in PASSED_OVER for part in inner.parts) or str(inner) == LOCK or inner.parts[0] == ENVIRONMENT:
            continue
        if path.is_symlink():
            raise unusable(folder.name, f"{inner} is a link")
        if path.is_file():
            found[inner.as_posix()] = sha256_of(path)
    return found


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 for all files and their names."""
    text = "".join(f"{hashed}  {name}\n" for name, hashed in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def write_lock(folder: Path, manifest: Manifest, origin: Origin, environment: Mapping[str, Any] | None = None) -> str:
    """Lock what lies in a folder; its digest.

    Args:
        origin: where it came from.
        environment: what `environments.locked` gives, for a pack that has one.
    """
    files = hashes(folder)
    lock = {
        "schema": "vortex.pack-lock/1",
        "name": manifest.name,
        "version": manifest.version,
        "module": manifest.module,
        "archive_sha256": origin.archive,
        "commit": origin.commit,
        "modified": origin.modified,
        "development": origin.development,
        "digest": digest(files),
        "files": files,
        "environment": environment,
    }
    (folder / LOCK).write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return str(lock["digest"])


def check_lock(folder: Path) -> Manifest:
    """The manifest of an installed pack, of which every file is the one that was installed.

    Its environment is not looked at: `environments.check` does that.

    Raises:
        SystemFault: SY-003, it has no lock, or a file is another, is missing, or came since; the message names it.
    """
    lock = read_lock(folder)
    wanted = lock["files"]
    compare(folder.name, hashes(folder), wanted)
    if lock["digest"] != digest(wanted):
        raise unusable(folder.name, f"{LOCK} does not fit itself")
    if lock.get("environment") is None and (folder / ENVIRONMENT).exists():
        raise unusable(folder.name, f"{ENVIRONMENT} was not installed with it")
    manifest = locked_manifest(folder)
    if manifest.name != folder.name:
        raise unusable(folder.name, f"its manifest says that it is {manifest.name}")
    return manifest


def locked_manifest(folder: Path) -> Manifest:
    """The manifest of a pack with what its lock adds; whether it fits the lock is not looked at."""
    manifest, lock = read_manifest(folder), read_lock(folder)
    return replace(manifest, revision=lock["digest"][:16]) if lock.get("development") is True else manifest


def compare(pack: str, found: Mapping[str, str], wanted: Mapping[str, str], prefix: str = "") -> None:
    """Raises SystemFault SY-003 where files are not those that were installed; the message names the first."""
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            raise unusable(pack, f"{prefix}{name} is missing")
        if name not in wanted:
            raise unusable(pack, f"{prefix}{name} was not installed with it")
        if found[name] != wanted[name]:
            raise unusable(pack, f"{prefix}{name} has SHA-256 {found[name]}, not {wanted[name]} as it was installed")


def installed(packs_dir: Path) -> list[Path]:
    """Folders of all packs that are installed, sorted by name; what begins with a dot is none."""
    try:
        entries = sorted(os.scandir(packs_dir), key=lambda entry: entry.name)
    except OSError:
        return []
    return [Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def require_inside(names: Iterable[str]) -> None:
    """Raises SystemFault SY-003 if a member of an archive would be unpacked elsewhere."""
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise unusable("archive", f"its member {name!r:.100} leads out of it")


def unusable(pack: str, reason: str) -> SystemFault:
    """The fault of a pack."""
    return SystemFault("SY-003", f"pack {pack}: {reason}", "`vortex nodes verify` looks at all packs.")


def read_lock(folder: Path) -> dict[str, Any]:
    """The lock of an installed pack.

    Raises:
        SystemFault: SY-003, there is none, or none of this version.
    """
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        fits = isinstance(lock["digest"], str) and isinstance(lock["files"], dict)
    except FileNotFoundError:
        if not folder.exists():
            raise unusable(folder.name, "it is not installed any more") from None
        raise unusable(folder.name, f"it has no {LOCK}: install it with `vortex nodes install`") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise unusable(folder.name, f"{LOCK} cannot be read: {error}") from error
    if not fits or lock.get("schema") != "vortex.pack-lock/1":
        raise unusable(folder.name, f"{LOCK} is no lock of this version")
    return dict(lock)
