"""Uploaded inputs: content-addressed files, one under each SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from vortex_prefect.core.errors import RequestError
from vortex_prefect.service.atomic import Draft

_SHA256 = re.compile(r"[0-9a-f]{64}")

#: Bytes gathered before a thread writes them: a hop to a thread costs about 100 µs.
_BATCH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was taken in; `path` is what a node's PATH parameter takes."""

    sha256: str
    size_bytes: int
    path: Path


class Files:
    """The folder of uploaded files."""

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    async def save(self, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Store a stream; it appears under its hash once it is complete.

        Raises:
            RequestError: RQ-005, longer than the limit.
            SystemFault: SY-006, the disk is full or may not be written.
        """
        upload = await asyncio.to_thread(_Upload, self._folder)
        try:
            async for batch in _batches(chunks):
                await asyncio.to_thread(upload.write, batch)
                if upload.size > self._limit_bytes:
                    raise RequestError("RQ-005", f"the file is longer than {self._limit_bytes} bytes")
            return await asyncio.to_thread(upload.publish)
        finally:
            await asyncio.to_thread(upload.draft.discard)

    async def find(self, sha256: str) -> Path:
        """Where the file with that hash lies.

        Raises:
            RequestError: RQ-002, there is none.
        """
        path = self._folder / sha256
        if _SHA256.fullmatch(sha256) is None or not await asyncio.to_thread(path.is_file):
            raise RequestError("RQ-002", f"no file {sha256}")
        return path


class _Upload:
    def __init__(self, folder: Path) -> None:
        self.draft = Draft(folder)
        self.size = 0
        self._folder = folder
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._digest.update(data)
        self.draft.write(data)

    def publish(self) -> StoredFile:
        sha256 = self._digest.hexdigest()
        path = self._folder / sha256
        self.draft.publish(path)
        return StoredFile(sha256, self.size, path)


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= _BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)
