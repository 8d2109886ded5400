"""Python environments of packs that are isolated: each has other libraries than the base, or other versions of them.

    PACKS/mine/.environment/         a virtual environment
        bin/python
        lib/python3.11/site-packages/
            _vortex_base.pth         what the pack does not bring itself comes from the base
        declarations.json            the node types, as the pack declared them when it was installed

The pack's lock names every file of it with its SHA-256, and every link with where it leads. The node types are
declared once, on install, so that a host knows them without starting a worker.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.files.packs import (
    ENVIRONMENT,
    LOCK,
    Manifest,
    PackFault,
    check_lock,
    compare,
    digest,
    installed,
    read_lock,
    sha256_of,
    unusable,
)

DECLARATIONS = "declarations.json"


@dataclass(frozen=True, slots=True)
class Environment:
    """A pack's environment, as far as a host has to know it."""

    pack: str
    #: The pack's folder.
    folder: Path
    #: SHA-256 of the lock: a pack that is installed anew has another.
    lock_sha256: str
    #: Its node types.
    catalogue: Catalogue


def python_of(folder: Path) -> Path:
    """The interpreter of a pack's environment."""
    return folder / ENVIRONMENT / "bin" / "python"


def worker_in(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command of a worker in a pack's environment, and its variables."""
    python = python_of(folder)
    # A compiled file that is made beside its source would be one that was not installed (B), and what lies where the
    # stack was started is not to be imported (P).
    command = [str(python), "-BP", "-m", "vortex_worker", "--isolated", str(folder)]
    return command, {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def is_isolated(folder: Path) -> bool:
    """Whether an installed pack has an environment of its own; whoever has no lock that can be read has none."""
    try:
        return read_lock(folder).get("environment") is not None
    except SystemFault:
        return False


def locked(folder: Path, requirements: Sequence[str], distributions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the lock says of a pack's environment.

    Args:
        folder: the pack's.
        requirements: what the pack asked for.
        distributions: what was installed for it, each with name, version, url and sha256.
    """
    files = _hashes(folder / ENVIRONMENT)
    return {
        "python": _python_version(),
        "base": sys.prefix,
        "requirements": list(requirements),
        "distributions": list(distributions),
        "digest": digest(files),
        "files": files,
    }


def environments_in(packs_dir: Path) -> tuple[dict[str, Environment], list[PackFault]]:
    """The environments of all isolated packs, by pack, and what is wrong with those that cannot be used.

    Only locks and declarations are read: a worker looks at every file before it is started.
    """
    found: dict[str, Environment] = {}
    faults = []
    for folder in installed(packs_dir):
        if is_isolated(folder):
            try:
                found[folder.name] = _read(folder)
            except SystemFault as fault:
                faults.append(PackFault(folder.name, fault.message))
    return found, faults


def check(folder: Path, lock_sha256: str | None = None) -> Manifest:
    """The manifest of an isolated pack, of which every file and every file of its environment is what was installed.

    Args:
        folder: the pack's.
        lock_sha256: the lock that is expected, or null for any.

    Raises:
        SystemFault: SY-003, something is not as it was installed; the message names the file.
    """
    manifest = check_lock(folder)
    if lock_sha256 is not None and sha256_of(folder / LOCK) != lock_sha256:
        raise unusable(folder.name, "it was installed anew since this host started; start the stack anew")
    environment = section_of(folder)
    compare(folder.name, _hashes(folder / ENVIRONMENT), environment["files"], f"{ENVIRONMENT}/")
    if environment["digest"] != digest(environment["files"]):
        raise unusable(folder.name, f"{LOCK} does not fit itself")
    return manifest


def _read(folder: Path) -> Environment:
    environment = section_of(folder)
    file = folder / ENVIRONMENT / DECLARATIONS
    wanted = environment["files"].get(DECLARATIONS)
    if wanted is None:
        raise unusable(folder.name, "it could not be imported when it was installed")
    try:
        text = file.read_bytes()
    except OSError as error:
        raise unusable(folder.name, f"{ENVIRONMENT}/{DECLARATIONS} cannot be read: {error}") from error
    compare(folder.name, {DECLARATIONS: hashlib.sha256(text).hexdigest()}, {DECLARATIONS: wanted}, f"{ENVIRONMENT}/")
    try:
        catalogue = Catalogue.from_list(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:  # pydantic's own are ValueErrors, and list every field
        raise unusable(folder.name, "another version of VORTEX installed it; install it again") from error
    for spec in catalogue.all():
        if spec.type.partition(".")[0] != folder.name:
            raise unusable(folder.name, f"its node {spec.type} does not begin with {folder.name}.")
    return Environment(folder.name, folder, sha256_of(folder / LOCK), catalogue)


def section_of(folder: Path) -> dict[str, Any]:
    """What the lock says of the environment, of which this interpreter is the base.

    Raises:
        SystemFault: SY-003, it has none, or another Python or base.
    """
    environment = read_lock(folder).get("environment")
    if not isinstance(environment, dict) or not isinstance(environment.get("files"), dict):
        raise unusable(folder.name, f"{LOCK} says nothing of an environment")
    if (environment.get("python"), environment.get("base")) != (_python_version(), sys.prefix):
        there = f"Python {environment.get('python')} at {environment.get('base')}"
        raise unusable(
            folder.name,
            f"its environment stands on {there}, and this is Python {_python_version()} at {sys.prefix}; "
            "install it again",
        )
    return environment


def _hashes(folder: Path) -> dict[str, str]:
    """Path within an environment → SHA-256; of a link, where it leads."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(parent, name)
            inner = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[inner] = f"-> {os.readlink(path)}"
            elif os.path.isfile(path):
                found[inner] = sha256_of(Path(path))
    return found


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
