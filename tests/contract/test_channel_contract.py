"""What every channel promises, over a Unix socket and its in-memory twin."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES, PREFIX_BYTES

Pair = tuple[Channel, Channel]


def _unix_pair() -> Pair:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return UnixChannel(left), UnixChannel(right)


@pytest.fixture(params=[_unix_pair, MemoryChannel.pair], ids=["unix", "memory"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    make: Callable[[], Pair] = request.param
    ends = make()
    yield ends
    for end in ends:
        end.close()


def test_frames_arrive_whole_and_in_order_in_both_directions(pair: Pair) -> None:
    left, right = pair
    for body in (b"one", b"", b"three"):
        left.send(body)
        right.send(body[::-1])
    assert [right.receive() for _ in range(3)] == [b"one", b"", b"three"]
    assert [left.receive(5) for _ in range(3)] == [b"eno", b"", b"eerht"]


def test_nothing_comes_within_the_time(pair: Pair) -> None:
    left, right = pair
    assert right.receive(0) is None
    assert right.receive(0.01) is None
    left.send(b"late")
    assert right.receive(5) == b"late"


def test_bytes_are_counted_with_their_prefixes(pair: Pair) -> None:
    left, right = pair
    left.send(b"12345")
    right.receive()
    assert (left.bytes_sent, right.bytes_received) == (5 + PREFIX_BYTES, 5 + PREFIX_BYTES)
    assert (left.bytes_received, right.bytes_sent) == (0, 0)


def test_what_was_sent_before_the_end_still_arrives(pair: Pair) -> None:
    left, right = pair
    left.send(b"last words")
    left.close()
    assert right.receive() == b"last words"
    for _ in range(2):
        with pytest.raises(ChannelClosed):
            right.receive()


def test_nothing_can_be_sent_to_a_peer_that_is_gone(pair: Pair) -> None:
    left, right = pair
    right.close()
    with pytest.raises(ChannelClosed):
        left.send(b"anyone?")


def test_an_end_that_was_closed_neither_sends_nor_receives(pair: Pair) -> None:
    left, _ = pair
    left.close()
    left.close()
    with pytest.raises(ChannelClosed):
        left.send(b"x")
    for timeout_s in (None, 0, 0.01):
        with pytest.raises(ChannelClosed):
            left.receive(timeout_s)


@pytest.mark.parametrize("closer", [0, 1], ids=["own end", "peer"])
@pytest.mark.parametrize("timeout_s", [None, 60.0])
def test_closing_wakes_a_blocked_receive(pair: Pair, closer: int, timeout_s: float | None) -> None:
    with ThreadPoolExecutor(1) as threads:
        entered = threading.Event()

        def receive() -> bytes | None:
            entered.set()
            return pair[0].receive(timeout_s)

        waiting = threads.submit(receive)
        assert entered.wait(10)
        pair[closer].close()
        with pytest.raises(ChannelClosed):
            waiting.result(10)


def test_too_long_a_frame_is_refused_and_the_channel_lives_on(pair: Pair) -> None:
    left, right = pair
    with pytest.raises(WorkerError, match="WK-010"):
        left.send(bytes(MAX_FRAME_BYTES + 1))
    left.send(b"fine")
    assert right.receive(5) == b"fine"


@pytest.mark.parametrize("timeout_s", [0, 0.01])
def test_a_large_frame_goes_out_whole_after_a_receive_that_had_no_time(pair: Pair, timeout_s: float) -> None:
    """The time-out of a receive must not become one of the next send, which a slow reader holds up."""
    left, right = pair
    assert left.receive(timeout_s) is None
    body = bytes(8 << 20)
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(left.send, body)
        assert right.receive(60) == body
        sending.result(60)


def test_many_threads_may_send(pair: Pair) -> None:
    left, right = pair
    bodies = [bytes([index]) * (1 + index * 997) for index in range(60)]
    with ThreadPoolExecutor(6) as threads:
        sending = [threads.submit(left.send, body) for body in bodies]
        received = [right.receive(60) for _ in bodies]
        for sent in sending:
            sent.result(60)
    assert sorted(body or b"" for body in received) == sorted(bodies)


@pytest.mark.parametrize("spin_us", [0, 1, 10_000])
def test_looking_before_sleeping_changes_nothing_of_what_arrives(pair: Pair, spin_us: int) -> None:
    left, right = pair
    left.spin(spin_us)
    right.spin(spin_us)
    for body in (b"one", b"", b"three"):
        assert (right.receive(0), right.receive(0.001)) == (None, None)
        for timeout_s in (None, 0, 60):
            left.send(body)
            assert right.receive(timeout_s) == body
    right.send(b"back")
    assert left.receive() == b"back"


@pytest.mark.parametrize("spin_us", [0, 1_000])
def test_whoever_looks_hears_of_what_comes_late(pair: Pair, spin_us: int) -> None:
    """Most of these come while it looks, or when it has just ceased to: none may be lost in between."""
    left, right = pair
    right.spin(spin_us)
    with ThreadPoolExecutor(1) as threads:
        for number in range(200):
            sending = threads.submit(left.send, bytes([number]))
            assert right.receive(60) == bytes([number])
            sending.result(60)


def test_closing_wakes_whoever_looks(pair: Pair) -> None:
    left, right = pair
    right.spin(60_000_000)
    with ThreadPoolExecutor(1) as threads:
        entered = threading.Event()

        def receive() -> bytes | None:
            entered.set()
            return right.receive()

        waiting = threads.submit(receive)
        assert entered.wait(10)
        left.close()
        with pytest.raises(ChannelClosed):
            waiting.result(10)


def test_frames_wait_for_a_late_reader_in_their_order(pair: Pair) -> None:
    left, right = pair
    bodies = [bytes([number]) * number for number in range(100)]
    for body in bodies:
        left.send(body)
    assert [right.receive(0) for _ in bodies] == bodies
    assert right.receive(0) is None
