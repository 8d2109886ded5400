"""`vortex nodes dev`: a pack that somebody works on, taken up whenever one of its files changes."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.cli.pack_environment import Libraries
from vortex_prefect.cli.pack_source import Source
from vortex_prefect.cli.packs import lock_up, swap_in
from vortex_prefect.client import Bridge
from vortex_prefect.client.bridge.answers import NodesReloaded
from vortex_prefect.client.catalogue import pack_faults
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.packs import PASSED_OVER, Manifest, Origin, PackFault, unusable

#: Between looks at the files; of a few dozen a look takes a millisecond.
_LOOK_S = 0.3
_LONGEST_REASON = 2000

#: Path → what changes when the file does.
_Seen = dict[str, tuple[int, int, int]]


def develop(settings: Settings, source: Path, console: Console, pause: Callable[[float], None] = time.sleep) -> None:
    """Take the pack up, then again after each change of its files, until interrupted.

    What cannot be used replaces nothing: it is told here and in the editors that are open.

    Args:
        source: a folder that holds the pack's package, as `vortex nodes install` takes it.
        pause: waits between looks; what it raises ends this.
    """
    settings.packs_dir.mkdir(parents=True, exist_ok=True)
    taken_up: _Seen | None = None
    while True:
        seen = _look(source)
        if seen != taken_up:
            # Whoever saves several files, or a long one, is let end.
            pause(_LOOK_S)
            if _look(source) != seen:
                continue
            taken_up = seen
            _take_up(settings, source, console)
        pause(_LOOK_S)


def _take_up(settings: Settings, source: Path, console: Console) -> None:
    try:
        manifest = _put_in_place(settings, source)
    except SystemFault as fault:
        console.print(f"[red]{source.name}[/red] stays as it was: {_tell(settings, source.name, fault)}")
        console.print(f"  {fault.message}", highlight=False, markup=False)
        return
    try:
        told = _reload(settings)
    except VortexError as error:
        told = f"the stack does not take it up: {error.message}"
    console.print(f"[green]{manifest.name} {manifest.version}[/green] was taken up: {told}", highlight=False)


def _put_in_place(settings: Settings, source: Path) -> Manifest:
    """Install what lies in the folder, if it can be imported.

    Raises:
        SystemFault: SY-003, it cannot.
    """
    # Within the folder of packs, so that one step puts it in place.
    with tempfile.TemporaryDirectory(prefix=".dev-", dir=settings.packs_dir) as drafts:
        draft = Path(drafts) / "draft"
        draft.mkdir()
        origin = Origin(str(source.resolve()), development=True)
        manifest, requirements = Source(source, origin).put_into(draft)
        draft, target = draft.rename(Path(drafts) / manifest.name), settings.packs_dir / manifest.name
        environment, wrong = lock_up(draft, target, manifest, requirements, origin, Libraries(), reuse=True)
        if environment is None:
            wrong = next((fault.message for fault in pack_faults(settings, Path(drafts))), None)
        if wrong is not None:
            raise SystemFault("SY-003", wrong, "Mend it and save it again.")
        swap_in(draft, target)
    return manifest


def _reload(settings: Settings, fault: PackFault | None = None) -> str:
    """Have the stack take up what is installed, or tell its editors of a fault; what came of it, for people."""
    info = running_stack(settings)
    if info is None:
        return "no stack runs now"
    with Bridge(info.url, home=settings.home) as bridge:
        change = bridge.reload_nodes(fault.to_dict() if fault else None)
    return _words(change) if fault is None else "editors show why"


def _tell(settings: Settings, pack: str, fault: SystemFault) -> str:
    try:
        return _reload(settings, PackFault(pack, fault.message[:_LONGEST_REASON]))
    except VortexError as error:
        return f"editors do not hear of it ({error.message})"


def _words(change: NodesReloaded) -> str:
    marks = [(change.added, "new"), (change.removed, "gone"), (change.changed, "changed")]
    return "; ".join(f"{word}: {', '.join(types)}" for types, word in marks if types) or "no node type differs"


def _look(source: Path) -> _Seen:
    seen: _Seen = {}
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if name not in PASSED_OVER and not name.startswith(".")]
        for name in files:
            path = os.path.join(folder, name)
            try:
                found = os.stat(path)
            except OSError:
                continue  # it was just removed
            seen[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
    if not seen and not source.is_dir():
        raise unusable(source.name, "its folder is gone")
    return seen
