"""The host's door, with peers that are no workers at it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.host import gateway
from vortex_prefect.host.gateway import Gateway
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire._pb import control_pb2
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import PROTOCOL_VERSION, Hello, Welcome


class Door:
    """A gateway that takes in everybody who introduces himself."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "run" / "workers.sock"
        self._taken_in = threading.Semaphore(0)
        self.channels: list[UnixChannel] = []
        self.gateway = Gateway(self._path, self._admit)

    def connect(self) -> UnixChannel:
        """A peer."""
        return UnixChannel.connect(self._path)

    def has_taken_in(self) -> bool:
        """Whether one more has been taken in, soon."""
        return self._taken_in.acquire(timeout=10)

    def close(self) -> None:
        """Close it, and what it took in."""
        self.gateway.close()
        for channel in self.channels:
            channel.close()

    def _admit(self, hello: Hello, catalogue: Catalogue, channel: UnixChannel) -> bool:
        self.channels.append(channel)
        self._taken_in.release()
        return True


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with closing(Door(tmp_path)) as found:
        yield found


def _answer(peer: UnixChannel) -> Welcome:
    answer = decode(peer.receive(10) or b"")
    assert isinstance(answer, Welcome)
    return answer


def test_a_crowd_of_silent_peers_keeps_no_worker_out(door: Door) -> None:
    with ExitStack() as peers:
        crowd = [peers.enter_context(closing(door.connect())) for _ in range(100)]
        worker = peers.enter_context(closing(door.connect()))
        worker.send(encode(Hello(os.getpid(), [])))
        assert door.has_taken_in()
        # The first of them have made room; nobody has said anything to them.
        with pytest.raises(ChannelClosed):
            crowd[0].receive(10)
        assert crowd[-1].receive(0) is None
        assert door.channels[0].receive(0) is None
        worker.send(b"still there")
        assert door.channels[0].receive(10) == b"still there"


def test_who_was_taken_in_is_not_sent_away_for_another(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_MOST_GREETED", 1)
    with ExitStack() as peers:
        worker = peers.enter_context(closing(door.connect()))
        worker.send(encode(Hello(os.getpid(), [])))
        assert door.has_taken_in()
        silent = [peers.enter_context(closing(door.connect())) for _ in range(3)]
        for peer in silent[:2]:
            with pytest.raises(ChannelClosed):
                peer.receive(10)
        worker.send(b"still there")
        assert door.channels[0].receive(10) == b"still there"


_DEEP = b"[" * 300 + b"]" * 300
_CATALOGUES = {
    "half a character": b'[{"type":"\\ud800","title":"t","category":"c"}]',
    "deep": b'[{"type":"t","title":"t","category":"c","params":[{"name":"p","type":"JSON","default":%s}]}]' % _DEEP,
    "wrong in a thousand places": b'[{"inputs":[%s]}]' % b",".join([b"1"] * 200_000),
}


@pytest.mark.parametrize("catalogue", _CATALOGUES.values(), ids=_CATALOGUES)
def test_a_catalogue_that_is_none_is_refused_in_a_few_words(door: Door, catalogue: bytes) -> None:
    packet = control_pb2.ControlPacket()
    packet.handshake.protocol, packet.handshake.pid = PROTOCOL_VERSION, os.getpid()
    packet.handshake.catalogue_json = catalogue
    with closing(door.connect()) as peer:
        peer.send(packet.SerializeToString())
        error = _answer(peer).error
        assert error is not None
        assert error.code == "WK-010"
        assert len(error.message) < 3000
        with pytest.raises(ChannelClosed):
            peer.receive(10)
    assert not door.channels


def test_a_defect_at_the_door_closes_the_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", noted.append)

    def admit(hello: Hello, catalogue: Catalogue, channel: UnixChannel) -> bool:
        raise RuntimeError("a defect")

    path = tmp_path / "run" / "workers.sock"
    with closing(Gateway(path, admit)), closing(UnixChannel.connect(path)) as peer:
        peer.send(encode(Hello(os.getpid(), [])))
        with pytest.raises(ChannelClosed):
            peer.receive(10)
    assert [str(each.exc_value) for each in noted] == ["a defect"]


def test_half_a_frame_at_the_door_is_closed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vortex_prefect.ipc.unix.FRAME_LIMIT_S", 0.05)
    with closing(door.connect()) as peer:
        os.write(peer.fileno(), b"\x10\0\0\0half")
        error = _answer(peer).error
        assert error is not None
        assert "has not ended" in error.message
