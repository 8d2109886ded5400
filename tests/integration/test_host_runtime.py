"""The host with real worker processes."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.host_jobs import code, config, job, output, running
from tests.integration.polling import eventually
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.reports import HostReport, TensorReport
from vortex_prefect.files.roots import ANYWHERE
from vortex_prefect.host import watch
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.process import WorkerCommand
from vortex_prefect.host.runtime import HostRuntime
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Hello, Progress, Welcome
from vortex_worker.packs.debug.counting import read_count

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostRuntime]:
    # Room for a large tensor, and one more.
    with running(config(tmp_path_factory.mktemp("host"), arena_budget_bytes=2 << 30, roots=ANYWHERE)) as found:
        yield found


def run(host: HostRuntime, wanted: Job) -> JobOutcome:
    return host.run(wanted)


def worker_pid(host: HostRuntime) -> int | None:
    pid: int | None = host.statistics().workers[0]["pid"]
    return pid


def test_a_value_comes_back(host: HostRuntime) -> None:
    outcome = run(host, job("value", value={"deep": [1, "é"]}))
    assert output(outcome) == Value("JSON", data={"deep": [1, "é"]})
    assert outcome.worker_id == f"{host.config.host_id}/0"
    assert outcome.started_ms <= outcome.finished_ms


def test_a_tensor_is_read_where_another_job_wrote_it(host: HostRuntime) -> None:
    tensor = output(run(host, job("allocate", mb=1, seed=1)))
    assert tensor.ref is not None
    assert tensor.ref.shape == (1 << 20,)
    data, media_type = host.read(tensor, "npy")
    assert media_type == "application/x-npy"
    digest = output(run(host, job("checksum", {"in": tensor}))).data
    assert digest == hashlib.sha256(data[-(1 << 20) :]).hexdigest()


def test_lists_of_tensors_travel_by_reference_and_survivors_are_handed_on(host: HostRuntime) -> None:
    first, second = (output(run(host, job("allocate", mb=1, seed=seed))) for seed in (1, 2))
    listed = Value("LIST[TENSOR]", items=(first, None, second))
    wanted = replace(job("value", {"items": listed}), node_type="core.survivors", params={})
    assert output(run(host, wanted)) == Value("LIST[ANY]", items=(first, second))
    counted = replace(job("value", {"items": listed}), node_type="core.item_count", params={})
    assert output(run(host, counted)).data == 2


def test_a_list_of_numbers_is_plain_json(host: HostRuntime) -> None:
    wanted = replace(job("value"), node_type="core.range", params={"start": 1.0, "step": 0.5, "count": 3})
    numbers = output(run(host, wanted))
    assert numbers == Value("LIST[FLOAT]", data=[1.0, 1.5, 2.0])
    mean = replace(job("value", {"items": numbers}), node_type="core.mean", params={})
    assert output(run(host, mean)).data == 1.5
    wrong = replace(job("value", {"items": Value("FLOAT", data=1.0)}), node_type="core.mean", params={})
    assert code(run(host, wrong)) == "WK-002"


def test_an_input_that_is_not_asked_for_is_null(host: HostRuntime) -> None:
    one = Value("ANY", data="chosen")
    wanted = replace(job("value", {"on_false": one}), node_type="core.switch", params={"condition": False})
    assert output(run(host, wanted)).data == "chosen"


def test_a_fingerprint_is_told_and_the_node_does_not_run(host: HostRuntime, tmp_path: Path) -> None:
    text = tmp_path / "text"
    asked = replace(job("fingerprint", path=str(text), tag="asked"), purpose="fingerprint")
    assert code(run(host, asked)) == "WK-003"
    text.write_text("content")
    assert run(host, replace(asked, job_id="again")).outputs == {"fingerprint": Value("STRING", data="content")}
    assert read_count(host.config.state_dir, "asked") == 0
    driven = replace(asked, job_id="driven", params={"tag": "asked"})
    assert code(run(host, driven)) == "WK-003"
    assert code(run(host, replace(job("value"), purpose="fingerprint"))) == "WK-010"


def test_a_list_of_a_block_that_is_gone_is_refused(host: HostRuntime) -> None:
    tensor = output(run(host, job("allocate", mb=1, seed=1)))
    assert tensor.ref is not None
    gone = Value("TENSOR", replace(tensor.ref, generation=tensor.ref.generation + 1000))
    wanted = replace(job("value", {"items": Value("LIST[TENSOR]", items=(gone,))}), node_type="core.survivors")
    assert code(run(host, wanted)) == "WK-002"


def test_a_crash_is_told_and_the_next_job_runs_on_the_successor(host: HostRuntime) -> None:
    pid, restarts = worker_pid(host), host.statistics().workers[0]["restarts"]
    outcome = run(host, job("crash", signal=9))
    assert code(outcome) == "WK-001"
    assert outcome.error is not None
    assert "killed by signal 9" in outcome.error.message
    assert output(run(host, job("value", value=1))).data == 1
    assert worker_pid(host) not in (None, pid)
    assert host.statistics().workers[0]["restarts"] == restarts + 1


def test_a_second_attempt_of_a_crash_completes(host: HostRuntime) -> None:
    first = job("crash", times=1)
    assert code(run(host, first)) == "WK-001"
    assert code(run(host, replace(first, job_id="again", attempt=2))) is None


def test_a_node_that_raises_keeps_its_worker(host: HostRuntime) -> None:
    pid = worker_pid(host)
    outcome = run(host, job("fail", message="the reason"))
    assert code(outcome) == "WK-003"
    assert outcome.error is not None
    assert "RuntimeError: the reason" in (outcome.error.traceback or "")
    assert worker_pid(host) == pid


@pytest.fixture
def started() -> Iterator[Callable[[HostRuntime, Job], Future[JobOutcome]]]:
    """Starts a job in a thread, and returns once it reports progress."""
    with ThreadPoolExecutor(1) as threads:

        def start(host: HostRuntime, wanted: Job) -> Future[JobOutcome]:
            began = threading.Event()

            def on_progress(progress: Progress) -> None:
                if progress.fraction > 0:
                    began.set()

            future = threads.submit(host.run, wanted, Ears(progress=on_progress))
            assert began.wait(60)
            return future

        yield start


def test_a_cancel_ends_a_sleep_and_keeps_its_worker(
    host: HostRuntime, started: Callable[[HostRuntime, Job], Future[JobOutcome]]
) -> None:
    pid, sleep = worker_pid(host), job("sleep", seconds=600)
    future = started(host, sleep)
    assert host.cancel("another execution") == 0
    assert host.cancel(sleep.execution_id) == 1
    assert code(future.result(30)) == "WK-006"
    assert worker_pid(host) == pid
    assert output(run(host, job("value", value=2))).data == 2


def test_a_node_that_does_not_notice_a_cancel_is_killed(
    host: HostRuntime, started: Callable[[HostRuntime, Job], Future[JobOutcome]]
) -> None:
    sleep = job("sleep", seconds=600)
    future, pid = started(host, sleep), worker_pid(host)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert host.cancel(sleep.execution_id) == 1
    assert code(future.result(60)) == "WK-006"
    assert output(run(host, job("value", value=3))).data == 3
    assert worker_pid(host) != pid


def test_a_job_that_takes_too_long_is_killed(host: HostRuntime) -> None:
    pid = worker_pid(host)
    assert code(run(host, replace(job("sleep", seconds=600), timeout_s=0.3))) == "WK-005"
    assert output(run(host, job("value", value=4))).data == 4
    assert worker_pid(host) != pid


def test_a_parameter_is_checked_before_the_node_runs(host: HostRuntime) -> None:
    outcome = run(host, job("sleep", seconds=-1))
    assert code(outcome) == "VE-010"
    assert outcome.error is not None
    assert "seconds" in outcome.error.message


def test_a_stale_reference_is_refused(host: HostRuntime) -> None:
    tensor = output(run(host, job("allocate", mb=1)))
    assert tensor.ref is not None
    older = replace(tensor, ref=replace(tensor.ref, generation=tensor.ref.generation - 1))
    assert code(run(host, job("checksum", {"in": older}))) == "WK-002"
    assert code(run(host, job("checksum", {"in": tensor}))) is None


def test_damaged_bytes_are_noticed_by_the_next_process_that_reads_them(host: HostRuntime) -> None:
    tensor = output(run(host, job("allocate", mb=1, seed=5)))
    assert tensor.ref is not None
    with host.config.arena_path.open("r+b") as arena:
        arena.seek(tensor.ref.offset + tensor.ref.nbytes - 1)
        last = arena.read(1)[0]
        arena.seek(-1, os.SEEK_CUR)
        arena.write(bytes([last ^ 1]))
    # The worker that wrote the tensor trusts it; its successor does not.
    assert code(run(host, job("crash"))) == "WK-001"
    assert code(run(host, job("checksum", {"in": tensor}))) == "WK-007"
    # From then on the host refuses it, before a worker is asked.
    refused = run(host, job("identity", {"in": tensor}))
    assert (code(refused), refused.worker_id) == ("WK-007", "")
    assert host.statistics().arena["condemned"] == 1


def test_damage_is_noticed_where_an_output_is_read(host: HostRuntime) -> None:
    tensor = output(run(host, job("allocate", mb=1, seed=9)))
    assert tensor.ref is not None
    data, _ = host.read(tensor, "arrow")
    assert len(data) == tensor.ref.nbytes
    other = output(run(host, job("allocate", mb=1, seed=10)))
    assert other.ref is not None
    host.arena.segment.writable(other.ref.offset, other.ref.nbytes)[other.ref.nbytes - 1] ^= 1
    with pytest.raises(WorkerError, match="WK-007"):
        host.read(other, "npy")
    assert not host.is_intact(other)
    assert host.is_intact(tensor)


def test_pinned_results_outlive_a_full_arena(host: HostRuntime) -> None:
    first = replace(job("allocate", mb=64, seed=11), key="pinned")
    tensor = output(run(host, first))
    assert host.pin(tensor, keep=True)
    assert host.pin(output(run(host, job("allocate", mb=1, seed=12))), keep=True) is None, "no key leads to it"
    host.release(first.execution_id)
    for seed in range(3):
        large = job("allocate", mb=700, seed=seed)
        output(run(host, large))
        host.release(large.execution_id)
    assert host.known(["pinned"]) == ["pinned"]
    assert host.statistics().arena["pinned_bytes"] > 64 << 20
    assert host.pin(tensor, keep=False) is False
    assert host.statistics().arena["pinned_bytes"] == 0


def test_what_comes_after_its_execution_has_ended_is_held_by_nobody(host: HostRuntime) -> None:
    late = job("sleep", seconds=0.3)
    made = replace(job("allocate", mb=1, seed=77), execution_id=late.execution_id, inputs={}, key="late-key")
    began = threading.Event()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(host.run, late, Ears(progress=lambda _: began.set()))
        assert began.wait(30)
        second = pool.submit(run, host, made)
        assert eventually(lambda: len(host._dispatcher._orders) == 2)
        host.release(late.execution_id)
        slow.result(30)
        tensor = output(second.result(30))
    assert tensor.ref is not None
    assert host.known(["late-key"]) == ["late-key"]
    held = [block for *_, block in host.arena.blocks.layout() if block is not None and block.ref == tensor.ref]
    assert [block.state.value for block in held] == ["cached"]


def test_a_large_tensor_moves_by_reference_only(host: HostRuntime) -> None:
    made = job("allocate", mb=512, seed=6)
    tensor = output(run(host, made))
    before = host.statistics()
    value = tensor
    for _ in range(5):
        value = output(run(host, job("identity", {"in": value})))
    after = host.statistics()
    assert value.ref == tensor.ref
    moved = after.socket_bytes - before.socket_bytes
    assert 0 < moved < 5 * 8192
    assert after.arena["in_use_bytes"] == before.arena["in_use_bytes"]
    host.release(made.execution_id)


def _hello(channel: UnixChannel, **changes: Any) -> Welcome:
    channel.send(encode(replace(Hello(os.getpid(), []), **changes)))
    answer = decode(channel.receive(10) or b"")
    assert isinstance(answer, Welcome)
    return answer


@pytest.mark.parametrize("changes", [{"protocol": 99}, {"pid": 1}], ids=["wrong protocol", "not its own process"])
def test_an_unfit_peer_is_told_why(host: HostRuntime, changes: dict[str, Any]) -> None:
    channel = UnixChannel.connect(host.config.run_dir / "workers.sock")
    error = _hello(channel, **changes).error
    assert error is not None
    assert error.code == "WK-010"
    with pytest.raises(ChannelClosed):
        channel.receive(10)
    channel.close()
    assert output(run(host, job("value", value=5))).data == 5


def test_a_process_that_the_host_did_not_start_gets_no_job(host: HostRuntime) -> None:
    pid = worker_pid(host)
    channel = UnixChannel.connect(host.config.run_dir / "workers.sock")
    assert _hello(channel).error is not None
    channel.close()
    assert output(run(host, job("value", value=6))).data == 6
    assert worker_pid(host) == pid


@pytest.mark.parametrize(
    "data",
    [b"", b"\x03\x00\x00\x00abc", b"GET / HTTP/1.1\r\n\r\n", (MAX_FRAME_BYTES + 1).to_bytes(4, "little"), b"\x10"],
    ids=["nothing", "garbage", "http", "oversize", "half a length"],
)
def test_garbage_at_the_socket_disturbs_nobody(host: HostRuntime, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(host.config.run_dir / "workers.sock"))
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        peer.settimeout(10)
        while peer.recv(4096):
            pass
    assert output(run(host, job("value", value=7))).data == 7


def test_a_node_that_writes_into_its_input_damages_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Path(__file__).with_name("scribbling_worker.py")

    def start(command: WorkerCommand, number: int) -> subprocess.Popen[bytes]:
        options = ["--socket", str(command.socket), "--debug"]
        return subprocess.Popen([sys.executable, str(script), *options], stderr=subprocess.DEVNULL)

    monkeypatch.setattr(watch, "start_worker", start)
    host = HostRuntime(config(tmp_path))
    try:
        host.start()
        tensor = output(run(host, job("allocate", mb=1, seed=8)))
        before = output(run(host, job("checksum", {"in": tensor}))).data
        outcome = run(host, replace(job("scribble", {"in": tensor}), node_type="test.scribble"))
        assert code(outcome) == "WK-001"
        assert outcome.error is not None
        assert "killed by signal 11" in outcome.error.message
        assert output(run(host, job("checksum", {"in": tensor}))).data == before
    finally:
        host.close()


def test_it_is_told_which_tensors_came_and_went(tmp_path: Path) -> None:
    told: list[HostReport] = []
    with running(config(tmp_path, arena_budget_bytes=64 << 20), on_event=told.append) as host:
        first = job("allocate", mb=40, seed=1)
        output(run(host, first))
        host.release(first.execution_id)
        output(run(host, job("allocate", mb=40, seed=2)))
        assert eventually(lambda: len([report for report in told if isinstance(report, TensorReport)]) >= 3)
        assert host.arena.segment.header().clock_tick > 0
    tensors = [report for report in told if isinstance(report, TensorReport)]
    came = [tensor for report in tensors if report.event == "allocated" for tensor in report.tensors]
    (gone,) = [tensor for report in tensors if report.event == "evicted" for tensor in report.tensors]
    assert [tensor["node_id"] for tensor in came] == ["allocate", "allocate"]
    assert gone["generation"] == came[0]["generation"]
    assert {report.execution_id for report in tensors if report.event == "allocated"} >= {first.execution_id}


def test_a_tensor_that_a_job_reads_stays_whatever_becomes_of_its_execution(host: HostRuntime) -> None:
    made = job("allocate", mb=4, seed=31)
    tensor = output(run(host, made))

    def state() -> str:
        return next(b.state.value for *_, b in host.arena.blocks.layout() if b is not None and b.ref == tensor.ref)

    assert state() == "written"
    slow = replace(job("sleep", {"in": tensor}, seconds=600), execution_id=made.execution_id)
    began = threading.Event()
    with ThreadPoolExecutor() as pool:
        sleeping = pool.submit(host.run, slow, Ears(progress=lambda _: began.set()))
        assert began.wait(30)
        assert state() == "in_use"
        host.release(made.execution_id)
        assert state() == "in_use"
        assert eventually(lambda: host.cancel(made.execution_id) == 0)
        assert code(sleeping.result(30)) == "WK-006"
    assert state() == "cached"


@pytest.mark.parametrize(("policy", "seen"), [("always", "WK-007"), ("off", None)])
def test_the_policy_of_checksums_reaches_the_workers(tmp_path: Path, policy: str, seen: str | None) -> None:
    with running(config(tmp_path, checksums=policy)) as host:
        tensor = output(run(host, job("allocate", mb=1, seed=5)))
        assert tensor.ref is not None
        assert (tensor.ref.crc == 0) == (policy == "off")
        assert code(run(host, job("checksum", {"in": tensor}))) is None
        host.arena.segment.writable(tensor.ref.offset, tensor.ref.nbytes)[tensor.ref.nbytes - 1] ^= 1
        # Even the process that wrote it looks again, or nobody looks at all.
        assert code(run(host, job("checksum", {"in": tensor}))) == seen
