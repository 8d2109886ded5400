"""The debug pack: the contract that recovery and caching tests rely on."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from vortex_worker.packs.debug import faults, painting
from vortex_worker.packs.debug.counting import add_count, count_path, read_count
from vortex_worker.packs.debug.faults import crash, fail, sleep
from vortex_worker.packs.debug.memory import allocate, checksum, oom
from vortex_worker.packs.debug.painting import paint
from vortex_worker.packs.debug.values import add, count, identity, value
from vortex_worker.sdk import Cancelled, Context

MakeContext = Callable[..., Context]


def test_values() -> None:
    assert value({"a": 1}) == {"a": 1}
    tensor = torch.zeros(2)
    assert identity(tensor) is tensor
    assert add(1.0, 2.5) == 3.5


def test_fail_happens_on_the_first_attempts(make_context: MakeContext) -> None:
    for attempt in (1, 2):
        with pytest.raises(RuntimeError, match="on purpose"):
            fail(make_context(attempt), 5, message="on purpose", times=2)
    assert fail(make_context(3), 5, message="on purpose", times=2) == 5
    assert fail(make_context(1), 5, times=0) == 5
    with pytest.raises(RuntimeError):
        fail(make_context(1000), times=-1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_crash_kills_its_own_process_only(number: int) -> None:
    code = (
        "import os, signal, sys, torch\n"
        "from pathlib import Path\n"
        "from vortex_worker.packs.debug.faults import crash\n"
        "from vortex_worker.sdk import Context\n"
        "ctx = Context(node_id='n', execution_id='e', attempt=int(sys.argv[2]), device=torch.device('cpu'),\n"
        "              output_dir=Path('/none'), state_dir=Path('/none'), report=print)\n"
        "print(crash(ctx, 'survived', signal=int(sys.argv[1]), times=1), flush=True)\n"
    )
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "workers")])}
    ends = []
    for attempt in ("1", "2"):
        # The shell is in the same process group and has to survive to tell how its child ended.
        command = ["sh", "-c", '"$@"; echo "status $?"', "sh", sys.executable, "-c", code, str(int(number)), attempt]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, check=True, timeout=120, start_new_session=True
        )
        ends.append(done.stdout.split())
    assert ends == [["status", str(128 + number)], ["survived", "status", "0"]]


def test_crash_beyond_its_times_passes_on(make_context: MakeContext) -> None:
    assert crash(make_context(2), 5, times=1) == 5


def test_sleep_reports_until_it_is_done(ctx: Context, reports: list[tuple[float, str]]) -> None:
    assert sleep(ctx, "in", seconds=0.1) == "in"
    fractions = [fraction for fraction, _ in reports]
    assert len(fractions) >= 2
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert sleep(ctx, seconds=0.0) is None


def test_sleep_hears_a_cancel(make_context: MakeContext) -> None:
    cancelled = threading.Event()

    def report(fraction: float, note: str) -> None:
        if cancelled.is_set():
            raise Cancelled
        cancelled.set()

    with pytest.raises(Cancelled):
        sleep(make_context(report=report), seconds=3600.0)
    assert faults._STEP_S <= 0.1


def test_paint_shows_what_it_has(ctx: Context, reports: list[tuple[float, str]], shown: list[torch.Tensor]) -> None:
    image = paint(ctx, seconds=0.1, size=32)
    assert image.shape == (1, 32, 32, 3)
    assert image[0, 0, 0].tolist() == [0.0, 0.0, 0.0]
    assert image[0, -1, -1].tolist() == [1.0, 1.0, 0.0]
    assert len(shown) == len(reports) >= 2
    assert torch.equal(shown[-1], image)
    for picture, (fraction, _) in zip(shown, reports, strict=True):
        rows = round(32 * fraction)
        assert torch.equal(picture[:, :rows], image[:, :rows])
        assert not picture[:, rows:].any()
    assert reports[-1] == (1.0, "")


def test_paint_at_once(ctx: Context, shown: list[torch.Tensor]) -> None:
    assert torch.equal(paint(ctx, seconds=0.0, size=1), torch.zeros(1, 1, 1, 3))
    assert len(shown) == 1


def test_paint_hears_a_cancel(make_context: MakeContext) -> None:
    cancelled = threading.Event()

    def report(fraction: float, note: str) -> None:
        if cancelled.is_set():
            raise Cancelled
        cancelled.set()

    with pytest.raises(Cancelled):
        paint(make_context(report=report), seconds=3600.0, size=1)
    assert painting._STEP_S <= 0.1


def test_previews_need_nobody_who_looks(ctx: Context) -> None:
    blind = Context(
        node_id="n",
        execution_id="e",
        attempt=1,
        device=ctx.device,
        output_dir=Path("/none"),
        state_dir=Path("/none"),
        report=lambda fraction, note: None,
    )
    blind.preview(torch.zeros(1, 8, 8, 3))


def test_count_survives_and_keeps_tags_apart(ctx: Context) -> None:
    assert [count(ctx, tag="a"), count(ctx, 1, tag="a"), count(ctx, tag="b")] == [1, 2, 1]
    assert read_count(ctx.state_dir, "a") == 2
    assert read_count(ctx.state_dir, "never") == 0


def test_count_takes_any_tag(tmp_path: Path) -> None:
    for tag in ("", "../../etc/passwd", "ä/\n", "x" * 10_000):
        assert count_path(tmp_path, tag).parent == tmp_path
        assert add_count(tmp_path, tag) == 1
    assert count_path(tmp_path, "a").name == hashlib.sha256(b"a").hexdigest()


def count_often(folder: str) -> None:
    for _ in range(200):
        add_count(Path(folder), "shared")


def test_count_loses_nothing_among_processes(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=count_often, args=(str(tmp_path),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert read_count(tmp_path, "shared") == 400


def test_allocate_has_its_size_and_seed(ctx: Context) -> None:
    tensor = allocate(ctx, mb=3, seed=1)
    assert (tensor.shape, tensor.dtype) == ((3 << 20,), torch.uint8)
    assert torch.equal(tensor, allocate(ctx, mb=3, seed=1))
    assert not torch.equal(tensor, allocate(ctx, mb=3, seed=2))
    assert torch.bincount(tensor).count_nonzero() == 256
    assert allocate(ctx, mb=0).shape == (0,)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.uint8])
def test_checksum_is_sha256_of_the_bytes(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 1], [1, 0]]).to(dtype)
    data = bytes(tensor.view(torch.uint8).flatten().tolist())
    assert checksum(tensor) == hashlib.sha256(data).hexdigest()
    # The bytes are those in C order, whatever the strides.
    wide = torch.tensor([[0, 7, 1, 7], [1, 7, 0, 7]]).to(dtype)
    assert checksum(wide[:, ::2]) == checksum(tensor)


def test_checksum_of_scalar_and_empty() -> None:
    assert checksum(torch.tensor(1, dtype=torch.uint8)) == hashlib.sha256(b"\x01").hexdigest()
    assert checksum(torch.empty(0)) == hashlib.sha256(b"").hexdigest()


def test_oom(ctx: Context) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        oom(ctx)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_oom_on_cuda_is_the_allocators_own(make_context: MakeContext) -> None:
    ctx = make_context()
    ctx.device = torch.device("cuda")
    with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
        oom(ctx)
