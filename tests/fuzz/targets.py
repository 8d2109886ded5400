"""What is fuzzed: one function for each surface. It takes any bytes, and raises for a defect only."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

import msgpack

from tests.fuzz.books import Books
from tests.fuzz.dice import Dice
from tests.fuzz.packets import Known, handshake, packet
from tests.fuzz.peer import HostilePeer
from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.host.conversation import converse
from vortex_prefect.host.gateway import introduction
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire import framing
from vortex_prefect.wire.packets import decode_traced, encode
from vortex_prefect.wire.payloads import PROTOCOL_VERSION, Hello, Payload, RoomGrant, Welcome

#: Small, so that bytes that are made up get above it.
_FRAME_LIMIT = 100
_PID = 4711
JOB_IDS = ("job-0", "job-1", "job-2")
#: No packet begins with it: the rest says what is in one.
MADE_UP = b"\xff"
_VIOLATION = frozenset({"WK-010"})
#: What a conversation may end with, beside its results.
_ENDS = frozenset({"WK-001", "WK-005", "WK-010"})


def _expect(error: WorkerError, codes: frozenset[str], words: str = "") -> None:
    assert error.code in codes
    assert words in error.message


def _expect_short(body: bytes) -> None:
    assert len(body) <= 1 << 16


def frames(data: bytes) -> None:
    """A stream in pieces of any size gives the frames of the whole, up to one that is too long."""
    with mock.patch.object(framing, "MAX_FRAME_BYTES", _FRAME_LIMIT):
        _frames(data)


def _frames(data: bytes) -> None:
    dice, reader = Dice(data), framing.FrameReader()
    stream, found, refused = bytearray(), list[bytes](), False
    while dice.left and not refused:
        taken = dice.chance()
        piece = dice.take(dice.byte())
        stream += piece
        try:
            if not taken:
                reader.feed(piece)
            elif (body := reader.take(memoryview(piece))) is not None:
                found.append(body)
            found += iter(reader.next, None)
        except WorkerError as error:
            _expect(error, _VIOLATION)
            refused = True
        # What waits is part of one frame, and no more than came at once beyond it.
        assert len(reader._buffer) < framing.PREFIX_BYTES + _FRAME_LIMIT + 256
    assert (found, refused) == _cut(bytes(stream))
    assert refused or reader.pending == (sum(map(len, found)) + 4 * len(found) < len(stream))


def _cut(stream: bytes) -> tuple[list[bytes], bool]:
    """The frames of a stream, and whether one that is too long follows."""
    found, at = list[bytes](), 0
    while at + 4 <= len(stream):
        length = int.from_bytes(stream[at : at + 4], "little")
        if length > _FRAME_LIMIT:
            return found, True
        if at + 4 + length > len(stream):
            break
        found.append(stream[at + 4 : at + 4 + length])
        at += 4 + length
    return found, False


def packets(data: bytes) -> None:
    """Bytes are a packet, which then has a form again and travels on, or WK-010."""
    if data.startswith(MADE_UP):
        data = packet(Dice(data[1:]), Known(_PID, JOB_IDS))
    try:
        payload, trace = decode_traced(data)
    except WorkerError as error:
        _expect(error, _VIOLATION)
        return
    if isinstance(payload, Job | JobOutcome):
        msgpack.packb(payload.to_dict())
    try:
        body = encode(payload, trace)
    except WorkerError as error:
        # JSON that nests as deep as can be read, may be too deep to be written.
        _expect(error, _VIOLATION, "recursion")
        return
    again, its_trace = decode_traced(body)
    assert _plain(again) == _plain(payload)
    assert its_trace == trace


def _plain(payload: Payload) -> str:
    """In a form that compares: errors equal only themselves, and NaN not even that."""
    if isinstance(payload, Welcome | JobOutcome | RoomGrant) and payload.error is not None:
        return f"{_sorted(replace(payload, error=None))} {payload.error.to_dict()}"
    return _sorted(payload)


def _sorted(payload: Any) -> str:
    if isinstance(payload, Hello | Welcome):
        return f"{replace(payload, capabilities=frozenset())!r} {sorted(payload.capabilities)}"
    return repr(payload)


def introductions(data: bytes) -> None:
    """What a peer says first is an introduction that holds, or WK-010, or it left."""
    dice = Dice(data)
    kind = dice.byte()
    known = Known(_PID)
    if kind < 64:
        here, there = MemoryChannel.pair()
        there.send(data[1:])
        there.close()
        _introduce(here)
    elif kind < 128:
        _introduce(HostilePeer(dice, known))
    else:
        here, there = MemoryChannel.pair()
        there.send(handshake(dice, known))
        _introduce(here)


def _introduce(channel: Channel) -> None:
    try:
        hello, catalogue = introduction(channel, _PID)
    except ChannelClosed:
        return
    except WorkerError as error:
        _expect(error, _VIOLATION)
        # The peer is told.
        _expect_short(encode(Welcome("", "", "", "", error=error)))
        return
    assert (hello.pid, hello.protocol) == (_PID, PROTOCOL_VERSION)
    # The bridge asks for it.
    msgpack.packb(catalogue.to_list())


def conversations(data: bytes) -> None:
    """A worker that sends anything gets no further than results that hold; the host's books are right after it."""
    dice = Dice(data)
    limit_s = dice.pick((None, 3600.0, 0.0))
    jobs = [Job(job_id, "execution", "node", "t.node", timeout_s=limit_s) for job_id in JOB_IDS[: 1 + dice.byte() % 3]]
    peer = HostilePeer(dice, Known(_PID, JOB_IDS))
    _converse(peer, jobs)
    # The jobs, and an answer for each request.
    assert len(peer.heard) <= 1 + peer.frames


def streams(data: bytes) -> None:
    """The same at a real socket, into which a worker writes anything and then ends."""
    ours, theirs = socket.socketpair()
    channel = UnixChannel(ours)
    try:
        theirs.setblocking(False)
        theirs.send(data[: 1 << 16] or b"\0")
        theirs.shutdown(socket.SHUT_WR)
        _converse(channel, [Job(job_id, "execution", "node", "t.node") for job_id in JOB_IDS])
    finally:
        channel.close()
        theirs.close()


def _converse(channel: Channel, jobs: list[Job]) -> None:
    books = Books(jobs)
    try:
        converse(channel, jobs, books.handlers())
    except ChannelClosed:
        pass
    except WorkerError as error:
        _expect(error, _ENDS)
    else:
        assert books.outcomes
        assert len(books.outcomes) == len(jobs) or books.outcomes[-1].error is not None
    assert all(outcome.error is None for outcome in books.outcomes[:-1])
    books.close()


def sessions(data: bytes) -> None:
    """A host that sends anything ends a worker's session, or is served; nobody runs away."""
    # It brings torch, which the other targets do without.
    from tests.fuzz.worker_session import serve  # noqa: PLC0415

    peer = HostilePeer(Dice(data), Known(_PID, JOB_IDS))
    try:
        ran = serve(peer)
    except (ChannelClosed, VortexError):
        ran = len(data)
    # The hello; an answer for each packet; and for each job its room, progress, preview, lines and result.
    assert len(peer.heard) <= 1 + peer.frames + 8 * ran
    assert peer.longest_spin_us <= 10_000


TARGETS: dict[str, Callable[[bytes], None]] = {
    "frames": frames,
    "packets": packets,
    "introductions": introductions,
    "conversations": conversations,
    "streams": streams,
    "sessions": sessions,
}
