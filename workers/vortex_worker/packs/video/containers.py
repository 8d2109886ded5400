"""Opening film files that may be anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vortex_worker.sdk import open_input

#: Playlists (hls, concat, dash) are no films: they open other files and addresses, past all that is permitted.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,mpegts,mpeg,flv,gif,asf,nut,ivf,mpegvideo,h264,hevc"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The `av` container of a file.

    Raises:
        ValueError: it is no film, or is damaged where it was read.
    """
    import av

    with open_input(path) as file:
        try:
            options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
            with av.open(file, options=options) as container:
                yield container
        except (av.FFmpegError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is no film that can be read: {error}") from error


def video_stream(container: Any, path: Path) -> Any:
    """Its first stream of pictures; ValueError if it has none."""
    if not container.streams.video:
        raise ValueError(f"{path} has no pictures")
    stream = container.streams.video[0]
    # One thread: workers share the machine's processors, and results are the same either way.
    stream.codec_context.thread_count = 1
    return stream
