"""Ports of the servers that the stack starts."""

from __future__ import annotations

import socket
from contextlib import closing, suppress

from vortex_prefect.core.errors import SystemFault

_BACKLOG = 1024


def listen_near(preferred: int) -> socket.socket:
    """A socket that listens at `preferred` on 127.0.0.1 if nobody has it, else at a port that the kernel chooses.

    Raises:
        SystemFault: SY-001, no port is free.
    """
    for port in (preferred, 0):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
    raise SystemFault("SY-001", "no TCP port is free on 127.0.0.1")


class Ports:
    """Ports for servers that take seconds to bind them, and that no other stack of this machine takes meanwhile.

    Two stacks that start together would find the same port free, and the one
    that came second would take the other's server for its own. So a taken port
    is marked by a socket in Linux's abstract name space: it is gone with its
    process, whatever became of that.
    """

    def __init__(self) -> None:
        self._marks: list[socket.socket] = []

    def take(self, preferred: int) -> int:
        """`preferred` if nobody has it, else one that the kernel chooses; 0 prefers none.

        Raises:
            SystemFault: SY-001, no port is free.
        """
        for port in (preferred, 0):
            with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
                # As servers do, so that the port of a stack that has just ended is found free again.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                found = int(probe.getsockname()[1])
            if self._mark(found):
                return found
        raise SystemFault("SY-001", "no TCP port is free on 127.0.0.1")

    def close(self) -> None:
        """Let go of all ports. Repeating does nothing."""
        while self._marks:
            self._marks.pop().close()

    def _mark(self, port: int) -> bool:
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            mark.bind(f"\0vortex-port-{port}")
        except OSError:
            mark.close()
            return False
        self._marks.append(mark)
        return True
