"""Outputs kept on disk under the hash of their content: what is there is not written again.

A kept output is a hard link to `<folder>/.contents/<2 digits>/<SHA-256>`, beside which a small JSON file says what it
is and who made it first. A content to which nothing else links belongs to nobody, and is removed by `tidy`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.service.atomic import write_atomically

_log = logging.getLogger(__name__)

FOLDER = ".contents"
_ABOUT = ".json"


class Contents:
    """The contents of one folder of outputs, on one file system. All methods block.

    Raises:
        SystemFault: SY-006 from every method: the disk is full or may not be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def keep(self, path: Path, data: bytes, about: dict[str, Any]) -> str:
        """Put `data` under `path`, making its folder where needed; its SHA-256 in hexadecimal digits.

        Args:
            about: JSON of what it is, stored with the content the first time.
        """
        digest = hashlib.sha256(data).hexdigest()
        content = self._folder / digest[:2] / digest
        if not content.is_file():
            write_atomically(content.with_name(digest + _ABOUT), json.dumps(about).encode())
            write_atomically(content, data)
        if not _linked(content, path):
            write_atomically(path, data)
        return digest

    def tidy(self) -> tuple[int, int]:
        """Remove contents that nothing links to; how many, and their bytes."""
        count = size = 0
        for content in self._all():
            with suppress(FileNotFoundError):
                found = content.stat()
                if found.st_nlink == 1:
                    content.unlink()
                    content.with_name(content.name + _ABOUT).unlink(missing_ok=True)
                    count, size = count + 1, size + found.st_size
        return count, size

    def _all(self) -> Iterator[Path]:
        for folder in self._folder.glob("??"):
            yield from (path for path in folder.iterdir() if path.suffix != _ABOUT and len(path.name) == 64)


def _linked(content: Path, path: Path) -> bool:
    """Give the content another name, in one step; false where the file system cannot."""
    draft = path.with_name(f".{path.name[:100]}.{os.getpid()}.link")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        os.link(content, draft)
        os.replace(draft, path)
    except OSError as error:
        if error.errno in _DISK:
            raise SystemFault("SY-006", f"cannot write to {path.parent}: {error.strerror or error}") from error
        _log.debug("%s is written again: %s", path, error)
        return False
    finally:
        # Where both are one file already, replacing leaves the draft.
        with suppress(OSError):
            draft.unlink()
    return True


#: No space, quota, read-only file system, no permission: writing it again would not help.
_DISK = (28, 122, 30, 13)
