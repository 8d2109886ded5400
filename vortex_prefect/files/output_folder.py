"""Writing below one folder, whatever the name says and whichever links lie there."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_below(folder: Path, name: str, data: bytes, *, overwrite: bool = False) -> Path:
    """Write a file named `name`, relative to `folder`; folders on its way are made. Its path.

    Without `overwrite`, a file of that name stays, and the new one gets a
    number. With it, readers see the old file or the new one, never half of it.

    Raises:
        ValueError: the name leads out of the folder, as text or by a link.
        OSError: it cannot be written; nothing is left of it.
    """
    parts = _parts(folder, name)
    with _opened(folder, parts[:-1], name) as descriptor:
        place = folder.joinpath(*parts[:-1])
        if overwrite:
            draft = f".{uuid.uuid4().hex}"
            _write(descriptor, draft, data)
            try:
                os.replace(draft, parts[-1], src_dir_fd=descriptor, dst_dir_fd=descriptor)
            except OSError:
                os.unlink(draft, dir_fd=descriptor)
                raise
            return place / parts[-1]
        number, candidate = 1, place / parts[-1]
        while True:
            try:
                _write(descriptor, candidate.name, data)
            except FileExistsError:
                number += 1
                candidate = place / Path(parts[-1]).with_stem(f"{Path(parts[-1]).stem}_{number}")
            else:
                return candidate


def _parts(folder: Path, name: str) -> tuple[str, ...]:
    """The steps from the folder to the file."""
    path = os.path.normpath(PurePosixPath(folder, name))
    parts = PurePosixPath(os.path.relpath(path, folder)).parts
    if "\0" in name or not parts or parts[0] == "..":
        raise _leads_out(name)
    return parts


@contextlib.contextmanager
def _opened(folder: Path, steps: tuple[str, ...], name: str) -> Iterator[int]:
    """A descriptor of the folder at the end of the steps, none of which is a link."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, _FOLDER)
    try:
        for step in steps:
            with contextlib.suppress(FileExistsError):
                os.mkdir(step, dir_fd=descriptor)
            try:
                inner = os.open(step, _FOLDER, dir_fd=descriptor)
            except OSError as error:
                # Of a link, Linux says that it is no folder.
                if error.errno in (errno.ELOOP, errno.ENOTDIR):
                    raise _leads_out(name) from None
                raise
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _write(folder: int, name: str, data: bytes) -> None:
    with open(os.open(name, _NEW, 0o666, dir_fd=folder), "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            os.unlink(name, dir_fd=folder)
            raise


def _leads_out(name: str) -> ValueError:
    return ValueError(f"filename {name!r} does not stay within the output folder")
