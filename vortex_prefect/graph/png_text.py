"""Text that a PNG carries beside its picture. Source: PNG (W3C, third edition), §5.3 and §11.3.3."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from vortex_prefect.core.errors import GraphError

#: Under which a PNG carries a graph.
GRAPH = "vortex.graph"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_texts(content: bytes, most: int) -> dict[str, str]:
    """Keyword → text of all text chunks, compressed ones too; of two with one keyword the first.

    A file that is cut off gives what was before; a chunk that is none is passed over.

    Raises:
        GraphError: VE-012 for texts that are longer than `most` bytes together.
    """
    found: dict[str, str] = {}
    left = most
    for kind, data in _chunks(content):
        keyword, separator, rest = data.partition(b"\0")
        text = _TEXTS[kind](rest, left) if separator and kind in _TEXTS else None
        if text is None:
            continue
        left -= len(text)
        found.setdefault(keyword.decode("latin-1"), text.decode("latin-1" if kind != b"iTXt" else "utf-8", "replace"))
    return found


def graph_text(document: dict[str, Any]) -> str:
    """A graph's document in the form that a PNG carries."""
    return json.dumps(document, ensure_ascii=False)


def with_text(content: bytes, keyword: str, text: str) -> bytes:
    """The PNG with one more text, as an uncompressed iTXt chunk behind its header (which is 25 bytes long)."""
    data = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    chunk = (len(data) - 4).to_bytes(4) + data + zlib.crc32(data).to_bytes(4)
    at = len(SIGNATURE) + 25
    return content[:at] + chunk + content[at:]


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 8 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if kind in _TEXTS:
            yield kind, content[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def _plain(rest: bytes, most: int) -> bytes:
    if len(rest) > most:
        raise GraphError("VE-012", f"the picture's texts are longer than {most} bytes")
    return rest


def _inflated(rest: bytes, most: int) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(rest, most + 1)
    except zlib.error:
        return None
    return _plain(text, most)


def _compressed(rest: bytes, most: int) -> bytes | None:
    return _inflated(rest[1:], most) if rest[:1] == b"\0" else None


def _international(rest: bytes, most: int) -> bytes | None:
    flags, tail = rest[:2], rest[2:]
    parts = tail.split(b"\0", 2)
    if len(parts) < 3 or flags[1:] != b"\0":
        return None
    return _inflated(parts[2], most) if flags[0] == 1 else _plain(parts[2], most)


_TEXTS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
