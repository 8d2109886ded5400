from __future__ import annotations

import errno
import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.ipc import unix
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import FRAME_LIMIT_S, SEND_LIMIT_S, UnixChannel, UnixListener
from vortex_prefect.wire.framing import frame


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "w.sock"


@pytest.fixture
def listener(path: Path) -> Iterator[UnixListener]:
    found = UnixListener(path)
    yield found
    found.close()


def test_only_the_owner_may_enter_the_directory(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    listener = UnixListener(folder / "w.sock")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listener.close()


def test_a_peer_connects_and_is_known_by_its_process(listener: UnixListener, path: Path) -> None:
    code = f"""
import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect({str(path)!r})
peer.sendall(b"\\2\\0\\0\\0hi")
peer.recv(1)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        channel = listener.accept()
        assert channel.peer_pid == process.pid
        assert channel.receive(10) == b"hi"
        channel.close()
        assert process.wait(10) == 0


def test_a_peer_of_another_user_is_refused(listener: UnixListener, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix, "_peer_credentials", lambda _: struct.pack("3i", 1, os.getuid() + 1, 1))
    peer = UnixChannel.connect(path)
    with pytest.raises(WorkerError, match="WK-010"):
        listener.accept()
    with pytest.raises(ChannelClosed):
        peer.receive(10)
    peer.close()


def test_a_path_that_linux_cannot_hold_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SystemFault, match="SY-002") as raised:
        UnixListener(tmp_path / ("x" * 120) / "w.sock")
    assert "VORTEX_HOME" in (raised.value.hint or "")


def test_the_longest_path_that_fits_works(tmp_path: Path) -> None:
    longest = tmp_path / ("x" * (107 - len(os.fsencode(tmp_path)) - 1))
    assert len(os.fsencode(longest)) == 107
    UnixListener(longest).close()


def test_a_path_where_no_socket_can_be_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "w.sock").symlink_to(tmp_path / "missing" / "w.sock")
    listener = UnixListener(tmp_path / "w.sock")  # a dead socket's remains are replaced
    listener.close()
    with pytest.raises(SystemFault, match="SY-002"):
        UnixListener(Path("/proc/w.sock"))


def test_nobody_listens_there(path: Path) -> None:
    with pytest.raises(ChannelClosed):
        UnixChannel.connect(path)


def test_closing_the_listener_wakes_accept_and_removes_the_socket(listener: UnixListener, path: Path) -> None:
    assert path.is_socket()
    with ThreadPoolExecutor(1) as threads:
        accepting = threads.submit(listener.accept)
        listener.close()
        with pytest.raises(ChannelClosed):
            accepting.result(10)
    assert not path.exists()


def test_the_end_in_the_middle_of_a_frame_is_told_as_such() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    channel = UnixChannel(left)
    right.sendall(b"\x09\x00\x00\x00half")
    right.close()
    with pytest.raises(ChannelClosed, match="middle of a frame"):
        channel.receive(10)
    channel.close()


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ECONNABORTED])
def test_a_listener_without_descriptors_or_memory_accepts_once_it_has_some(
    listener: UnixListener, path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    tries: list[int] = []
    accept = listener._socket.accept

    def starved() -> tuple[socket.socket, object]:
        tries.append(code)
        if len(tries) <= 3:
            raise OSError(code, os.strerror(code))
        return accept()

    monkeypatch.setattr(unix, "_PASSING_S", 0.0)
    peer = UnixChannel.connect(path)
    with monkeypatch.context() as patched:
        patched.setattr(listener, "_socket", SimpleNamespace(accept=starved))
        channel = listener.accept()
    peer.send(b"hi")
    assert channel.receive(10) == b"hi"
    assert len(tries) == 4
    channel.close()
    peer.close()


def test_a_listener_that_is_broken_says_so(listener: UnixListener, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([OSError(errno.EINVAL, "broken"), AssertionError("it was tried again")])

    def broken() -> None:
        raise next(failures)

    with monkeypatch.context() as patched:
        patched.setattr(listener, "_socket", SimpleNamespace(accept=broken))
        with pytest.raises(ChannelClosed):
            listener.accept()


# -- pieces ------------------------------------------------------------------------------------

Raw = tuple[UnixChannel, socket.socket]


@pytest.fixture
def raw() -> Iterator[Raw]:
    """A channel, and the other end as a bare socket."""
    left, right = socket.socketpair(socket.AF_UNIX)
    channel = UnixChannel(left)
    yield channel, right
    channel.close()
    right.close()


class Clock:
    """Stands for the module `time` in channels; only the monotonic clock has to be told to go on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.perf_counter = unix.time.perf_counter  # type: ignore[attr-defined]

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(unix, "time", found)
    return found


def test_many_frames_may_come_in_one_piece(raw: Raw) -> None:
    channel, peer = raw
    bodies = [b"one", b"", b"x" * 1000, b"four"]
    peer.sendall(b"".join(frame(body) for body in bodies))
    assert [channel.receive(timeout_s) for timeout_s in (None, 0, 10, None)] == bodies
    assert channel.receive(0) is None
    assert channel.bytes_received == sum(len(frame(body)) for body in bodies)


@pytest.mark.parametrize("spin_us", [0, 1])
def test_a_frame_may_come_in_many_pieces(raw: Raw, spin_us: int) -> None:
    channel, peer = raw
    channel.spin(spin_us)
    data = frame(b"in pieces") + frame(b"")
    for index, byte in enumerate(data[:-1]):
        peer.sendall(bytes([byte]))
        found = channel.receive(0 if index % 2 else 1e-6)
        assert found == (b"in pieces" if index == len(frame(b"in pieces")) - 1 else None)
    peer.sendall(data[-1:])
    assert channel.receive() == b""


def test_a_frame_that_is_longer_than_a_piece_comes_whole(raw: Raw) -> None:
    channel, peer = raw
    body = os.urandom(1 << 20)
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(peer.sendall, frame(body) + frame(b"next"))
        assert channel.receive(60) == body
        assert channel.receive(60) == b"next"
        sending.result(60)


@pytest.mark.parametrize("timeout_s", [None, 60.0])
@pytest.mark.parametrize("spin_us", [0, 100])
@pytest.mark.parametrize("begun", [b"\x09", b"\x09\x00\x00\x00", b"\x09\x00\x00\x00half"])
def test_a_frame_that_begins_and_never_ends_is_a_violation(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, begun: bytes, spin_us: int, timeout_s: float | None
) -> None:
    channel, peer = raw
    monkeypatch.setattr(unix, "FRAME_LIMIT_S", 0.02)
    channel.spin(spin_us)
    peer.sendall(frame(b"whole") + begun)
    assert channel.receive(timeout_s) == b"whole"
    with ThreadPoolExecutor(1) as threads:
        failure = threads.submit(channel.receive, timeout_s).exception
        try:
            raised = failure(20)
        finally:
            peer.shutdown(socket.SHUT_RDWR)  # ends a wait that would have had no end
    assert isinstance(raised, WorkerError)
    assert raised.code == "WK-010"
    assert "has not ended within 0.02 s" in raised.message


def test_a_frame_that_trickles_in_for_ever_is_a_violation(raw: Raw, clock: Clock) -> None:
    channel, peer = raw
    peer.sendall(b"\x00\x01\x00\x00")
    assert channel.receive(0) is None
    for _ in range(9):
        clock.now += FRAME_LIMIT_S / 10
        peer.sendall(b"x")
        assert channel.receive(0) is None
    clock.now += FRAME_LIMIT_S / 10
    peer.sendall(b"x")
    with pytest.raises(WorkerError, match="WK-010"):
        channel.receive(0)


def test_each_frame_has_its_own_time(raw: Raw, clock: Clock) -> None:
    channel, peer = raw
    data = frame(b"half")
    peer.sendall(data[:5])
    assert channel.receive(0) is None
    for _ in range(3):
        clock.now += FRAME_LIMIT_S * 0.9
        peer.sendall(data[5:] + data[:5])
        assert channel.receive(0) == b"half"
    clock.now += FRAME_LIMIT_S * 0.9
    peer.sendall(data[5:])
    assert channel.receive(0) == b"half"


def test_whoever_reads_late_finds_frames_that_came_whole_in_one_piece(raw: Raw, clock: Clock) -> None:
    channel, peer = raw
    peer.sendall(frame(b"one") + frame(b"two") + frame(b"three"))
    found = []
    for _ in range(3):
        found.append(channel.receive(0))
        clock.now += FRAME_LIMIT_S * 2
    assert found == [b"one", b"two", b"three"]
    peer.sendall(frame(b"half")[:5])
    assert channel.receive(0) is None
    peer.sendall(frame(b"half")[5:])
    assert channel.receive(0) == b"half"


@pytest.mark.parametrize("whole", [1, 2])
def test_whoever_reads_late_finds_the_rest_of_a_frame_that_ended_in_time(raw: Raw, clock: Clock, whole: int) -> None:
    """A worker that computes for longer than the limit, say, after it took a packet with half of the next behind it."""
    channel, peer = raw
    data = frame(b"half")
    peer.sendall(frame(b"whole") * whole + data[:5])
    assert channel.receive(0) == b"whole"
    peer.sendall(data[5:])
    clock.now += FRAME_LIMIT_S * 2
    assert [channel.receive(0) for _ in range(whole)] == [b"whole"] * (whole - 1) + [b"half"]


# -- a peer that takes nothing -----------------------------------------------------------------


def test_a_sender_has_so_long_and_no_longer() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    channel = UnixChannel(left)
    assert left.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, 16) == struct.pack("ll", SEND_LIMIT_S, 0)
    channel.close()
    right.close()


