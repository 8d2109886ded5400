"""The inputs that are kept, a file each: what fuzzing found worth keeping, and what once broke something."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_HERE = Path(__file__).parent
#: Whoever adds to it shall think of those who clone it.
MOST_BYTES = 1 << 20


def corpus_of(target: str) -> Path:
    """Inputs that together reach all that is known to be reached."""
    return _HERE / "corpus" / target


def broken_by(target: str) -> Path:
    """Inputs for which there once was a defect."""
    return _HERE / "broken" / target


def kept(target: str) -> list[Path]:
    """All inputs of a target."""
    folders = (corpus_of(target), broken_by(target))
    return sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir())


def replace_corpus(target: str, inputs: Iterable[bytes]) -> None:
    """Keep these, each under its hash, and no others."""
    folder = corpus_of(target)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
