"""Models in files: the one that was meant or none at all, loaded once, and run as the library itself would."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.fakes import onnx_files
from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.models import resident_name
from vortex_prefect.files.roots import ANYWHERE, FileRoots
from vortex_worker.packs.model import loading, running
from vortex_worker.residents import Residents
from vortex_worker.sdk import Context
from vortex_worker.sdk.files import permit

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
ROWS = torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])


class Small(torch.nn.Module):
    """Two outputs of one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.layer(x)
        return y, y.relu()


def make_linear(folder: Path, name: str = "linear.onnx") -> Path:
    path = folder / name
    path.write_bytes(onnx_files.linear(3, 2, MATRIX.ravel().tolist()))
    return path


def make_program(folder: Path, kind: str) -> tuple[Path, torch.nn.Module]:
    torch.manual_seed(1)
    module = Small().eval()
    path = folder / f"small.{'pt2' if kind == 'export' else 'pt'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "export":
            batch = torch.export.Dim("batch")
            torch.export.save(torch.export.export(module, (ROWS,), dynamic_shapes=({0: batch},)), path)
        else:
            torch.jit.script(module).save(path)
    return path, module


def handle(path: Path, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = loading.load(path, **options)
    return found


# -- the file that was meant ---------------------------------------------------------------


def test_a_model_is_named_by_its_hash(tmp_path: Path) -> None:
    path = make_linear(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert handle(path, sha256=digest.upper() + " ") == {
        "path": str(path), "sha256": digest, "format": "onnx", "nbytes": path.stat().st_size,
    }  # fmt: skip


def test_another_hash_is_refused_with_both(tmp_path: Path) -> None:
    path = make_linear(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(WorkerError, match=f"WK-009 {path} has SHA-256 {digest}, not {'0' * 64}"):
        loading.load(path, "0" * 64)
    with pytest.raises(ValueError, match="is no SHA-256"):
        loading.load(path, "abc")


def test_a_file_that_changed_since_is_not_loaded(tmp_path: Path, ctx: Context) -> None:
    path = make_linear(tmp_path)
    named = handle(path)
    path.write_bytes(onnx_files.linear(3, 2, [9.0] * 6))
    with pytest.raises(WorkerError, match="WK-009"):
        running.run(named, [ROWS], ctx)


def test_a_model_outside_the_folders_is_not_read(tmp_path: Path, ctx: Context) -> None:
    path = make_linear(tmp_path)
    named = handle(path)
    (tmp_path / "inside").mkdir()
    permit(FileRoots(((tmp_path / "inside").resolve(),)))
    try:
        with pytest.raises(WorkerError, match="WK-012"):
            loading.load(path)
        with pytest.raises(WorkerError, match="WK-012"):
            running.run(named, [ROWS], ctx)
    finally:
        permit(ANYWHERE)


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "x",
        {},
        {"path": "x"},
        {"path": 1, "sha256": "", "format": "onnx", "nbytes": 1},
        {"path": "x", "sha256": "", "format": "pickle", "nbytes": 1},
    ],
)
def test_what_names_no_model_is_refused(value: Any, ctx: Context) -> None:
    with pytest.raises(ValueError, match="names no model"):
        running.run(value, [ROWS], ctx)


# -- running -------------------------------------------------------------------------------


def test_onnx_gives_what_numpy_gives(tmp_path: Path, ctx: Context) -> None:
    named = handle(make_linear(tmp_path))
    np.testing.assert_allclose(running.run(named, [ROWS], ctx).numpy(), ROWS.numpy() @ MATRIX)
    np.testing.assert_allclose(running.run(named, [ROWS.to(torch.bfloat16)], ctx, "y").numpy(), ROWS.numpy() @ MATRIX)
    (only,) = running.run_all(named, [ROWS], ctx)
    np.testing.assert_allclose(only.numpy(), ROWS.numpy() @ MATRIX)
    told = running.describe(named, ctx)
    assert told["inputs"] == [{"name": "x", "shape": ["batch", 3], "type": "tensor(float)"}]
    assert told["outputs"] == ["y"]


@pytest.mark.parametrize("kind", ["torchscript", "export"])
def test_programs_of_torch_give_what_their_module_gives(tmp_path: Path, ctx: Context, kind: str) -> None:
    path, module = make_program(tmp_path, kind)
    named = handle(path)
    assert named["format"] == kind
    expected = module(ROWS)
    for found, right in zip(running.run_all(named, [ROWS], ctx), expected, strict=True):
        torch.testing.assert_close(found, right)
    torch.testing.assert_close(running.run(named, [ROWS], ctx, "1"), expected[1])
    assert running.describe(named, ctx)["parameters"] == 8
    with pytest.raises(ValueError, match="no output 'z', but 0, 1"):
        running.run(named, [ROWS], ctx, "z")
    with pytest.raises(ValueError, match="does not take tensors of shape"):
        running.run(named, [ROWS[:, :2]], ctx)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_weights_are_tensors_by_name(tmp_path: Path, ctx: Context, name: str) -> None:
    path = tmp_path / name
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1, dtype=torch.int64)}
    if name.endswith("pt"):
        torch.save({"state_dict": tensors, "epoch": 3}, path)
    else:
        safetensors.torch.save_file(tensors, path)
    named = handle(path)
    assert running.describe(named, ctx)["tensors"] == {"a.weight": [2, 3], "b": [1]}
    assert torch.equal(running.weight(named, ctx, "a.weight"), tensors["a.weight"])
    with pytest.raises(ValueError, match=r"no tensor 'c' among 2: a\.weight, b"):
        running.weight(named, ctx, "c")
    with pytest.raises(ValueError, match="this node takes onnx or torchscript or export"):
        running.run(named, [ROWS], ctx)


