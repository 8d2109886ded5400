"""One job without a host: what a node is given, what comes of it, and what happens when memory runs out."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.shm.segment import Segment
from vortex_prefect.wire.payloads import RoomGrant
from vortex_worker.memory import TensorMemory
from vortex_worker.previews import JobPreviews
from vortex_worker.residents import Residents
from vortex_worker.runner import JobRunner
from vortex_worker.sdk import Context, node
from vortex_worker.sdk.context import Cancelled
from vortex_worker.sdk.declare import NodeType
from vortex_worker.state import WorkerState

Reports = list[tuple[str, float, str]]


class Bench:
    """A worker's runner on the CPU, with nodes that a test declares."""

    def __init__(self, folder: Path) -> None:
        self.residents = Residents()
        self.state = WorkerState(torch.device("cpu"), self.residents)
        self.reports: Reports = []
        self.graph_json: str | None = None
        self._folder = folder
        self._segment = Segment.create(folder / "arena", 1 << 20)
        full = RoomGrant(error=WorkerError("WK-008", "the arena is full"))
        self._memory = TensorMemory(self._segment, "h", lambda nbytes: full)

    def close(self) -> None:
        self._segment.close()

    def run(self, function: Callable[..., object], **params: object) -> JobOutcome:
        declared: NodeType = function.__vortex_node__  # type: ignore[attr-defined]
        runner = JobRunner(
            {declared.spec.type: declared},
            self._memory,
            self.state,
            self._folder / "outputs",
            self._folder / "state",
            lambda job_id, fraction, note: self.reports.append((job_id, fraction, note)),
            JobPreviews(lambda job_id, jpeg: None),
        )
        return runner.run(Job("j", "e", "n", declared.spec.type, params=dict(params), graph_json=self.graph_json))

    def error_of(self, function: Callable[..., object]) -> VortexError:
        outcome = self.run(function)
        assert outcome.outputs == {}
        assert outcome.error is not None
        return outcome.error


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.close()


class Model:
    """Something that is costly to make."""


def _never() -> Model:
    raise AssertionError("it was not kept")


@node("test.number", category="test")
def number(value: int = 1) -> int:
    return value + 1


@node("test.keeps", category="test")
def keeps(ctx: Context) -> int:
    ctx.resident("a model", Model, 5 << 20)
    return 1


def _raises(error: BaseException) -> Callable[..., object]:
    @node("test.raises", category="test")
    def raises() -> int:
        raise error

    return raises


def test_a_result_has_its_job_its_port_and_its_times(bench: Bench) -> None:
    outcome = bench.run(number, value=4)
    assert (outcome.job_id, outcome.error, outcome.outputs) == ("j", None, {"int": Value("INT", data=5)})
    assert 0 < outcome.started_ms <= outcome.finished_ms


def test_progress_is_reported_under_the_job(bench: Bench) -> None:
    @node("test.reports", category="test")
    def reports(ctx: Context) -> int:
        ctx.progress(0.5, "half")
        ctx.progress(7)
        return 1

    bench.run(reports)
    assert bench.reports == [("j", 0.5, "half"), ("j", 1.0, "")]


def test_what_a_node_keeps_outlives_its_job(bench: Bench) -> None:
    bench.run(keeps)
    kept = bench.residents.get("a model", _never)
    bench.run(keeps)
    assert bench.residents.get("a model", Model) is kept
    assert bench.state.beat().residents == ("a model",)


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (ValueError("no such colour"), "WK-003", "ValueError: no such colour"),
        (RuntimeError("shapes do not match"), "WK-003", "RuntimeError: shapes do not match"),
        (WorkerError("WK-008", "the arena is full"), "WK-008", "the arena is full"),
        (Cancelled(), "WK-006", "cancelled while it ran"),
    ],
    ids=["a failure", "a failure of torch", "an error of ours", "a cancel"],
)
def test_a_failure_of_a_node_is_its_result(bench: Bench, raised: Exception, code: str, message: str) -> None:
    bench.run(keeps)
    error = bench.error_of(_raises(raised))
    assert (error.code, error.message) == (code, message)
    assert bench.residents.names() == ("a model",), "only a want of memory is a reason to let go"


def test_a_failure_says_where_it_was(bench: Bench) -> None:
    assert "in raises" in (bench.error_of(_raises(ValueError("no"))).traceback or "")


def test_a_node_that_nobody_knows_is_told_as_such(bench: Bench) -> None:
    told, previews = (lambda job_id, fraction, note: None), JobPreviews(lambda job_id, jpeg: None)
    runner = JobRunner({}, bench._memory, bench.state, Path(), Path(), told, previews)
    outcome = runner.run(Job("j", "e", "n", "no.such"))
    assert outcome.error is not None
    assert outcome.error.code == "VE-003"


