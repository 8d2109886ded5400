"""Input files of nodes: below the folders that the stack permits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from vortex_prefect.files.identity import FileIdentities
from vortex_prefect.files.roots import ANYWHERE, FileRoots

#: Outside a worker a node is an ordinary function, of whoever calls it.
_roots = ANYWHERE
_identities = FileIdentities(ANYWHERE)


def permit(roots: FileRoots) -> None:
    """From now on only files below `roots` are opened by nodes of this process. For the worker."""
    global _roots, _identities
    _roots, _identities = roots, FileIdentities(roots)


def open_input(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file that a parameter, an edge or another file names, to read bytes from it.

    Prefer it to `open`: between the check and the reading nobody can put a link in its place.

    Raises:
        WorkerError: WK-012, it is outside the folders that the stack permits.
        OSError: it is not there, cannot be read, or is no regular file.
    """
    return _roots.open_file(path)


def check_input(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a file or a folder that may be read, whether or not it exists; WK-012 otherwise.

    Every parameter of type PATH has been checked so before the node gets it.
    """
    return _roots.check(path)


def input_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content in hexadecimal digits; one that nobody touched since is not read again.

    Raises:
        WorkerError: WK-012, it is outside the folders that the stack permits.
        OSError: it is not there, cannot be read, or is no regular file.
    """
    return _identities(os.fspath(path))