def test_inputs_that_do_not_fit_are_said(tmp_path: Path, ctx: Context) -> None:
    named = handle(make_linear(tmp_path))
    with pytest.raises(ValueError, match=r"takes 1 tensors \(x\), not 2"):
        running.run(named, [ROWS, ROWS], ctx)
    with pytest.raises(ValueError, match=r"does not take tensors of shape \(2, 2\)"):
        running.run(named, [ROWS[:, :2]], ctx)


# -- what is no model ----------------------------------------------------------------------


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_runs_code_is_refused_and_runs_none(tmp_path: Path, ctx: Context) -> None:
    mark = tmp_path / "it ran"
    plain, packed = tmp_path / "plain.pt", tmp_path / "packed.ckpt"
    plain.write_bytes(pickle.dumps({"weight": _Bomb(mark)}))
    torch.save({"weight": _Bomb(mark)}, packed)
    for path in (plain, packed):
        with pytest.raises(ValueError, match=f"{path.name} holds no tensors that can be read safely"):
            running.describe(handle(path, format="weights"), ctx)
        for kind in ("torchscript", "export", "onnx", "safetensors"):
            with pytest.raises(ValueError, match=path.name):
                running.describe(handle(path, format=kind), ctx)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["x.onnx", "x.safetensors", "x.pt2", "x.jit", "x.pt"])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_cut_files_are_named(tmp_path: Path, ctx: Context, name: str, part: float) -> None:
    makers: dict[str, Callable[[], Path]] = {
        "x.onnx": lambda: make_linear(tmp_path),
        "x.pt2": lambda: make_program(tmp_path, "export")[0],
        "x.jit": lambda: make_program(tmp_path, "torchscript")[0],
    }
    whole = tmp_path / "whole"
    if name in makers:
        whole = makers[name]()
    elif name == "x.pt":
        torch.save({"a": torch.zeros(50)}, whole)
    else:
        safetensors.torch.save_file({"a": torch.zeros(50)}, whole)
    data = whole.read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ValueError, match=path.name):
        running.describe(handle(path), ctx)


def test_a_file_of_no_known_kind_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "model.xyz"
    path.write_bytes(b"something")
    with pytest.raises(ValueError, match="no model of a known format"):
        loading.load(path)


def test_an_onnx_model_reads_no_other_file(tmp_path: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.bin").write_bytes(MATRIX.tobytes())
    monkeypatch.chdir(tmp_path)
    for location in ("weights.bin", str(tmp_path / "weights.bin"), f"../../..{tmp_path}/weights.bin"):
        path = tmp_path / "outside.onnx"
        outside = [onnx_files.weight("w", [3, 2], [], location)]
        path.write_bytes(onnx_files.model("MatMul", {"x": ["b", 3]}, {"y": ["b", 2]}, outside, ["x", "w"]))
        with pytest.raises(ValueError, match=r"outside\.onnx is no ONNX model"):
            running.run(handle(path), [ROWS], ctx)


# -- kept between jobs ---------------------------------------------------------------------


@pytest.fixture
def residents() -> Residents:
    return Residents(limit_bytes=2000)


@pytest.fixture
def kept(tmp_path: Path, residents: Residents) -> Context:
    return Context(
        node_id="n", execution_id="e", attempt=1, device=torch.device("cpu"), output_dir=tmp_path, state_dir=tmp_path,
        report=lambda fraction, note: None, residents=residents,
    )  # fmt: skip


def test_a_model_is_loaded_once_whatever_its_file_is_called(
    tmp_path: Path, kept: Context, residents: Residents
) -> None:
    first = handle(make_linear(tmp_path))
    running.run(first, [ROWS], kept)
    second = handle(make_linear(tmp_path, "same.onnx"))
    Path(first["path"]).unlink()
    running.run(second, [ROWS], kept)
    assert residents.names() == (resident_name(first),) == (resident_name(second),)
    # It is not read again, not even to look whether it is there.
    Path(second["path"]).unlink()
    running.run(second, [ROWS], kept)


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path, kept: Context, residents: Residents) -> None:
    named = []
    for number in range(3):
        path = tmp_path / f"{number}.safetensors"
        safetensors.torch.save_file({"a": torch.full((200,), float(number))}, path)
        named.append(handle(path))
    for index in (0, 1, 0, 2):
        assert float(running.weight(named[index], kept, "a")[0]) == index
    assert sum(residents.sizes().values()) <= 2000
    assert residents.names() == (resident_name(named[0]), resident_name(named[2]))
    large = tmp_path / "large.safetensors"
    safetensors.torch.save_file({"a": torch.zeros(2000)}, large)
    running.weight(handle(large), kept, "a")
    assert residents.names() == (resident_name(handle(large)),)
