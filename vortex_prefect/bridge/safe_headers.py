"""Serving bytes that somebody else made: no browser guesses their type, runs them, or reads them for another site."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from vortex_prefect.core.errors import RequestError, WorkerError
from vortex_prefect.files.roots import FileRoots

#: What a browser may show on this server's own origin; others are downloads, since they may hold scripts.
_SHOWN = frozenset({"application/json", "image/png", "image/jpeg", "image/webp", "image/gif"})
#: Characters of a name that are told; file systems take 255 bytes.
_NAME_LENGTH = 150


def safe_headers(media_type: str, name: str = "") -> dict[str, str]:
    """Headers for content of a type, to be saved under `name` where it is not shown."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    shown = media_type.partition(";")[0] in _SHOWN
    if name:
        headers["Content-Disposition"] = f"{'inline' if shown else 'attachment'}; {_filename(name)}"
    elif not shown:
        headers["Content-Disposition"] = "attachment"
    return headers


class SafeFileResponse(FileResponse):
    """A file below `folder`, which is opened when this is made: whoever puts another in its place changes nothing."""

    def __init__(self, path: Path, folder: Path, media_type: str, name: str = "") -> None:
        """Raises RequestError: RQ-006 it is gone, RQ-008 a link leads elsewhere."""
        self._file = _opened(path, folder)
        super().__init__(
            f"/proc/self/fd/{self._file.fileno()}",
            media_type=media_type,
            headers=safe_headers(media_type, name),
            stat_result=os.fstat(self._file.fileno()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close it."""
        with self._file:
            await super().__call__(scope, receive, send)


def _opened(path: Path, folder: Path) -> BinaryIO:
    try:
        return FileRoots((folder.resolve(),)).open_file(folder.resolve() / os.path.relpath(path, folder))
    except WorkerError:
        raise RequestError("RQ-008", "only files in the execution's own folder are served") from None
    except OSError:
        raise RequestError("RQ-006", f"the file {path.name} is gone") from None


def _filename(name: str) -> str:
    """Source: RFC 6266 §4.3 and appendix D, RFC 8187 §3.2."""
    base = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter for letter in base if unicodedata.category(letter)[0] != "C").strip(". ")[:_NAME_LENGTH]
    clean = clean or "file"
    plain = "".join(letter if letter.isascii() and letter not in '"%;' else "_" for letter in clean)
    return f'filename="{plain}"' + ("" if plain == clean else f"; filename*=UTF-8''{quote(clean, safe='')}")
