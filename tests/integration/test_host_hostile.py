"""The host between peers that mean it harm: strangers at its socket, and processes in its workers' places."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration import host_jobs
from tests.integration.host_jobs import config, output, running
from tests.integration.polling import eventually
from tests.integration.processes import descendants, descriptors, state
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LINE_BYTES
from vortex_prefect.host import watch
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.process import WorkerCommand, start_worker
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.ipc import unix
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Beat, Hello, Progress, Welcome

pytestmark = pytest.mark.integration

#: Small, so that what a hostile worker asks for is soon more than there is.
ARENA = {"arena_bytes": 64 << 20, "arena_budget_bytes": 32 << 20}


def job(value: Any = None) -> Job:
    """One that is not waited for without end."""
    return replace(host_jobs.job("value", value=value), timeout_s=20.0)


def worker_pid(host: HostRuntime) -> int | None:
    pid: int | None = host.statistics().workers[0]["pid"]
    return pid


# -- strangers at the socket -----------------------------------------------------------------


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostRuntime]:
    """With a real worker."""
    with running(config(tmp_path_factory.mktemp("host"), **ARENA)) as found:
        yield found


@pytest.fixture
def undisturbed(host: HostRuntime) -> Iterator[None]:
    """Jobs run all the while, on the worker that there was before, and none of them fails."""
    assert output(host.run(job(0))).data == 0
    pid, ended = worker_pid(host), threading.Event()
    outcomes: list[JobOutcome] = []

    def work() -> None:
        while not ended.is_set():
            outcomes.append(host.run(job(len(outcomes))))

    working = threading.Thread(target=work)
    working.start()
    try:
        yield
        # One that began after all that happened is among them.
        seen = len(outcomes)
        eventually(lambda: len(outcomes) >= seen + 2)
    finally:
        ended.set()
        working.join(30)
    assert [output(outcome).data for outcome in outcomes] == list(range(len(outcomes)))
    assert worker_pid(host) == pid


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame is to be whole a moment after it began."""
    monkeypatch.setattr(unix, "FRAME_LIMIT_S", 0.2)


def _stranger(host: HostRuntime) -> UnixChannel:
    return UnixChannel.connect(host.config.run_dir / "workers.sock")


def _refusal(peer: UnixChannel) -> str:
    """Why the host sends a peer away; it hangs up after that."""
    answer = decode(peer.receive(10) or b"")
    assert isinstance(answer, Welcome)
    assert answer.error is not None
    assert answer.error.code == "WK-010"
    with pytest.raises(ChannelClosed):
        peer.receive(10)
    return answer.error.message


_HELLO = Hello(os.getpid(), [])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ((MAX_FRAME_BYTES + 1).to_bytes(4, "little"), "above the limit"),
        (b"\xff" * 4, "above the limit"),
        (b"GET / HTTP/1.1\r\n\r\n", "above the limit"),
        (b"\3\0\0\0\xff\xff\xff", "not a control packet"),
        (b"\0\0\0\0", "without a payload"),
    ],
    ids=["oversize", "all ones", "http", "garbage", "an empty frame"],
)
@pytest.mark.usefixtures("undisturbed")
def test_what_is_no_packet_is_refused(host: HostRuntime, data: bytes, why: str) -> None:
    with closing(_stranger(host)) as peer:
        os.write(peer.fileno(), data)
        assert why in _refusal(peer)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (replace(_HELLO, protocol=99), "speaks protocol 99"),
        (replace(_HELLO, pid=1), "says it is process 1"),
        (_HELLO, "nobody started a worker"),
        (replace(_HELLO, catalogue=[{"type": "t"}]), "catalogue is malformed"),
        (Beat(1, 1), "did not introduce itself"),
    ],
    ids=["protocol", "pid", "nobody's", "catalogue", "no hello"],
)
@pytest.mark.usefixtures("undisturbed")
def test_who_is_no_worker_is_refused(host: HostRuntime, packet: Hello | Beat, why: str) -> None:
    with closing(_stranger(host)) as peer:
        peer.send(encode(packet))
        assert why in _refusal(peer)


@pytest.mark.parametrize("data", [b"\x10", b"\x10\0\0\0half"], ids=["half a length", "half a frame"])
@pytest.mark.usefixtures("undisturbed", "short_patience")
def test_half_a_frame_is_not_waited_for(host: HostRuntime, data: bytes) -> None:
    with closing(_stranger(host)) as peer:
        os.write(peer.fileno(), data)
        assert "has not ended within 0.2 s" in _refusal(peer)


@pytest.mark.usefixtures("undisturbed", "short_patience")
def test_a_frame_that_comes_byte_by_byte_is_not_waited_for(host: HostRuntime) -> None:
    began, pause = time.monotonic(), threading.Event()
    with closing(_stranger(host)) as peer:
        os.write(peer.fileno(), (1000).to_bytes(4, "little"))
        while peer.receive(0) is None:
            os.write(peer.fileno(), b"a")
            pause.wait(0.02)
            assert time.monotonic() - began < 10


@pytest.mark.usefixtures("undisturbed")
def test_a_hundred_silent_peers_keep_nobody_out(host: HostRuntime) -> None:
    with ExitStack() as peers:
        crowd = [peers.enter_context(closing(_stranger(host))) for _ in range(100)]
        with closing(_stranger(host)) as peer:
            peer.send(encode(_HELLO))
            assert "nobody started a worker" in _refusal(peer)
        with pytest.raises(ChannelClosed):
            crowd[0].receive(10)
    eventually(lambda: "vortex-greet" not in [thread.name for thread in threading.enumerate()])


# -- hostile processes in a worker's place ---------------------------------------------------

