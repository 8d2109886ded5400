from __future__ import annotations

import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.ipc import unix
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel, UnixListener


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
