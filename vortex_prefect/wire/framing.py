"""Frames: a 4-byte little-endian length, then that many bytes."""

from __future__ import annotations

import struct

from vortex_prefect.core.errors import WorkerError

#: A control packet carries references and small values; what is longer is not one.
MAX_FRAME_BYTES = 16 << 20

_LENGTH = struct.Struct("<I")
PREFIX_BYTES = _LENGTH.size


def frame(body: bytes) -> bytes:
    """`body` with its length before it.

    Raises:
        WorkerError: WK-010, longer than a frame may be.
    """
    if len(body) > MAX_FRAME_BYTES:
        raise WorkerError("WK-010", f"a packet of {len(body)} bytes is above the limit of {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames, however it was chopped up on its way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def take(self, data: memoryview) -> bytes | None:
        """`feed`, then `next`; without a copy more where `data` is one whole frame, as it nearly always is."""
        if not self._buffer and len(data) >= PREFIX_BYTES:
            (length,) = _LENGTH.unpack_from(data)
            if length + PREFIX_BYTES == len(data) and length <= MAX_FRAME_BYTES:
                return bytes(data[PREFIX_BYTES:])
        self._buffer += data
        return self.next()

    def next(self) -> bytes | None:
        """The body of the next frame, or null until more bytes come.

        Raises:
            WorkerError: WK-010, the announced length is above the limit.
        """
        if len(self._buffer) < PREFIX_BYTES:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_FRAME_BYTES:
            raise WorkerError("WK-010", f"a frame announces {length} bytes, above the limit of {MAX_FRAME_BYTES}")
        end = PREFIX_BYTES + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[PREFIX_BYTES:end])
        del self._buffer[:end]
        return body

    @property
    def pending(self) -> bool:
        """Whether part of a frame has come and the rest has not."""
        return bool(self._buffer)
