"""Packs that people installed: each is looked at before it is imported, and one that fails costs only itself."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.files.environments import is_isolated
from vortex_prefect.files.packs import Manifest, PackFault, check_lock, installed, locked_manifest, unusable
from vortex_worker.sdk.declare import NodeType, nodes_of


def load_external(packs_dir: Path, taken: Iterable[str]) -> tuple[list[NodeType], list[PackFault]]:
    """The node types of all packs below a folder, and what is wrong with those that give none.

    A pack's types begin with its name, so that none can take another's; nor can its
    Python package be called as one that is loaded already. Packs that have an
    environment of their own are left to the workers there.

    Args:
        taken: types that are there already.
    """
    types = set(taken)
    nodes: list[NodeType] = []
    faults: list[PackFault] = []
    for folder in installed(packs_dir):
        if is_isolated(folder):
            continue
        found, fault = _tried(folder, types, locked=True)
        nodes += found
        types |= {node.spec.type for node in found}
        faults += [fault] if fault is not None else []
    return nodes, faults


def load_isolated(folder: Path) -> tuple[list[NodeType], list[PackFault]]:
    """The node types of the pack whose environment this is, or what is wrong with it.

    Its files were looked at before this interpreter was started.
    """
    found, fault = _tried(folder, set(), locked=False)
    return found, [fault] if fault is not None else []


def _tried(folder: Path, taken: set[str], *, locked: bool) -> tuple[list[NodeType], PackFault | None]:
    name = folder.name
    try:
        manifest = check_lock(folder) if locked else locked_manifest(folder)
        name = manifest.name
        return _loaded(folder, manifest, taken), None
    except SystemFault as fault:
        return [], PackFault(name, fault.message)
    except BaseException as error:  # a pack may raise what it likes, and also exit
        if isinstance(error, KeyboardInterrupt):
            raise
        return [], PackFault(name, f"pack {name}: {_last_line_of(error)}")


def _loaded(folder: Path, manifest: Manifest, taken: set[str]) -> list[NodeType]:
    if manifest.module in sys.modules or _is_known(manifest.module):
        raise unusable(manifest.name, f"its package {manifest.module} is called as another that is installed")
    sys.path.append(str(folder))
    # What was checked is what is run: no compiled files are made beside it, and none are read from there.
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        importlib.invalidate_caches()
        module = importlib.import_module(manifest.module)
        found = list(module.load() if hasattr(module, "load") else nodes_of([module]))
    except BaseException:
        sys.path.remove(str(folder))
        _forget(manifest.module)
        raise
    finally:
        sys.dont_write_bytecode = kept
    for node in found:
        if not isinstance(node, NodeType):
            raise unusable(manifest.name, f"load() gives {type(node).__name__}, not node types")
        if node.spec.type.partition(".")[0] != manifest.name:
            raise unusable(manifest.name, f"its node {node.spec.type} does not begin with {manifest.name}.")
        if node.spec.type in taken:
            raise unusable(manifest.name, f"there is a node {node.spec.type} already")
    return [_of_revision(node, manifest.revision) for node in found]


def _of_revision(node: NodeType, revision: str) -> NodeType:
    return replace(node, spec=node.spec.model_copy(update={"revision": revision})) if revision else node


def _is_known(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _forget(module: str) -> None:
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        del sys.modules[name]


def _last_line_of(error: BaseException) -> str:
    """What it was, and the line of the pack's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
