"""The listening socket."""

from __future__ import annotations

import socket

import pytest

from vortex_prefect.bridge.server import listen
from vortex_prefect.core.errors import SystemFault


def test_port_zero_is_a_free_port_that_answers_at_once() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
        # asyncio sets TCP_NODELAY on connections only where the listener names its protocol.
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SystemFault, match=f"{port} is in use") as caught:
            listen("127.0.0.1", port)
    assert caught.value.code == "SY-001"


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SystemFault) as caught:
        listen("192.0.2.1", 0)
    assert caught.value.code == "SY-001"
