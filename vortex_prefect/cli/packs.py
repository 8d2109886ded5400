"""Packs: begun, installed, looked at and taken away."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from vortex_prefect.client.catalogue import pack_faults
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.packs import (
    MANIFEST,
    Manifest,
    digest,
    hashes,
    installed,
    read_manifest,
    require_inside,
    unusable,
    write_lock,
)

#: Unpacked bytes and members of a wheel: code, not models.
_MOST_BYTES, _MOST_MEMBERS = 1 << 30, 50_000


def install(settings: Settings, source: Path, sha256: str | None, console: Console) -> None:
    """Put a pack below the home, and lock it.

    Args:
        source: a folder that holds the pack's package, or a wheel or zip archive of it.
        sha256: what the archive has, or what `vortex nodes install` printed of a folder; null takes it as it is.

    Raises:
        SystemFault: SY-003, it is no pack, or has another hash; nothing is installed.
    """
    settings.packs_dir.mkdir(parents=True, exist_ok=True)
    archive = _hash_of(source) if source.is_file() else None
    if archive is not None:
        _require(source, archive, sha256)
    with _draft(settings.packs_dir) as draft:
        manifest = _unpack(source, draft) if archive is not None else copy_pack(source, draft)
        files = hashes(draft)
        if archive is None:
            _require(source, digest(files), sha256)
        write_lock(draft, manifest, str(source.resolve()), archive)
        target = settings.packs_dir / manifest.name
        swap_in(draft, target)
    told = archive or digest(files)
    console.print(f"installed {manifest.name} {manifest.version}: {len(files)} files, SHA-256 {told}", highlight=False)
    faults = [fault for fault in pack_faults(settings) if fault.pack == manifest.name]
    if faults:
        raise SystemFault("SY-003", faults[0].message, "It stays installed; mend it and install it again.")
    console.print("a stack that runs has it after its next start", highlight=False)


def remove(settings: Settings, name: str, console: Console) -> None:
    """Take a pack away.

    Raises:
        SystemFault: SY-003, there is none of that name.
    """
    if name not in {folder.name for folder in installed(settings.packs_dir)}:
        raise unusable(name, f"it is not in {settings.packs_dir}")
    shutil.rmtree(settings.packs_dir / name)
    console.print(f"removed {name}", highlight=False)


def verify(settings: Settings, as_json: bool, console: Console) -> bool:
    """Look at every file of every pack, and import them all; whether all can be used."""
    faults = {fault.pack: fault.message for fault in pack_faults(settings)}
    names = [folder.name for folder in installed(settings.packs_dir)]
    if as_json:
        packs = [{"pack": name, "ok": name not in faults, "message": faults.get(name)} for name in names]
        print(json.dumps({"ok": not faults, "packs": packs}))
    for name in () if as_json else names:
        console.print(f"[red]{name}[/red] " if name in faults else f"[green]{name}[/green] is as it was installed")
        if name in faults:
            console.print(f"  {faults[name]}", highlight=False, markup=False)
    if not names and not as_json:
        console.print(f"no packs in {settings.packs_dir}", highlight=False)
    return not faults


@contextmanager
def _draft(packs_dir: Path) -> Iterator[Path]:
    """A folder beside the packs that is gone afterwards, unless it was renamed."""
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=packs_dir))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def copy_pack(source: Path, draft: Path) -> Manifest:
    """Copy a pack's package out of a folder; SY-003 if there is none."""
    if not source.is_dir():
        raise unusable(str(source), "there is no such folder, wheel or zip archive")
    manifest = read_manifest(source)
    hashes(source / manifest.module)  # refuses links
    shutil.copytree(source / manifest.module, draft / manifest.module, ignore=shutil.ignore_patterns("__pycache__"))
    return manifest


def _unpack(source: Path, draft: Path) -> Manifest:
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            require_inside(member.filename for member in members)
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > _MOST_BYTES:
                raise unusable(source.name, f"it unpacks to more than {_MOST_BYTES >> 20} MiB or {_MOST_MEMBERS} files")
            roots = {name.split("/")[0] for name in archive.namelist() if name.endswith(f"/{MANIFEST}")}
            # Metadata of a wheel, and its tests, are none of the pack.
            archive.extractall(draft, [member for member in members if member.filename.split("/")[0] in roots])
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise unusable(source.name, f"it is no wheel or zip archive that can be unpacked: {error}") from error
    return read_manifest(draft)


def swap_in(draft: Path, target: Path) -> None:
    """Put a draft in a pack's place. The old pack, if there is one, is there until the new one is."""
    old = target.with_name(f".old-{target.name}-{os.getpid()}")
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(draft, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require(source: Path, found: str, wanted: str | None) -> None:
    if wanted is not None and found != wanted.strip().lower():
        raise unusable(source.name, f"it has SHA-256 {found}, not {wanted.strip().lower()}")