def test_a_peer_that_takes_nothing_is_given_up() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    channel, peer = UnixChannel(left), UnixChannel(right)
    left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 20_000))
    with pytest.raises(ChannelClosed, match="the peer has taken nothing for"):
        channel.send(bytes(8 << 20))
    # What is out is half a frame: nothing may follow it.
    with pytest.raises(ChannelClosed):
        channel.send(b"more")
    with pytest.raises(ChannelClosed):
        channel.receive(10)
    with pytest.raises(ChannelClosed, match="middle of a frame"):
        peer.receive(10)
    peer.close()


# -- looking before sleeping -------------------------------------------------------------------

ENOUGH_US = 10_000_000


def _never_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(channel: UnixChannel, timeout_s: float | None) -> bytes | None:
        raise AssertionError("it slept")

    monkeypatch.setattr(UnixChannel, "_await", sleep)


@pytest.mark.parametrize("timeout_s", [None, 60.0])
def test_looking_finds_frames_without_sleep_also_empty_ones(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, timeout_s: float | None
) -> None:
    channel, peer = raw
    _never_sleep(monkeypatch)
    channel.spin(ENOUGH_US)
    bodies = [b"one", b"", b"x" * 200_000, b""]
    with ThreadPoolExecutor(1) as threads:
        for body in bodies:
            sending = threads.submit(peer.sendall, frame(body))
            assert channel.receive(timeout_s) == body
            sending.result(60)


