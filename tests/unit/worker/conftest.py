"""Sessions of a worker with a host that the test plays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from tests.unit.worker.peer import Connect, Peer, await_heartbeats
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.wire.payloads import Welcome
from vortex_worker import session as module
from vortex_worker.session import HostSession


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Heartbeats that end their own thread instead of this process; the codes with which they did."""
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        raise SystemExit

    beat = HostSession._beat

    def beat_until_the_end(session: HostSession) -> None:
        with contextlib.suppress(SystemExit):
            beat(session)

    monkeypatch.setattr(module, "os", SimpleNamespace(_exit=end))
    monkeypatch.setattr(HostSession, "_beat", beat_until_the_end)
    yield codes
    await_heartbeats()


@pytest.fixture
def no_heartbeat(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the process when its host is gone; and what is said is to be said for one reason only."""
    if "beating" not in request.fixturenames:
        monkeypatch.setattr(HostSession, "_beat", lambda session: None)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes peers, and hangs up in the end."""
    peers: list[Peer] = []

    def make(run: Callable[[HostSession, Job], JobOutcome], welcome: Welcome | None = None) -> Peer:
        peers.append(Peer(run, welcome))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
