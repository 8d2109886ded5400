"""Uploaded inputs: content-addressed files, one under each SHA-256."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.files.content import (
    HEAD_BYTES,
    media_type_of,
    refusal_of_content,
    refusal_of_head,
    refusal_of_name,
)
from vortex_prefect.service.atomic import DRAFT_PREFIX, Draft
from vortex_prefect.service.pace import Pace, paced

_SHA256 = re.compile(r"[0-9a-f]{64}")

#: Bytes gathered before a thread writes them: a hop to a thread costs about 100 µs.
_BATCH_BYTES = 1 << 20
#: What a form is longer than its file.
_FORM_BYTES = 64 << 10

#: Name and media type of a file as its sender tells them, once its content has begun.
Label = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was taken in; `path` is what a node's PATH parameter takes."""

    sha256: str
    size_bytes: int
    path: Path
    #: As the content says.
    media_type: str


class Files:
    """The folder of uploaded files."""

    def __init__(
        self, folder: Path, *, limit_bytes: int, at_once: int = 16, floor_bytes: int = 0, pace: Pace | None = None
    ) -> None:
        """See `Settings.upload_bytes`, `uploads` and `disk_floor_bytes`."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._at_once = at_once
        self._floor_bytes = floor_bytes
        self._pace = pace or Pace()
        self._arriving = 0

    def tidy(self) -> None:
        """Remove what a bridge that was killed left half-written. Blocks; before anything arrives."""
        for draft in self._folder.glob(f"{DRAFT_PREFIX}*"):
            with contextlib.suppress(OSError):
                draft.unlink()

    async def save(
        self, chunks: AsyncIterator[bytes], label: Label = lambda: ("", ""), announced: int = 0
    ) -> StoredFile:
        """Store a stream; it appears under its hash once it is complete and has been looked at.

        Args:
            announced: bytes that the request says it has; 0 if it does not say.

        Raises:
            RequestError: RQ-005, longer than the limit; RQ-009, too many at once; RQ-001, it came too slowly, or
                is what is not taken in.
            SystemFault: SY-006, the disk is full or may not be written.
        """
        if announced > self._limit_bytes + _FORM_BYTES:
            raise self._too_long()
        with self._place():
            upload = _Upload(self._folder, label)
            try:
                await asyncio.to_thread(upload.begin)
                await asyncio.to_thread(self._check_room, announced)
                async for batch in _batches(paced(chunks, self._pace)):
                    if upload.size + len(batch) > self._limit_bytes:
                        raise self._too_long()
                    await asyncio.to_thread(self._take, upload, batch)
                return await asyncio.to_thread(upload.publish)
            finally:
                # Also where the sender is gone, and this task with it.
                await asyncio.shield(asyncio.to_thread(upload.end))

    async def find(self, sha256: str) -> Path:
        """Where the file with that hash lies.

        Raises:
            RequestError: RQ-002, there is none.
        """
        path = self._folder / sha256
        if _SHA256.fullmatch(sha256) is None or not await asyncio.to_thread(path.is_file):
            raise RequestError("RQ-002", f"no file {sha256}")
        return path

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._arriving >= self._at_once:
            raise RequestError("RQ-009", f"{self._arriving} files arrive already")
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def _take(self, upload: _Upload, batch: bytes) -> None:
        self._check_room(len(batch))
        upload.write(batch)

    def _check_room(self, wanted: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free - wanted < self._floor_bytes:
            raise SystemFault(
                "SY-006", f"the disk of {self._folder} has {free} bytes left, of which {self._floor_bytes} stay free"
            )

    def _too_long(self) -> RequestError:
        return RequestError(
            "RQ-005", f"the file is longer than {self._limit_bytes} bytes", "Raise VORTEX_UPLOAD_BYTES."
        )


class _Upload:
    """A file on its way. Its methods block; a thread may still be in one of them when its task was cancelled."""

    def __init__(self, folder: Path, label: Label) -> None:
        self.size = 0
        self._folder = folder
        self._label = label
        self._digest = hashlib.sha256()
        self._lock = threading.Lock()
        self._draft: Draft | None = None
        self._ended = False

    def begin(self) -> None:
        with self._lock:
            if not self._ended:
                self._draft = Draft(self._folder)

    def end(self) -> None:
        """Remove what was not published."""
        with self._lock:
            self._ended = True
            if self._draft is not None:
                self._draft.discard()

    def write(self, data: bytes) -> None:
        with self._lock:
            draft = self._open()
            if self.size == 0:  # a batch is longer than a head, unless the file is shorter
                _refuse(refusal_of_head(data[:HEAD_BYTES]))
            self.size += len(data)
            self._digest.update(data)
            draft.write(data)

    def publish(self) -> StoredFile:
        with self._lock:
            draft = self._open()
            sha256 = self._digest.hexdigest()
            path = self._folder / sha256
            with draft.reader() as file:
                media_type = media_type_of(file.read(HEAD_BYTES), self.size)
                file.seek(0)
                _refuse(refusal_of_name(*self._label(), media_type) or refusal_of_content(file, media_type))
            draft.publish(path)
            return StoredFile(sha256, self.size, path, media_type)

    def _open(self) -> Draft:
        if self._draft is None or self._ended:
            raise RequestError("RQ-001", "the upload has ended")
        return self._draft


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise RequestError("RQ-001", f"the file is not taken in: {reason}", "See docs/files.md for what is.")


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= _BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)
