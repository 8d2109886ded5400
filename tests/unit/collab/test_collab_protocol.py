"""The y-websocket protocol's frames: what was written is read, and what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Decoder, Doc, create_sync_message, create_update_message

from tests.fakes.rooms import refusal
from vortex_prefect.collab import protocol
from vortex_prefect.collab.protocol import Asks, AsksWhoIsThere, Edits, Message, Reader, Shows, parse
from vortex_prefect.core.errors import RequestError


@given(st.binary(max_size=300))
def test_what_is_written_is_read(content: bytes) -> None:
    assert parse(protocol.asks(content)) == Asks(content)
    assert parse(protocol.answers(content)) == Edits(content, answer=True)
    assert parse(protocol.tells(content)) == Edits(content)
    assert parse(protocol.shows(content)) == Shows(content)


def test_frames_are_those_of_the_library() -> None:
    doc: Doc[Any] = Doc()
    assert protocol.asks(doc.get_state()) == create_sync_message(doc)
    assert protocol.tells(b"\x00\x00") == create_update_message(b"\x00\x00")


def test_who_asks_who_is_there() -> None:
    assert parse(b"\x03") == AsksWhoIsThere()


@given(st.integers(0, (1 << 53) - 1))
def test_numbers(value: int) -> None:
    written = protocol.number(value)
    assert Reader(written).number() == value
    assert Decoder(written).read_var_uint() == value


@pytest.mark.parametrize("text", ["", "a", "äöü €𝄞", "x" * 200])
def test_texts(text: str) -> None:
    reader = Reader(protocol.sized_text(text) + b"\x07")
    assert (reader.text(), reader.number()) == (text, 7)


#: Bytes that begin as frames do are rare among random ones.
likely = st.builds(
    lambda start, length, rest: start + protocol.number(length) + rest,
    st.sampled_from([b"", b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\x02", b"\x01", b"\x02\x00", b"\x03"]),
    st.integers(0, 1 << 60),
    st.binary(max_size=50),
)


@given(st.binary(max_size=100) | likely)
def test_any_bytes_are_a_message_or_refused(frame: bytes) -> None:
    found: list[Message] = []
    code = refusal(lambda: found.append(parse(frame)))
    assert (code, len(found)) in [("RQ-001", 0), (None, 1)]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\x00\x03\x00",
        b"\x02\x00\x01x",
        b"\x04",
        b"\x00\x02\x02x",
        b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
        b"\x01\x80\x80\x80\x80\x80\x80\x80\x10",
    ],
)
def test_what_is_no_message_is_refused(frame: bytes) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        parse(frame)


def test_a_number_that_javascript_does_not_hold_is_refused() -> None:
    assert Reader(protocol.number((1 << 53) - 1)).number() == (1 << 53) - 1
    with pytest.raises(RequestError, match="RQ-001"):
        Reader(protocol.number(1 << 53)).number()


def test_a_text_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        Reader(b"\x01\xff").text()
