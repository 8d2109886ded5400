from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.wire.framing import MAX_FRAME_BYTES, PREFIX_BYTES, FrameReader, frame


def _frames(reader: FrameReader) -> list[bytes]:
    return list(iter(reader.next, None))


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 2_500), max_size=12))
def test_any_chopping_gives_the_same_frames(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, bodies))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader, found = FrameReader(), []
    for start, end in pairwise(places):
        reader.feed(stream[start:end])
        found += _frames(reader)
    assert found == bodies
    assert not reader.pending


def test_a_frame_is_its_length_little_endian_and_the_body() -> None:
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"


def test_half_a_frame_is_pending() -> None:
    reader = FrameReader()
    reader.feed(frame(b"abc")[:-1])
    assert reader.next() is None
    assert reader.pending


def test_the_largest_frame_passes_and_one_byte_more_does_not() -> None:
    reader = FrameReader()
    reader.feed(frame(bytes(MAX_FRAME_BYTES)))
    assert len(reader.next() or b"") == MAX_FRAME_BYTES
    with pytest.raises(WorkerError, match="WK-010"):
        frame(bytes(MAX_FRAME_BYTES + 1))


@given(st.integers(MAX_FRAME_BYTES + 1, (1 << 32) - 1))
def test_an_announced_length_above_the_limit_is_refused_before_the_bytes_come(length: int) -> None:
    reader = FrameReader()
    reader.feed(length.to_bytes(PREFIX_BYTES, "little"))
    with pytest.raises(WorkerError, match="WK-010"):
        reader.next()
