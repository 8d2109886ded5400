"""Files that are either whole or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from vortex_prefect.core.errors import SystemFault

DRAFT_PREFIX = ".draft-"


class Draft:
    """A file of `folder` that nobody sees before it is published. All methods block.

    Raises:
        SystemFault: SY-006 from every method: the disk is full or may not be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._translated():
            folder.mkdir(parents=True, exist_ok=True)
            # It outlives this call and is closed by `discard`.
            self._file = tempfile.NamedTemporaryFile(dir=folder, prefix=DRAFT_PREFIX, delete=False)  # noqa: SIM115

    def write(self, data: bytes) -> None:
        """Append to the content."""
        with self._translated():
            self._file.write(data)

    def reader(self) -> BinaryIO:
        """The content so far, to read; the caller closes it."""
        with self._translated():
            self._file.flush()
            return open(self._file.name, "rb")

    def publish(self, path: Path) -> None:
        """Make the content durable and give it its name, replacing what stood there."""
        with self._translated():
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._file.name, path)

    def discard(self) -> None:
        """Close; what was not published disappears."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            os.unlink(self._file.name)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SystemFault("SY-006", f"cannot write to {self._folder}: {error.strerror or error}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` under `path`, making its folder where needed. Blocks; SY-006 as `Draft`."""
    draft = Draft(path.parent)
    try:
        draft.write(data)
        draft.publish(path)
    finally:
        draft.discard()
