"""Two stacks that start together do not take the same port."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from vortex_prefect.bootstrap.ports import Ports, listen_near


def _free() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_preferred_port_is_taken_once() -> None:
    first, second, preferred = Ports(), Ports(), _free()
    with closing(first), closing(second):
        assert first.take(preferred) == preferred
        assert second.take(preferred) not in (preferred, 0)


def test_a_port_that_somebody_listens_at_is_left_alone() -> None:
    ports = Ports()
    with closing(socket.socket()) as server, closing(ports):
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert ports.take(server.getsockname()[1]) != server.getsockname()[1]


def test_a_port_is_free_again_once_its_stack_has_ended() -> None:
    first, second, preferred = Ports(), Ports(), _free()
    first.take(preferred)
    first.close()
    with closing(second):
        assert second.take(preferred) == preferred


def test_a_socket_that_listens_keeps_its_port_from_everybody() -> None:
    preferred = _free()
    with closing(listen_near(preferred)) as first, closing(listen_near(preferred)) as second:
        assert first.getsockname() == ("127.0.0.1", preferred)
        assert second.getsockname()[1] not in (preferred, 0)
        with closing(socket.socket()) as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                thief.bind(first.getsockname())
