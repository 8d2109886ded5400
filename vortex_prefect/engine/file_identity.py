"""Identity of a file's content."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_identity(path: str) -> str:
    """SHA-256 of a file's content.

    Raises:
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
