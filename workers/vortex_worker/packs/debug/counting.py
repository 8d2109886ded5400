"""How often something really ran on this host: one byte in a file for each time.

Appending one byte is atomic among processes and survives the death of any of
them. Loads no torch, so that the control plane may read what workers counted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def count_path(state_dir: Path, tag: str) -> Path:
    """The file that counts a tag, whatever characters the tag has."""
    return state_dir / hashlib.sha256(tag.encode()).hexdigest()


def read_count(state_dir: Path, tag: str) -> int:
    """How often that tag was counted; 0 if never."""
    try:
        return count_path(state_dir, tag).stat().st_size
    except FileNotFoundError:
        return 0


def add_count(state_dir: Path, tag: str) -> int:
    """Count that tag once more, and return how often it was counted by now."""
    descriptor = os.open(count_path(state_dir, tag), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b".")
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
