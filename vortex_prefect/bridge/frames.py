"""WebSocket frames of the server (RFC 6455, 7692), made once for all clients: a server's frames carry no mask.

Only long texts are compressed. A progress message of 200 bytes gains nothing,
while a graph of 500 nodes shrinks from 50 kB to a tenth. Each message is
compressed by itself (`server_no_context_takeover`), so that one result serves
a whole room.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from isal import isal_zlib
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.typing import ExtensionParameter

#: Texts shorter than this travel as they are.
COMPRESS_FROM_BYTES = 16 << 10

_TEXT, _BINARY, _FIN, _RSV1 = 0x1, 0x2, 0x80, 0x40
#: The window of clients that name no smaller one.
_WINDOW_BITS = 15
#: ISA-L's levels are 0 to 3; 1 compresses several hundred megabytes a second.
_LEVEL = 1
#: What a sync flush ends with, and RFC 7692 leaves out.
_TAIL = b"\x00\x00\xff\xff"


def text_frame(text: bytes) -> bytes:
    """An unfragmented text frame."""
    return _frame(text, _FIN | _TEXT)


def deflated_frame(text: bytes) -> bytes:
    """The same, compressed without reference to any other message."""
    return _frame(_deflated(text), _FIN | _RSV1 | _TEXT)


def binary_frame(data: bytes, *, deflate: bool = False) -> bytes:
    """An unfragmented binary frame; with `deflate`, a long one is compressed."""
    if deflate and len(data) >= COMPRESS_FROM_BYTES:
        return _frame(_deflated(data), _FIN | _RSV1 | _BINARY)
    return _frame(data, _FIN | _BINARY)


def _deflated(data: bytes) -> bytes:
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -_WINDOW_BITS)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


def _frame(data: bytes, first: int) -> bytes:
    length = len(data)
    if length < 126:
        return struct.pack("!BB", first, length) + data
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length) + data
    return struct.pack("!BBQ", first, 127, length) + data


class MessageDeflate(PerMessageDeflate):
    """The negotiated extension: it reads what clients compress, and leaves what we send to `deflated_frame`."""

    def encode(self, frame: Frame) -> Frame:
        """As it is; RFC 7692 leaves it to the sender which messages are compressed."""
        return frame


class MessageDeflateFactory(ServerPerMessageDeflateFactory):
    """Accepts offers of permessage-deflate that allow a whole window and no memory between messages."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """See `ServerExtensionFactory`; a client that asks for a smaller window is served without compression."""
        answer, accepted = super().process_request_params(params, accepted_extensions)
        if accepted.local_max_window_bits < _WINDOW_BITS:
            raise NegotiationError("a smaller window than ours")
        return answer, MessageDeflate(
            accepted.remote_no_context_takeover,
            accepted.local_no_context_takeover,
            accepted.remote_max_window_bits,
            accepted.local_max_window_bits,
        )
