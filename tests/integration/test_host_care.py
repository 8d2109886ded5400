"""How a host cares for its workers: spares, hangs, memory, nodes that kill, jobs that travel together."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.host_jobs import code, config, job, output, running
from tests.integration.polling import eventually
from tests.integration.processes import descendants
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.host.conversation import Ears
from vortex_prefect.host.members import Policy
from vortex_prefect.host.runtime import HostRuntime
from vortex_worker.packs.debug.counting import read_count

pytestmark = pytest.mark.integration


def pid(host: HostRuntime) -> int:
    """Of the one worker, once it is ready."""
    found = eventually(lambda: host.statistics().workers[0]["state"] == "ready" and host.statistics().workers[0]["pid"])
    assert isinstance(found, int)
    return found


def segment(*jobs: Job) -> list[Job]:
    """Jobs that travel together: each takes `in` of the one before."""
    first, *rest = jobs
    return [first, *[replace(each, links={"in": ("out",)}, execution_id=first.execution_id) for each in rest]]


def test_a_spare_takes_over_at_once_and_has_a_successor(tmp_path: Path) -> None:
    events: list[WorkerReport] = []
    with running(config(tmp_path, spares=1), on_event=events.append) as host:
        assert output(host.run(job("value", value=1))).data == 1
        (spare,) = eventually(lambda: host.statistics().spares)
        outcome = host.run(job("crash"))
        assert code(outcome) == "WK-001"
        assert output(host.run(job("value", value=2))).data == 2
        assert pid(host) == spare
        eventually(lambda: len(host.statistics().spares) == 1)
        assert host.statistics().spares != (spare,)
    assert [event.event for event in events] == ["spawned", "crashed", "recovered"]
    _, crashed, recovered = events
    assert "signal 9" in (crashed.reason or "")
    assert crashed.job is not None
    assert crashed.job["job_id"] == outcome.job_id
    assert recovered.pid == spare
    assert recovered.worker_id == crashed.worker_id
    assert recovered.down_ms is not None


def test_a_stopped_worker_without_a_job_is_found_out_and_replaced(tmp_path: Path) -> None:
    events: list[WorkerReport] = []
    wanted = config(tmp_path, spares=1, beat_ms=100, policy=Policy(1, hang_after_s=1.0))
    with running(wanted, on_event=events.append) as host:
        stopped = pid(host)
        os.kill(stopped, signal.SIGSTOP)
        eventually(lambda: [event for event in events if event.event == "recovered"])
        assert pid(host) != stopped
        assert output(host.run(job("value", value=1))).data == 1
    reasons = [event.reason for event in events if event.event == "crashed"]
    assert reasons == ["it hung: no sign of life for 1 s"]


def test_a_worker_that_has_grown_too_large_is_replaced_between_two_jobs(tmp_path: Path) -> None:
    events: list[WorkerReport] = []
    # Above what torch alone takes, below what the job keeps.
    wanted = config(tmp_path, beat_ms=50, policy=Policy(1, rss_limit_bytes=1 << 20))
    with running(wanted, on_event=events.append) as host:
        grown = pid(host)
        assert output(host.run(job("sleep", seconds=0.3))).data is None
        eventually(lambda: pid(host) != grown)
        assert output(host.run(job("value", value=1))).data == 1
    assert "crashed" not in [event.event for event in events]


def test_a_node_that_kills_again_and_again_is_not_run_any_more(tmp_path: Path) -> None:
    with running(config(tmp_path, spares=1, quarantine_after=2)) as host:
        assert [code(host.run(job("crash"))) for _ in range(2)] == ["WK-001", "WK-001"]
        refused = host.run(job("crash"))
        assert code(refused) == "WK-011"
        assert refused.error is not None
        assert "crash (debug.crash)" in refused.error.message
        outcomes = host.run_segment(segment(job("value", value=1), job("crash"), job("value", value=2)))
        assert [code(outcome) for outcome in outcomes] == [None, "WK-011"]
        assert output(host.run(job("value", value=1))).data == 1


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostRuntime]:
    """A host with two workers on one device."""
    with running(config(tmp_path_factory.mktemp("pair"), workers=2)) as host:
        yield host


def run_together(host: HostRuntime, sleep: Job, then: Callable[[], JobOutcome]) -> tuple[JobOutcome, JobOutcome]:
    """What came of a job that sleeps, and of what is done while it does."""
    with ThreadPoolExecutor(1) as threads:
        began = threading.Event()
        sleeping = threads.submit(host.run, sleep, Ears(progress=lambda _: began.set()))
        assert began.wait(60)
        done = then()
        return sleeping.result(60), done


def test_a_job_that_runs_out_of_memory_beside_another_has_a_second_try_alone(pair: HostRuntime) -> None:
    short, starved = job("sleep", seconds=0.5), job("oom", {"in": Value("INT", data=5)}, times=1)
    slept, done = run_together(pair, short, lambda: pair.run(starved))
    assert code(slept) is None
    assert output(done).data == 5
    assert "a second time" in done.why
    # It waited until it was alone.
    assert done.started_ms >= slept.finished_ms


def test_a_job_that_runs_out_of_memory_alone_too_fails_and_says_what_was_held(pair: HostRuntime) -> None:
    outcome = pair.run(job("oom"))
    assert code(outcome) == "WK-004"
    assert outcome.error is not None
    assert "held: this process" in outcome.error.message
    assert output(pair.run(job("value", value=1))).data == 1


def test_within_a_segment_only_the_job_that_ran_out_of_memory_is_repeated(pair: HostRuntime) -> None:
    before, after = job("count", tag="before oom"), job("count", tag="after oom")
    outcomes = pair.run_segment(segment(before, job("oom", times=1), after))
    assert [code(outcome) for outcome in outcomes] == [None, None, None]
    assert [outcome.outputs["out"].data for outcome in outcomes] == [1, 1, 1]


def test_a_segment_hands_tensors_on_and_ends_at_a_failure(pair: HostRuntime) -> None:
    jobs = segment(job("allocate", mb=1, seed=3), job("identity"), job("checksum"))
    made, passed, digest = pair.run_segment(jobs)
    assert output(passed).ref == output(made).ref
    again = pair.run(job("checksum", {"in": output(made)}))
    assert output(digest).data == output(again).data
    ended = pair.run_segment(segment(job("value", value=1), job("fail"), job("count", tag="never")))
    assert [code(outcome) for outcome in ended] == [None, "WK-003"]
    pair.release(jobs[0].execution_id)


def test_a_crash_within_a_segment_keeps_what_was_done_and_names_who_is_to_blame(tmp_path: Path) -> None:
    events: list[WorkerReport] = []
    with running(config(tmp_path), on_event=events.append) as host:
        jobs = segment(job("value", value=1), job("crash"), job("value", value=2))
        outcomes = host.run_segment(jobs)
        assert [code(outcome) for outcome in outcomes] == [None, "WK-001"]
        (crashed,) = eventually(lambda: [event for event in events if event.event == "crashed"])
    assert crashed.job is not None
    assert crashed.job["node_id"] == "crash"


def test_of_a_segment_that_takes_long_the_rest_is_left(pair: HostRuntime) -> None:
    jobs = segment(job("value", value=1), job("sleep", seconds=0.5), job("count", tag="left"), job("count", tag="left"))
    heard: list[str] = []
    outcomes = pair.run_segment(jobs, Ears(progress=lambda progress: heard.append(progress.job_id)))
    assert [code(outcome) for outcome in outcomes] == [None, None]
    assert heard[0] == jobs[1].job_id
    assert read_count(pair.config.state_dir, "left") == 0
    # By itself, under its own name: nobody remembers that it was taken back.
    alone = pair.run(replace(jobs[2], links={}, inputs={}))
    assert (code(alone), read_count(pair.config.state_dir, "left")) == (None, 1)


def test_a_cancel_ends_a_segment_and_keeps_its_worker(pair: HostRuntime) -> None:
    jobs = segment(job("sleep", seconds=600), job("count", tag="cancelled"))
    eventually(lambda: all(worker["state"] == "ready" for worker in pair.statistics().workers))
    pids = {worker["pid"] for worker in pair.statistics().workers}
    with ThreadPoolExecutor(1) as threads:
        began = threading.Event()
        future = threads.submit(pair.run_segment, jobs, Ears(progress=lambda _: began.set()))
        assert began.wait(60)
        assert pair.cancel(jobs[0].execution_id) == 1
        assert [code(outcome) for outcome in future.result(30)] == ["WK-006"]
    assert {worker["pid"] for worker in pair.statistics().workers} == pids


def test_a_job_goes_where_its_inputs_are_at_hand_and_says_so(pair: HostRuntime) -> None:
    made = pair.run(job("allocate", mb=4, seed=1))
    for _ in range(3):
        outcome = pair.run(job("checksum", {"in": output(made)}))
        assert outcome.worker_id == made.worker_id
        assert "has 4.0 MiB of its inputs at hand" in outcome.why


def test_a_node_that_needs_a_device_that_no_worker_has_is_told_so_at_once(
    pair: HostRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventually(lambda: all(worker["state"] == "ready" for worker in pair.statistics().workers))
    specs = [spec.model_copy(update={"device": "cuda"}) for spec in pair.catalogue().all()]
    monkeypatch.setattr(pair._supervisor, "catalogue", lambda timeout_s: Catalogue(tuple(specs)))
    outcome = pair.run(job("value", value=1))
    assert code(outcome) == "SY-003"
    assert outcome.error is not None
    assert "needs cuda" in outcome.error.message


def test_packets_come_back_quickly_enough_to_be_counted(pair: HostRuntime) -> None:
    times = pair.round_trips_us(50)
    assert len(times) == 50
    assert all(time > 0 for time in times)


def test_a_preview_reaches_who_listens(pair: HostRuntime) -> None:
    seen: list[bytes] = []
    paint = job("paint", seconds=1.0, size=64)
    assert code(pair.run(paint, Ears(preview=lambda preview: seen.append(preview.jpeg)))) is None
    assert seen
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in seen)


def test_a_worker_whose_channel_breaks_is_ended(pair: HostRuntime) -> None:
    """A process that lives on without its channel would be nobody's."""
    eventually(lambda: all(worker["state"] == "ready" for worker in pair.statistics().workers))
    lost = pair.statistics().workers[0]["pid"]
    os.kill(lost, signal.SIGTERM)
    eventually(lambda: lost not in descendants())
    eventually(lambda: all(worker["state"] == "ready" for worker in pair.statistics().workers))
