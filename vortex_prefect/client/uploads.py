"""Input files that lie where the stack's nodes may not read: they are uploaded, and the upload is named instead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.roots import NOWHERE, FileRoots, roots_of


class _Place(NamedTuple):
    """Where a file is named."""

    holder: dict[str, Any]
    key: str


def upload_out_of_reach(
    upload: Callable[[Path], str],
    settings: Settings,
    document: dict[str, Any],
    values: dict[str, Any],
    catalogue: Catalogue,
) -> None:
    """Put uploads in the place of files that nodes of the running stack may not read.

    Files have to be absolute, and there. What was uploaded before is not sent again.

    Args:
        upload: gives a file to the bridge of the stack that runs with `settings.home`; its path there.
        values: of the graph's exposed inputs.

    Raises:
        VortexError: RQ-001 the bridge takes no file of this kind in, RQ-005 it is too long, SY-006 its disk is full.
    """
    roots, known = _roots(settings), dict[str, str]()
    for place in _places(document, values, catalogue):
        path = str(place.holder[place.key])
        if _is_out_of_reach(roots, path):
            if path not in known:
                known[path] = _uploaded(upload, settings, Path(path))
            place.holder[place.key] = known[path]


def _roots(settings: Settings) -> FileRoots:
    """What nodes of the stack may read, as it wrote down itself: it may have been started elsewhere, and otherwise."""
    info = running_stack(settings)
    if info is None:
        return NOWHERE
    named = tuple(map(Path, info.file_roots))
    return roots_of(replace(settings, start_dir=Path(info.start_dir or "/"), file_roots=named))


def _places(document: dict[str, Any], values: dict[str, Any], catalogue: Catalogue) -> Iterator[_Place]:
    for node in document["nodes"].values():
        for name in _file_params(node, catalogue):
            yield from _place(node.get("params", {}), name)
    for item in document.get("inputs", ()):
        node = document["nodes"].get(item["node"], {})
        if item["param"] in _file_params(node, catalogue):
            yield from _place(values, item["name"])


def _file_params(node: Mapping[str, Any], catalogue: Catalogue) -> tuple[str, ...]:
    spec = catalogue.get(node["type"]) if node else None
    return spec.files if spec is not None else ()


def _place(holder: dict[str, Any], key: str) -> Iterator[_Place]:
    if isinstance(holder.get(key), str) and Path(holder[key]).is_file():
        yield _Place(holder, key)


def _is_out_of_reach(roots: FileRoots, path: str) -> bool:
    try:
        roots.check(path)
    except VortexError:
        return True
    return False


def _uploaded(upload: Callable[[Path], str], settings: Settings, path: Path) -> str:
    with path.open("rb") as file:
        known = settings.file_dir / hashlib.file_digest(file, "sha256").hexdigest()
        if known.is_file():
            return str(known)
    try:
        return upload(path)
    except VortexError as error:
        raise type(error)(error.code, f"{path}: {error.message}", error.hint) from error
