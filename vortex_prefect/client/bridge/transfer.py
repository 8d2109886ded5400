"""Files on their way: what is uploaded, and where a download goes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, RawIOBase, UnsupportedOperation
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.core.ids import new_id

#: Told how many bytes have gone, and how many there are, or null where that is not known.
OnTransfer = Callable[[int, int | None], None]
#: What can be uploaded: a file's path, its content, or a binary stream that is read from where it stands.
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form: opened anew for each try, read as the peer takes it, never whole in memory.

    Attributes:
        start: where a stream stood before the first try; null for one that cannot be rewound.
    """

    source: Source
    name: str
    on_progress: OnTransfer | None = None
    start: int | None = None

    @classmethod
    def of(cls, source: Source, name: str | None, on_progress: OnTransfer | None) -> Upload:
        """The upload of a source, under its own name if none is given.

        Raises:
            RequestError: RQ-001, there is no file, or it cannot be read.
        """
        if isinstance(source, str | os.PathLike):
            path = Path(source)
            if not path.is_file():
                raise RequestError("RQ-001", f"there is no file {path}", "Check the path.")
            return cls(path, name or path.name, on_progress)
        if isinstance(source, bytes | bytearray | memoryview):
            return cls(source, name or "file", on_progress)
        known = getattr(source, "name", None)
        usual = Path(known).name if isinstance(known, str) and known else "file"
        return cls(source, name or usual, on_progress, source.tell() if source.seekable() else None)

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent a second time."""
        return self.start is not None or not hasattr(self.source, "read")

    @contextlib.contextmanager
    def opened(self) -> Iterator[Counted]:
        """The content from its start. A caller's own stream stays open.

        Raises:
            RequestError: RQ-001, the file cannot be read.
        """
        if isinstance(self.source, bytes | bytearray | memoryview):
            yield Counted(BytesIO(self.source), memoryview(self.source).nbytes, self.on_progress)
        elif isinstance(self.source, str | os.PathLike):
            try:
                file: BinaryIO = open(self.source, "rb")  # noqa: SIM115 - closed below
            except OSError as error:
                message = f"cannot read {self.source}: {error.strerror}"
                raise RequestError("RQ-001", message, "Check the path.") from error
            with file:
                yield Counted(file, os.fstat(file.fileno()).st_size, self.on_progress)
        else:
            size = None
            if self.start is not None:
                size = self.source.seek(0, os.SEEK_END) - self.start
                self.source.seek(self.start)
            yield Counted(self.source, size, self.on_progress)


class Counted(RawIOBase):
    """A stream that tells how much of it was read; a form asks for its length by going to its end and back."""

    def __init__(self, stream: BinaryIO, size: int | None, on_progress: OnTransfer | None) -> None:
        self._stream = stream
        self._size = size
        self._on_progress = on_progress
        self._sent = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        if data and self._on_progress is not None:
            self._sent += len(data)
            self._on_progress(self._sent, self._size)
        return data

    def tell(self) -> int:
        return 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if self._size is None:
            raise UnsupportedOperation("the length is not known")
        return self._size if whence == os.SEEK_END else offset


class Sink(Protocol):
    """Takes the body of an answer: `write` for each part of it, then `finish`; `close` in any case."""

    def begin(self, size: int | None) -> None:
        """A body of `size` bytes follows, or of unknown length; what an earlier try gave is forgotten."""

    def write(self, data: bytes) -> None:
        """The next part."""

    def finish(self) -> None:
        """That was all."""

    def close(self) -> None:
        """Leave nothing half done behind."""


class FileSink:
    """A file that is there whole or not at all.

    Args:
        path: where it goes; a file that is there is replaced.
        sha256: what its content has to be, in hexadecimal digits; null for anything.

    Raises:
        SystemFault: SY-006, the file cannot be written; SY-007, the content is another.
    """

    def __init__(
        self, path: str | os.PathLike[str], on_progress: OnTransfer | None = None, sha256: str | None = None
    ) -> None:
        self._path = Path(path)
        self._on_progress = on_progress
        self._wanted = sha256
        self._draft: IO[bytes] | None = None
        self._draft_path = self._path
        self._digest = hashlib.sha256()
        self._size: int | None = None
        self._taken = 0

    def begin(self, size: int | None) -> None:
        self.close()
        self._size, self._taken, self._digest = size, 0, hashlib.sha256()
        with self._writing():
            draft = self._path.parent / f".{new_id()}.part"
            self._draft = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb")
            self._draft_path = draft

    def write(self, data: bytes) -> None:
        with self._writing() as draft:
            draft.write(data)
        self._taken += len(data)
        if self._wanted is not None:
            self._digest.update(data)
        if self._on_progress is not None:
            self._on_progress(self._taken, self._size)

    def finish(self) -> None:
        if self._wanted is not None and self._digest.hexdigest() != self._wanted.lower():
            raise SystemFault("SY-007", f"what came is not the file {self._wanted}", "Upload the file again.")
        with self._writing() as draft:
            draft.close()
            os.replace(self._draft_path, self._path)
            self._draft = None

    def close(self) -> None:
        if self._draft is not None:
            with contextlib.suppress(OSError):  # what a full disk has not taken
                self._draft.close()
            with contextlib.suppress(OSError):
                self._draft_path.unlink()
            self._draft = None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[IO[bytes]]:
        try:
            yield self._draft  # type: ignore[misc]
        except OSError as error:
            message = f"cannot write {self._path}: {error.strerror}"
            raise SystemFault("SY-006", message, "Check the folder, its rights, and the room on the disk.") from error
