"""The catalogue of node types: from a running stack, else from the packs themselves."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

from vortex_prefect import __version__
from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.client import Bridge
from vortex_prefect.core import nodespec
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.environments import environments_in, is_isolated
from vortex_prefect.files.packs import LOCK, PackFault, installed

logger = logging.getLogger(__name__)

_PACKS, _ENTER = "vortex_worker", "vortex_worker.enter"


def find_catalogue(settings: Settings) -> Catalogue:
    """All node types of the stack that runs with this home; without one, of the installed packs.

    Asking the packs takes a worker process, and as long as torch needs to load; so what it
    says is kept under the home until a file of the packs changes.

    Raises:
        SystemFault: SY-003, the packs cannot be loaded (torch is missing, say).
    """
    info = running_stack(settings)
    if info is not None:
        with Bridge(info.url, home=settings.home) as bridge:
            return bridge.list_node_types()
    kept = settings.home / "cache" / f"catalogue-{_identity(settings)}.json"
    if (catalogue := _read(kept)) is None:
        catalogue = _ask_packs(settings)
        _keep(catalogue, kept)
    return catalogue


def pack_faults(settings: Settings, packs_dir: Path | None = None) -> list[PackFault]:
    """What is wrong with installed packs, each looked at and imported in a process of its own.

    Args:
        packs_dir: holds other packs than those that are installed.

    Raises:
        SystemFault: SY-003, not even the bundled packs can be loaded.
    """
    folder = packs_dir or settings.packs_dir
    faults = [PackFault(**fault) for fault in json.loads(_ask_worker(settings, "--faults", packs_dir))]
    unread = {fault.pack: fault for fault in environments_in(folder)[1]}
    for pack in installed(folder):
        if is_isolated(pack):
            found = _fault_in(pack) or unread.get(pack.name)
            faults += [found] if found is not None else []
    return sorted(faults, key=lambda fault: fault.pack)


def _fault_in(folder: Path) -> PackFault | None:
    """What is wrong with a pack in its own environment."""
    command = [sys.executable, "-m", _ENTER, str(folder), "--faults"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return next((PackFault(**fault) for fault in json.loads(done.stdout)), None)
    said = done.stderr.strip().splitlines()[-1:] or [f"its worker exited with status {done.returncode}"]
    return PackFault(folder.name, said[0])


def _identity(settings: Settings) -> str:
    """A hash of everything that decides what the packs declare."""
    spec = find_spec(_PACKS)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    # An environment may have thousands of files, and the lock has their hashes.
    folders += [settings.packs_dir, *(folder for folder in installed(settings.packs_dir) if not is_isolated(folder))]
    digest = hashlib.sha256(f"{__version__} {settings.debug_nodes} {sys.version}".encode())
    digest.update(Path(nodespec.__file__).read_bytes())
    for folder in folders:
        packs = folder == settings.packs_dir
        for path in sorted(folder.glob(f"*/{LOCK}") if packs else folder.rglob("*.py")):
            digest.update(f"\0{path.relative_to(folder)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _ask_packs(settings: Settings) -> Catalogue:
    base = Catalogue.from_list(json.loads(_ask_worker(settings, "--catalogue")))
    isolated = [spec for each in environments_in(settings.packs_dir)[0].values() for spec in each.catalogue.all()]
    return Catalogue((*isolated, *base.all()))


def _ask_worker(settings: Settings, question: str, packs_dir: Path | None = None) -> str:
    command = [sys.executable, "-m", _PACKS, question, "--packs", str(packs_dir or settings.packs_dir)]
    command += ["--debug"] if settings.debug_nodes else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise SystemFault("SY-003", f"the node packs cannot be loaded: {last[0]}")
    return done.stdout


def _read(path: Path) -> Catalogue | None:
    try:
        return Catalogue.from_list(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, ValidationError):
        return None  # none is kept, or what is kept is damaged


def _keep(catalogue: Catalogue, path: Path) -> None:
    """Only a convenience: a home that cannot be written to is no failure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("catalogue-*.json"):
            old.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".new", delete=False, encoding="utf-8") as draft:
            json.dump(catalogue.to_list(), draft)
        os.replace(draft.name, path)
    except OSError as error:
        logger.debug("the catalogue is not kept at %s: %s", path, error)
