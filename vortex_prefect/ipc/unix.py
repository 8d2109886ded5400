"""Channels over Unix stream sockets, for peers of the same user only."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import threading
import time
from pathlib import Path

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.spin import Spin
from vortex_prefect.wire.framing import FrameReader, frame

_RECEIVE_BYTES = 64 << 10
#: A frame that has begun is whole by then, or its sender is up to something.
FRAME_LIMIT_S = 10.0
SEND_LIMIT_S = 30
#: Why a peer cannot be accepted now, and can be later: no descriptors or memory left, or it went away.
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EINTR})
_PASSING_S = 0.1
_TIMEVAL = struct.Struct("ll")
#: struct ucred: pid, uid, gid (unix(7)).
_CREDENTIALS = struct.Struct("3i")
#: sockaddr_un.sun_path holds 108 bytes with its final zero.
_MAX_PATH_BYTES = 107


class UnixChannel:
    """A `Channel` over a connected stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        # A peer that takes nothing for so long is stopped or lost, and must not keep a sender for ever.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(SEND_LIMIT_S, 0))
        self._socket = connection
        self._readable = select.poll()
        self._readable.register(connection, select.POLLIN)
        self._reader = FrameReader()
        self._buffer = bytearray(_RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._send_lock = threading.Lock()
        self._spin = Spin(0)
        self._waits_s: float | None = None
        #: When the frame began that has come in part; 0: none has.
        self._begun_at = 0.0
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

    def fileno(self) -> int:
        """The socket's descriptor, for those who wait for several; -1 once it is closed."""
        return self._socket.fileno()

    def spin(self, limit_us: int) -> None:
        """Let each wait begin with up to so many microseconds of looking, where that pays; 0: none."""
        self._spin = Spin(limit_us)

    def send(self, body: bytes) -> None:
        """See `Channel.send`."""
        data = frame(body)
        try:
            with self._send_lock:
                self._socket.sendall(data)
                self.bytes_sent += len(data)
        except BlockingIOError as error:
            # Half a frame may be out: nothing that follows would be understood.
            self.close()
            raise ChannelClosed(f"the peer has taken nothing for {SEND_LIMIT_S} s") from error
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """See `Channel.receive`."""
        if self._reader.pending and (body := self._reader.next()) is not None:
            self._note_rest()
            return body
        try:
            # Who has no time wants one look, not many.
            if timeout_s != 0 and self._spin.wanted() and (body := self._look()) is not None:
                return body
            return self._await(timeout_s)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def _look(self) -> bytes | None:
        """A frame that comes within the time of looking."""
        until = time.perf_counter() + self._spin.limit_s
        while True:
            try:
                body = self._take(socket.MSG_DONTWAIT)
            except BlockingIOError:
                body = None
            if body is not None:
                self._spin.found()
                return body
            if time.perf_counter() >= until:
                self._spin.vain()
                return None

    def _await(self, timeout_s: float | None) -> bytes | None:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._begun_at or timeout_s == 0:
                if not self._wait_readable(deadline):
                    return None
            else:
                self._let_wait(timeout_s)
            try:
                if (body := self._take()) is not None:
                    return body
            except BlockingIOError:  # the time is over
                return None

    def _let_wait(self, timeout_s: float | None) -> None:
        """Have the kernel give up a receive after that time: nearly always the same, so that it costs no call.

        A time-out of the Python socket would also cut short what another thread sends.
        """
        if timeout_s != self._waits_s:
            whole, rest = divmod(round((timeout_s or 0.0) * 1e6), 1_000_000)
            # Zero would mean for ever.
            rest = rest or int(timeout_s is not None and not whole)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.pack(whole, rest))
            self._waits_s = timeout_s

    def _take(self, flags: int = 0) -> bytes | None:
        """Receive once; a frame if it is whole then."""
        count = self._socket.recv_into(self._buffer, 0, flags)
        if not count:
            raise ChannelClosed("in the middle of a frame" if self._reader.pending else "the peer closed")
        self.bytes_received += count
        body = self._reader.take(self._view[:count])
        if body is not None:
            self._begun_at = 0.0
        if self._reader.pending:
            self._note_rest()
        return body

    def _note_rest(self) -> None:
        self._begun_at = (self._begun_at or time.monotonic()) if self._reader.pending else 0.0

    def _wait_readable(self, deadline: float | None) -> bool:
        """Whether something came; false at the deadline."""
        if self._socket.fileno() < 0:
            return True  # closed; receiving says so
        now = time.monotonic()
        whole_by = self._begun_at + FRAME_LIMIT_S if self._begun_at else float("inf")
        until = min(whole_by, float("inf") if deadline is None else deadline)
        if self._readable.poll(max(until - now, 0.0) * 1000):
            return True
        if time.monotonic() >= whole_by:
            raise WorkerError("WK-010", f"a frame that began has not ended within {FRAME_LIMIT_S:g} s")
        return False

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
        connection = self._accepted()
        _, uid, _ = _CREDENTIALS.unpack(_peer_credentials(connection))
        if uid != os.getuid():
            connection.close()
            raise WorkerError("WK-010", f"a process of user {uid} tried to connect")
        return UnixChannel(connection)

    def _accepted(self) -> socket.socket:
        while True:
            try:
                return self._socket.accept()[0]
            except OSError as error:
                if error.errno not in _PASSING:
                    raise ChannelClosed(str(error)) from error
                # The peer waits in the queue meanwhile; without a pause this would be a busy loop.
                time.sleep(_PASSING_S)

    def close(self) -> None:
        """Stop listening and remove the socket's file; a blocked `accept` raises."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _peer_credentials(connection: socket.socket) -> bytes:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
