"""Packs that people install: a folder with a manifest and a lock of what was installed.

    PACKS/mine/                      the folder of the pack `mine`
        pack.lock.json               SHA-256 of every file below, written on install
        mine_pack/                   a Python package
            pack.toml                name, version
            __init__.py              `load()`, which gives the node types

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
    #: Of a pack that is being worked on: what stands for its files in content keys. Of others their nodes' versions do.
    revision: str = ""


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
        name, version = told["name"], told["version"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise unusable(folder.name, f"{found[0].name} has no [pack] with name and version: {error}") from error
    module = found[0].parent.name
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(version, str):
        raise unusable(folder.name, f"{name!r:.60} {version!r:.60} are no name and version of a pack")
    if name in RESERVED:
        raise unusable(name, "a pack of that name comes with VORTEX")
    if not module.isidentifier():
        raise unusable(name, f"{module!r} is no name of a Python package")
    return Manifest(name, version, module)


def hashes(folder: Path) -> dict[str, str]:
    """Path within the folder → SHA-256, of all files that belong to a pack.

    Raises:
        SystemFault: SY-003, a link lies among them: it may lead anywhere.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if any(part in PASSED_OVER for part in inner.parts) or str(inner) == LOCK:
            continue
        if path.is_symlink():
            raise unusable(folder.name, f"{inner} is a link")
        if path.is_file():
            with path.open("rb") as file:
                found[inner.as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 for all files and their names."""
    text = "".join(f"{hashed}  {name}\n" for name, hashed in sorted(files.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def write_lock(folder: Path, manifest: Manifest, source: str, archive: str | None, *, development: bool = False) -> str:
    """Lock what lies in a folder; its digest.

    Args:
        source: where it came from, for people.
        archive: SHA-256 of the file that it came in, or null.
        development: somebody works on it: results are not reused once any of its files has changed.
    """
    files = hashes(folder)
    lock = {
        "schema": "vortex.pack-lock/1",
        "name": manifest.name,
        "version": manifest.version,
        "module": manifest.module,
        "source": source,
        "archive_sha256": archive,
        "development": development,
        "digest": digest(files),
        "files": files,
    }
    (folder / LOCK).write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return str(lock["digest"])


def check_lock(folder: Path) -> Manifest:
    """The manifest of an installed pack, of which every file is the one that was installed.

    Raises:
        SystemFault: SY-003, it has no lock, or a file is another, is missing, or came since; the message names it.
    """
    lock = _read_lock(folder)
    found, wanted = hashes(folder), lock["files"]
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            raise unusable(folder.name, f"{name} is missing")
        if name not in wanted:
            raise unusable(folder.name, f"{name} was not installed with it")
        if found[name] != wanted[name]:
            raise unusable(folder.name, f"{name} has SHA-256 {found[name]}, not {wanted[name]} as it was installed")
    if lock["digest"] != digest(wanted):
        raise unusable(folder.name, f"{LOCK} does not fit itself")
    manifest = read_manifest(folder)
    if manifest.name != folder.name:
        raise unusable(folder.name, f"its manifest says that it is {manifest.name}")
    return replace(manifest, revision=lock["digest"][:16]) if lock.get("development") is True else manifest


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


def _read_lock(folder: Path) -> dict[str, Any]:
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        fits = isinstance(lock["digest"], str) and isinstance(lock["files"], dict)
    except FileNotFoundError:
        raise unusable(folder.name, f"it has no {LOCK}: install it with `vortex nodes install`") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise unusable(folder.name, f"{LOCK} cannot be read: {error}") from error
    if not fits or lock.get("schema") != "vortex.pack-lock/1":
        raise unusable(folder.name, f"{LOCK} is no lock of this version")
    return dict(lock)