# -- no memory left ----------------------------------------------------------------------------


def _fails_for_memory() -> BaseException:
    """What torch raises on a CPU, from torch itself."""
    try:
        torch.empty(1 << 55, dtype=torch.uint8)
    except RuntimeError as error:
        return error.with_traceback(None)
    raise AssertionError("no machine has so much")


@pytest.mark.parametrize(
    "raised",
    [torch.OutOfMemoryError("CUDA out of memory"), MemoryError("no room for it"), _fails_for_memory()],
    ids=["on a device", "in Python", "in torch on the CPU"],
)
def test_a_want_of_memory_says_what_was_held_and_lets_go_of_it(bench: Bench, raised: BaseException) -> None:
    bench.run(keeps)
    model = weakref.ref(bench.residents.get("a model", Model, 5 << 20))
    error = bench.error_of(_raises(raised))
    assert error.code == "WK-004"
    assert error.message.startswith(f"no memory left on cpu: {raised}; held: this process ")
    assert error.message.endswith("; kept: a model (5 MiB)")
    assert "in raises" in (error.traceback or "")
    assert bench.residents.names() == ()
    gc.collect()
    assert model() is None


def test_a_want_of_memory_where_nothing_was_kept_says_that(bench: Bench) -> None:
    assert bench.error_of(_raises(MemoryError())).message.endswith("; nothing kept between jobs")


def test_what_the_failed_node_held_is_free_when_memory_is_looked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the allocator would have nothing to give back: the frames of the traceback keep it."""
    held: list[weakref.ref[Model]] = []
    alive_at_collection: list[bool] = []

    @node("test.large", category="test")
    def large() -> int:
        model = Model()
        held.append(weakref.ref(model))
        raise MemoryError

    collect = gc.collect

    def see() -> int:
        count = collect()
        alive_at_collection.append(held[0]() is not None)
        return count

    monkeypatch.setattr(gc, "collect", see)
    bench.error_of(large)
    assert alive_at_collection == [False]


def test_what_the_failed_node_held_is_free_even_where_one_want_led_to_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that tries again with less, in an `except`, fails with the first failure as its context."""
    held: list[weakref.ref[Model]] = []
    alive_at_collection: list[bool] = []

    def attempt() -> int:
        model = Model()
        held.append(weakref.ref(model))
        raise MemoryError

    @node("test.retries", category="test")
    def retries() -> int:
        try:
            return attempt()
        except MemoryError:
            return attempt()

    collect = gc.collect

    def see() -> int:
        count = collect()
        alive_at_collection.append(any(each() is not None for each in held))
        return count

    monkeypatch.setattr(gc, "collect", see)
    bench.error_of(retries)
    assert alive_at_collection == [False]


def test_the_next_job_makes_anew_what_was_let_go(bench: Bench) -> None:
    bench.run(keeps)
    bench.run(_raises(MemoryError()))
    assert bench.run(keeps).error is None
    assert bench.residents.names() == ("a model",)


# -- how a worker is ---------------------------------------------------------------------------


def test_a_worker_on_a_cpu_says_so_and_knows_of_no_device_memory(bench: Bench) -> None:
    beat = bench.state.beat()
    assert (beat.tick, beat.device, beat.device_bytes, beat.device_free_bytes, beat.residents) == (0, "cpu", 0, 0, ())
    assert beat.rss_bytes > 1 << 20


def test_a_trim_lets_go_of_what_is_only_kept(bench: Bench) -> None:
    bench.run(keeps)
    bench.state.trim()
    assert bench.state.beat().residents == ()
    assert bench.state.held().endswith("nothing kept between jobs")


@node("test.signed", category="test", outputs=("out",), volatile=True, takes_graph=True)
def signed(ctx: Context) -> str:
    return str(ctx.graph_json)


@node("test.signed_steps", category="test", outputs=("out",), volatile=True, takes_graph=True)
class Signed:
    def __call__(self, ctx: Context) -> str:
        return str(ctx.graph_json)


@pytest.mark.parametrize("declared", [signed, Signed])
def test_a_node_finds_the_graph_that_its_job_carries(bench: Bench, declared: Callable[..., object]) -> None:
    assert bench.run(declared).outputs["out"].data == "None"
    bench.graph_json = '{"nodes": {}}'
    assert bench.run(declared).outputs["out"].data == '{"nodes": {}}'


def test_a_node_whose_results_are_reused_takes_no_graph() -> None:
    with pytest.raises(TypeError, match=r"test\.kept takes the graph, so it has to be volatile"):
        node("test.kept", category="test", takes_graph=True)
