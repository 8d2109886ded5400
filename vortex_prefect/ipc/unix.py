"""Channels over Unix stream sockets, for peers of the same user only."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading
import time
from pathlib import Path

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.wire.framing import FrameReader, frame

_RECEIVE_BYTES = 64 << 10
#: struct ucred: pid, uid, gid (unix(7)).
_CREDENTIALS = struct.Struct("3i")
#: sockaddr_un.sun_path holds 108 bytes with its final zero.
_MAX_PATH_BYTES = 107


class UnixChannel:
    """A `Channel` over a connected stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        self._socket = connection
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)
        self._reader = FrameReader()
        self._send_lock = threading.Lock()
        self.bytes_sent = 0
        self.bytes_received = 0

    @classmethod
    def connect(cls, path: Path) -> UnixChannel:
        """Connect to a listener.

        Raises:
            ChannelClosed: nobody listens there.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            raise ChannelClosed(f"nobody listens at {path}: {error}") from error
        return cls(connection)

    @property
    def peer_pid(self) -> int:
        """Process id of the peer, as the kernel knows it (SO_PEERCRED)."""
        pid, _, _ = _CREDENTIALS.unpack(_peer_credentials(self._socket))
        return int(pid)

    def send(self, body: bytes) -> None:
        """See `Channel.send`."""
        data = frame(body)
        try:
            with self._send_lock:
                self._socket.sendall(data)
                self.bytes_sent += len(data)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """See `Channel.receive`."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (body := self._reader.next()) is None:
            # The socket itself stays blocking: a time-out of its own would cut short what another thread sends.
            if deadline is not None and not self._wait_readable(deadline):
                return None
            try:
                data = self._socket.recv(_RECEIVE_BYTES)
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            if not data:
                raise ChannelClosed("in the middle of a frame" if self._reader.pending else "the peer closed")
            self.bytes_received += len(data)
            self._reader.feed(data)
        return body

    def _wait_readable(self, deadline: float) -> bool:
        if self._socket.fileno() < 0:
            return True  # closed; receiving says so
        return bool(self._readable.poll(max(deadline - time.monotonic(), 0.0) * 1000))

    def close(self) -> None:
        """See `Channel.close`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class UnixListener:
    """Accepts channels at a path in a directory that only this user may enter."""

    def __init__(self, path: Path) -> None:
        """Listen at `path`.

        Raises:
            SystemFault: SY-002, the path is too long or not usable.
        """
        if len(os.fsencode(path)) > _MAX_PATH_BYTES:
            raise SystemFault(
                "SY-002",
                f"the socket's path {path} is longer than the {_MAX_PATH_BYTES} bytes that Linux allows",
                "Choose a shorter home with --home or VORTEX_HOME.",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.unlink(missing_ok=True)
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(str(path))
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            raise SystemFault("SY-002", f"cannot listen at {path}: {error}") from error

    def accept(self) -> UnixChannel:
        """The next peer's channel. Peers of other users are refused here.

        Raises:
            ChannelClosed: the listener was closed.
            WorkerError: WK-010, the peer belongs to another user.
        """
        try:
            connection, _ = self._socket.accept()
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        _, uid, _ = _CREDENTIALS.unpack(_peer_credentials(connection))
        if uid != os.getuid():
            connection.close()
            raise WorkerError("WK-010", f"a process of user {uid} tried to connect")
        return UnixChannel(connection)

    def close(self) -> None:
        """Stop listening and remove the socket's file; a blocked `accept` raises."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _peer_credentials(connection: socket.socket) -> bytes:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