def test_looking_sees_that_the_peer_is_gone(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    channel, peer = raw
    _never_sleep(monkeypatch)
    channel.spin(ENOUGH_US)
    peer.close()
    with pytest.raises(ChannelClosed, match="the peer closed"):
        channel.receive()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bytes | None]:
    """What each look found."""
    found: list[bytes | None] = []
    look = UnixChannel._look

    def noted(channel: UnixChannel) -> bytes | None:
        found.append(look(channel))
        return found[-1]

    monkeypatch.setattr(UnixChannel, "_look", noted)
    return found


def test_looking_is_given_up_while_it_is_vain_and_taken_up_again(raw: Raw, looks: list[bytes | None]) -> None:
    channel, peer = raw
    channel.spin(1)
    for _ in range(1 + 1 + 1 + 2 + 1 + 4 + 1):  # each vain look, and the waits without one that follow it
        assert channel.receive(1e-6) is None
    assert looks == [None] * 4
    peer.sendall(frame(b"there"))
    assert channel.receive() == b"there"  # without a look
    for _ in range(7):
        assert channel.receive(1e-6) is None
    peer.sendall(frame(b"seen"))
    assert channel.receive() == b"seen"
    assert looks == [None] * 4 + [b"seen"]
    for _ in range(3):
        assert channel.receive(1e-6) is None
    assert len(looks) == 7, "what was found makes up for all that was vain"


def test_who_has_no_time_does_not_look(raw: Raw, looks: list[bytes | None]) -> None:
    channel, peer = raw
    channel.spin(ENOUGH_US)
    assert channel.receive(0) is None
    peer.sendall(frame(b"there"))
    assert channel.receive(0) == b"there"
    assert looks == []


def test_a_frame_that_is_here_already_needs_no_look(raw: Raw, looks: list[bytes | None]) -> None:
    channel, peer = raw
    channel.spin(ENOUGH_US)
    peer.sendall(frame(b"one") + frame(b"two"))
    assert [channel.receive(), channel.receive()] == [b"one", b"two"]
    assert looks == [b"one"]


def test_looking_can_be_ended(raw: Raw, looks: list[bytes | None]) -> None:
    channel, _ = raw
    channel.spin(1)
    channel.spin(0)
    assert channel.receive(1e-6) is None
    assert looks == []
