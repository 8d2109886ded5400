"""Choices that are read off bytes, so that whoever makes up the bytes makes the choices."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

_LENGTH = struct.Struct("<H")
_WORD = struct.Struct("<Q")
_FLOAT = struct.Struct("<f")

#: Numbers at which something may turn over.
_EDGES = (
    0, 1, 63, 64, 65, 4095, 4096, 4097, (1 << 16) - 1, (1 << 24) - 1, (1 << 24) + 1, (1 << 31) - 1, 1 << 31,
    (1 << 32) - 1, 1 << 32, (1 << 53) + 1, (1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1,
)  # fmt: skip
_STRANGE_FRACTIONS = (0.0, 0.5, 1.0, -0.0, -1.0, 2.0, math.nan, math.inf, -math.inf, 3e38, 1e-40)
_STRANGE_TEXTS = ("", "a", "a\0b", "ä" * 9, "\N{SNOWMAN}", "x" * 5000, "WK-010", "-1", "../..", "\U0001f600")
_STRANGE_JSON = (
    b"null", b"1", b"[]", b"{}", b'"\\ud800"', b"NaN", b"-Infinity", b"1e999", b"18446744073709551616",
    b'{"a":[1,{"b":null}]}', b"[" * 70 + b"]" * 70, b"", b"{", b"\xff\xfe", b"\xed\xa0\x80", b"9" * 5000, b"[5]",
)  # fmt: skip


class Dice:
    """Reads choices from bytes; once they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> bool:
        """Whether there is a choice left to read."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """So many bytes, with zeros for those that are missing."""
        found = self._data[self._at : self._at + count]
        self._at += count
        return found.ljust(count, b"\0")

    def chance(self) -> bool:
        """Yes or no."""
        return self.byte() & 1 == 1

    def pick(self, among: Sequence[T]) -> T:
        """One of several."""
        return among[self.byte() % len(among)]

    def number(self) -> int:
        """0 to 2⁶⁴−1: mostly small, or at an edge, or any."""
        kind = self.byte()
        if kind < 128:
            return kind
        if kind < 224:
            return _EDGES[kind % len(_EDGES)]
        found: int = _WORD.unpack(self.take(8))[0]
        return found

    def u32(self) -> int:
        """As `number`, in 32 bits."""
        return self.number() & 0xFFFF_FFFF

    def i64(self) -> int:
        """As `number`, with a sign."""
        found = self.number()
        return found - (1 << 64) if found >> 63 else found

    def fraction(self) -> float:
        """A number of 32 bits, perhaps none."""
        kind = self.byte()
        if kind < 128:
            return _STRANGE_FRACTIONS[kind % len(_STRANGE_FRACTIONS)]
        found: float = _FLOAT.unpack(self.take(4))[0]
        return found

    def blob(self) -> bytes:
        """Bytes of any length up to what is left."""
        (length,) = _LENGTH.unpack(self.take(2))
        found = self._data[self._at : self._at + length]
        self._at += length
        return found

    def text(self, known: Sequence[str] = ()) -> str:
        """A text: one that means something, a strange one, or any."""
        kind = self.byte()
        if known and kind < 128:
            return known[kind % len(known)]
        if kind < 224:
            return _STRANGE_TEXTS[kind % len(_STRANGE_TEXTS)]
        return self.take(self.byte() & 31).decode("utf-8", "replace")

    def json(self) -> bytes:
        """What may be JSON."""
        kind = self.byte()
        return _STRANGE_JSON[kind % len(_STRANGE_JSON)] if kind < 192 else self.blob()

    def some(self, make: Any, most: int = 3) -> list[Any]:
        """A few things, each made by `make`."""
        return [make() for _ in range(self.byte() % (most + 1))]
