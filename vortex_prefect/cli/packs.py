"""Packs: begun, installed, looked at and taken away."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from vortex_prefect.cli.pack_environment import Libraries, declare, environment_of, make_environment, move_scripts
from vortex_prefect.cli.pack_source import lacking, opened
from vortex_prefect.client.catalogue import pack_faults
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.environments import locked
from vortex_prefect.files.packs import Manifest, Origin, digest, hashes, installed, unusable, write_lock


def install(settings: Settings, address: str, sha256: str | None, libraries: Libraries, console: Console) -> None:
    """Put a pack below the home, and lock it; in an environment of its own where it asks for one, or needs one.

    Args:
        address: see `opened`.
        sha256: what the archive has, or what `vortex nodes install` printed of a folder; null takes it as it is.
        libraries: where what it requires comes from.

    Raises:
        SystemFault: SY-003, it is no pack, has another hash, or what it requires cannot be installed; nothing is then.
    """
    settings.packs_dir.mkdir(parents=True, exist_ok=True)
    with opened(address) as source, _draft(settings.packs_dir) as draft:
        archive = source.origin.archive
        if archive is not None:
            _require(address, archive, sha256)
        manifest, requirements = source.put_into(draft)
        target = settings.packs_dir / manifest.name
        files = hashes(draft)
        if archive is None:
            _require(address, digest(files), sha256)
        with console.status(f"{manifest.name} is installed"):
            environment, wrong = lock_up(draft, target, manifest, requirements, source.origin, libraries)
        swap_in(draft, target)
    told = archive or digest(files)
    console.print(f"installed {manifest.name} {manifest.version}: {len(files)} files, SHA-256 {told}", highlight=False)
    if environment is not None:
        names = [f"{each['name']} {each['version']}" for each in environment["distributions"]]
        console.print(f"in an environment of its own, with {', '.join(names) or 'what the base has'}", highlight=False)
    else:
        wrong = next((fault.message for fault in pack_faults(settings) if fault.pack == manifest.name), None)
    if wrong is not None:
        raise SystemFault("SY-003", wrong, "It stays installed; mend it and install it again.")
    console.print("a stack that runs has it after its next start", highlight=False)


def lock_up(
    draft: Path,
    target: Path,
    manifest: Manifest,
    requirements: list[str],
    origin: Origin,
    libraries: Libraries,
    *,
    reuse: bool = False,
) -> tuple[dict[str, Any] | None, str | None]:
    """Lock a pack, and make its environment if it is to have one.

    Args:
        draft: holds its package.
        target: where it will lie.
        requirements: what it needs beyond VORTEX.
        reuse: take the environment of the pack that lies there, if that was made of the same requirements.

    Returns:
        What the lock says of the environment, or null; and what is wrong with the pack in its environment, or null.

    Raises:
        SystemFault: SY-003, what it requires cannot be installed.
    """
    write_lock(draft, manifest, origin)
    if not manifest.isolated and not lacking(requirements):
        return None, None
    distributions = environment_of(target, draft, manifest, requirements) if reuse else None
    if distributions is None:
        distributions = make_environment(draft, manifest, requirements, libraries)
        move_scripts(draft, target)
    wrong = declare(draft)
    environment = locked(draft, requirements, distributions)
    write_lock(draft, manifest, origin, environment)
    return environment, wrong


def remove(settings: Settings, name: str, console: Console) -> None:
    """Take a pack away.

    Raises:
        SystemFault: SY-003, there is none of that name.
    """
    if name not in {folder.name for folder in installed(settings.packs_dir)}:
        raise unusable(name, f"it is not in {settings.packs_dir}")
    gone = settings.packs_dir / f".gone-{name}-{os.getpid()}"
    os.rename(settings.packs_dir / name, gone)  # at once, for workers that start meanwhile
    shutil.rmtree(gone, ignore_errors=True)
    console.print(f"removed {name}; a stack that runs shows its nodes until it starts anew", highlight=False)


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


def _require(address: str, found: str, wanted: str | None) -> None:
    if wanted is not None and found != wanted.strip().lower():
        raise unusable(Path(address).name, f"it has SHA-256 {found}, not {wanted.strip().lower()}")