_SCRIPT = Path(__file__).with_name("hostile_worker.py")


class Places:
    """Hosts whose first process is hostile, and whose second is what `successor` starts."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        self._resources = ExitStack()

    def host(
        self, mode: str, successor: Callable[[WorkerCommand, int], subprocess.Popen[bytes]] | None = None
    ) -> HostRuntime:
        """Start one."""
        modes = itertools.chain([mode], itertools.repeat("honest"))

        def start(command: WorkerCommand, number: int) -> subprocess.Popen[bytes]:
            chosen = next(modes)
            return successor(command, number) if successor and chosen == "honest" else _start(chosen, command)

        self._patch.setattr(watch, "start_worker", start)
        host = HostRuntime(config(self._folder, **ARENA))
        self._resources.callback(host.close)
        host.start()
        return host

    def close(self) -> None:
        """End them."""
        self._resources.close()


def _start(mode: str, command: WorkerCommand) -> subprocess.Popen[bytes]:
    command.log_dir.mkdir(parents=True, exist_ok=True)
    with open(command.log_dir / "hostile.log", "ab") as log:
        arguments = [sys.executable, str(_SCRIPT), mode, str(command.socket)]
        return subprocess.Popen(
            arguments, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        )


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """At its end nothing is left: neither process nor thread, descriptor nor segment."""
    threads, opened, children = set(threading.enumerate()), descriptors(), descendants()
    segments = set(Path("/dev/shm").glob(f"*test-{os.getpid()}-*"))
    with closing(Places(tmp_path, monkeypatch)) as found:
        yield found
    assert descendants() <= children
    eventually(lambda: set(threading.enumerate()) <= threads, 10)
    assert descriptors() <= opened
    assert set(Path("/dev/shm").glob(f"*test-{os.getpid()}-*")) <= segments


def _goes_on(host: HostRuntime, hostile: int | None) -> None:
    """The hostile process is no more, a job runs on another, and nothing is held for anybody."""
    assert output(host.run(job("next"))).data == "next"
    assert hostile is not None
    assert worker_pid(host) not in (None, hostile)
    assert state(hostile) == ""
    assert host.statistics().arena["leases"] == 0
    assert host.statistics().arena["in_use_bytes"] == 0


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("unknown job", "a result of job nobody's"),
        ("never granted", "a tensor that is none"),
        ("negative shape", r"the shape \(-64,\)"),
        ("beats without end", "floods the host"),
        ("half a frame", r"has not ended within 0\.2 s"),
        ("garbage", "not a control packet"),
        ("oversize", "above the limit"),
        ("http", "above the limit"),
        ("host's packet", "sent RoomGrant"),
        ("hello in a job", "sent Hello"),
    ],
)
@pytest.mark.usefixtures("short_patience")
def test_a_worker_that_breaks_the_protocol_is_replaced(places: Places, mode: str, why: str) -> None:
    host = places.host(mode)
    first = job("first")
    pid = _pid_when_ready(host)
    outcome = host.run(first)
    assert outcome.error is not None
    assert outcome.error.code == "WK-010"
    with pytest.raises(type(outcome.error), match=why):
        raise outcome.error
    host.release(first.execution_id)
    _goes_on(host, pid)


@pytest.mark.parametrize(
    ("mode", "why"), [("replayed result", "a result of job"), ("of another job", "a tensor that is none")]
)
def test_a_worker_that_gives_what_it_gave_before_is_replaced(places: Places, mode: str, why: str) -> None:
    host = places.host(mode)
    first, second = job("first"), job("second")
    pid = _pid_when_ready(host)
    assert host.run(first).error is None
    outcome = host.run(second)
    assert outcome.error is not None
    assert outcome.error.code == "WK-010"
    assert why in outcome.error.message
    for each in (first, second):
        host.release(each.execution_id)
    _goes_on(host, pid)


def test_a_result_that_nobody_waits_for_is_a_breach_too(places: Places) -> None:
    host = places.host("replayed when idle")
    pid = _pid_when_ready(host)
    assert output(host.run(job("first"))).data == "first"
    eventually(lambda: worker_pid(host) not in (None, pid), 20)
    _goes_on(host, pid)


def test_absurd_values_are_brought_to_measure(places: Places) -> None:
    host = places.host("absurd values")
    progress: list[Progress] = []
    lines: list[tuple[int, str]] = []
    before = now_ms()
    ears = Ears(progress.append, lambda job_id, line: lines.append((line.level, line.text)))
    outcome = host.run(job("first"), ears)
    assert output(outcome).data == "first"
    assert before <= outcome.started_ms <= outcome.finished_ms <= now_ms()
    assert [each.fraction for each in progress] == [1.0, 0.0, 0.5]
    assert all(len(each.note.encode()) <= LINE_BYTES for each in progress)
    ((level, text),) = lines
    assert level == 10
    assert len(text.encode()) <= LINE_BYTES
    assert "\0" not in text


def test_a_worker_is_welcomed_once(places: Places) -> None:
    host = places.host("greets again")
    pid = _pid_when_ready(host)
    assert output(host.run(job("first"))).data == "first"
    assert worker_pid(host) == pid


def test_a_real_worker_follows_a_hostile_one(places: Places) -> None:
    host = places.host("garbage", start_worker)
    pid = _pid_when_ready(host)
    outcome = host.run(job("first"))
    assert outcome.error is not None
    assert outcome.error.code == "WK-010"
    _goes_on(host, pid)


def _pid_when_ready(host: HostRuntime) -> int:
    host_worker = eventually(lambda: [each for each in host.statistics().workers if each["state"] == "ready"])
    pid: int = host_worker[0]["pid"]
    return pid
