"""The folders below which nodes may read, and opening files there so that nobody swaps them in between."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.settings import Settings

#: What the kernel shows as files there are its own affairs, other processes' secrets and the arena.
_SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev")))


@dataclass(frozen=True, slots=True)
class FileRoots:
    """Permitted folders. All are absolute, without links; of those above a file the deepest decides.

    A path is taken without its `..` first, as text; then links are followed, as
    far as they stay within the folders. Refusals (WK-012) do not tell whether
    there is such a file.
    """

    #: What is below may be read.
    open: tuple[Path, ...]
    #: What is below may not; a folder that is named twice is closed.
    closed: tuple[Path, ...] = ()
    #: Where relative paths start.
    base: Path = Path("/")

    def absolute(self, path: str | os.PathLike[str]) -> Path:
        """The path without `..`, from `base`; WK-012 where its text leads out of the folders."""
        found = Path(os.path.normpath(self.base / path))
        if not self.holds(found):
            raise _outside(path)
        return found

    def holds(self, path: Path) -> bool:
        """Whether a path that has no `..` and no links is below a permitted folder."""
        above = {path, *path.parents}
        opened = max((len(root.parts) for root in self.open if root in above), default=0)
        return opened > max((len(root.parts) for root in self.closed if root in above), default=0)

    def check(self, path: str | os.PathLike[str]) -> Path:
        """The path, absolute and without `..`, of something that need not exist nor be a file.

        Raises:
            WorkerError: WK-012, it lies outside, or a link on its way leads there.
        """
        found = self.absolute(path)
        if not self.holds(Path(os.path.realpath(found))):
            raise _outside(path)
        return found

    def open_file(self, path: str | os.PathLike[str]) -> BufferedReader:
        """Open a regular file to read from it; what was checked is what is open, whoever changes links meanwhile.

        Raises:
            WorkerError: WK-012, it lies outside, or a link on its way leads there.
            OSError: it is not there, cannot be read, or is no regular file (a pipe would be waited for, a device
                never ends); `IsADirectoryError` for a folder.
        """
        with self._found(path) as (descriptor, mode):
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
            try:
                # The very file that was checked: this path leads to it, not to its name.
                return open(f"/proc/self/fd/{descriptor}", "rb")
            except OSError as error:
                raise OSError(error.errno, error.strerror, os.fspath(path)) from None

    @contextlib.contextmanager
    def _found(self, path: str | os.PathLike[str]) -> Iterator[tuple[int, int]]:
        """Descriptor that stands for a permitted file without having it open, and its mode."""
        given = os.fspath(path)
        if "\0" in given:
            raise OSError(errno.EINVAL, "a path has no NUL", given)
        found = self.absolute(given)
        try:
            # A plain open would wait for a pipe's other end, and wake a device up.
            descriptor = os.open(found, os.O_PATH | os.O_CLOEXEC)
        except OSError as error:
            if not self.holds(Path(os.path.realpath(found))):
                raise _outside(given) from None
            raise OSError(error.errno, error.strerror, given) from None
        try:
            if not self.holds(Path(os.readlink(f"/proc/self/fd/{descriptor}"))):
                raise _outside(given)
            yield descriptor, os.fstat(descriptor).st_mode
        finally:
            os.close(descriptor)


#: For those who have not been told.
NOWHERE = FileRoots(())
#: For people's own files in their own processes.
ANYWHERE = FileRoots((Path("/"),))


def roots_of(settings: Settings) -> FileRoots:
    """What nodes of this stack may read.

    Uploads, outputs, the folder in which the stack was started unless that is
    `/`, which no one means, and what `VORTEX_FILE_ROOTS` names. The rest of the
    home holds the stack's own secrets, and stays closed.
    """
    start = (settings.start_dir or Path.cwd()).resolve()
    named = tuple(root.resolve() for root in settings.file_roots)
    own = (settings.file_dir.resolve(), settings.output_dir.resolve())
    started = () if start == Path("/") else (start,)
    opened = tuple(dict.fromkeys((*own, *started, *named)))
    return FileRoots(opened, (*_SYSTEM, settings.home.resolve()), start)


def _outside(path: str | os.PathLike[str]) -> WorkerError:
    return WorkerError("WK-012", f"{os.fspath(path)!r} is not in a folder from which nodes may read")
