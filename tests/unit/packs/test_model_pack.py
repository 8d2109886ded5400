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
from vortex_worker.packs.model import loading, running, vision
from vortex_worker.packs.model.bert import Bert
from vortex_worker.packs.model.embedding import embed_text
from vortex_worker.packs.model.speech import detect_speech
from vortex_worker.packs.model.wordpiece import WordPiece
from vortex_worker.packs.model.writing import read_text
from vortex_worker.residents import Residents
from vortex_worker.sdk import Context, Sound
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


# -- pictures ------------------------------------------------------------------------------


def make_vision(folder: Path, kind: str) -> Path:
    """Means of the colours as three classes, or each pixel's colours as such."""
    path = folder / f"{kind}.onnx"
    shape: list[int | str] = ["b", 3, "h", "w"]
    if kind == "pixels":
        path.write_bytes(onnx_files.model("Identity", {"x": shape}, {"y": shape}))
    elif kind == "maps":
        path.write_bytes(onnx_files.model("GlobalAveragePool", {"x": shape}, {"y": ["b", 3, 1, 1]}))
    return path


def test_pictures_are_prepared_as_models_expect() -> None:
    grey = torch.full((1, 10, 20, 1), 0.5)
    found = vision.prepared(grey, 8, [0.5, 0.25, 0.0], [1, 0.5, 0.25])
    assert found.shape == (1, 3, 8, 8)
    torch.testing.assert_close(found[0, :, 3, 3], torch.tensor([0.0, 0.5, 2.0]))
    for mean, deviation in (([0, 0], [1, 1, 1]), ([0, 0, 0], [1, 0, 1]), ("x", [1, 1, 1])):
        with pytest.raises(ValueError, match=r"three numbers|nothing can be divided"):
            vision.prepared(grey, 8, mean, deviation)


def test_each_pixel_has_its_class(tmp_path: Path, ctx: Context) -> None:
    image = torch.zeros(2, 16, 16, 3)
    image[0, :, :8, 0] = 1
    image[0, :, 8:, 2] = 1
    image[1, ..., 1] = 1
    named = handle(make_vision(tmp_path, "pixels"))
    plain: dict[str, Any] = {"mean": [0, 0, 0], "deviation": [0.1, 0.1, 0.1], "size": 16}
    found = vision.segment(image, named, ctx, 2, **plain)
    assert found.labels[0, 0].tolist() == [0] * 8 + [2] * 8
    assert (found.labels[1] == 1).all()
    assert found.mask[0, 5, 12] > 0.99
    assert found.mask[0, 5, 3] < 0.01
    with pytest.raises(ValueError, match="no class 3 among 3"):
        vision.segment(image, named, ctx, 3, **plain)
    with pytest.raises(ValueError, match="not a row of classes"):
        vision.classify(image, named, ctx)


def test_classes_and_vectors(tmp_path: Path, ctx: Context) -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    path = tmp_path / "means.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(module).save(path)
    image = torch.zeros(2, 8, 8, 3) + torch.tensor([0.9, 0.1, 0.4])
    image[1] = image[1].flip(-1)
    plain: dict[str, Any] = {"mean": [0, 0, 0], "deviation": [1, 1, 1], "size": 8}
    found = vision.classify(image, handle(path), ctx, ["red", "green", "blue"], 2, **plain)
    shares = torch.tensor([0.9, 0.1, 0.4]).softmax(0).tolist()
    assert [[entry["label"] for entry in row] for row in found] == [["red", "blue"], ["blue", "red"]]
    assert [entry["score"] for entry in found[0]] == pytest.approx([shares[0], shares[2]])
    with pytest.raises(ValueError, match="2 labels for 3"):
        vision.classify(image, handle(path), ctx, ["a", "b"], **plain)
    vectors = vision.embed_image(image, handle(make_vision(tmp_path, "maps")), ctx, **plain)
    expected = np.array([0.9, 0.1, 0.4]) / np.linalg.norm([0.9, 0.1, 0.4])
    np.testing.assert_allclose(vectors.numpy(), [expected, expected[::-1]], atol=1e-5)


# -- text and sound ------------------------------------------------------------------------


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "##s", "sat", ".", "uber", "漢", "$"]


def test_words_become_the_longest_pieces() -> None:
    pieces = WordPiece("\n".join(PIECES))

    def told(text: str, most: int = 99) -> list[str]:
        return [PIECES[number] for number in pieces.encode(text, most)]

    assert told("The  CATS\tsat.") == ["[CLS]", "the", "cat", "##s", "sat", ".", "[SEP]"]
    assert told("Über 漢漢 $\0") == ["[CLS]", "uber", "漢", "漢", "$", "[SEP]"]
    assert told("catx the" + "a" * 200) == ["[CLS]", "[UNK]", "[UNK]", "[SEP]"]
    assert told("cat " * 50, 5) == ["[CLS]", "cat", "cat", "cat", "[SEP]"]
    assert told("") == ["[CLS]", "[SEP]"]
    with pytest.raises(ValueError, match=r"lacks \[CLS\]"):
        WordPiece("[UNK]\n[SEP]")


def bert_weights(width: int = 64, layers: int = 2, pieces: int = len(PIECES)) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(5)
    shapes: dict[str, tuple[int, ...]] = {
              "embeddings.word_embeddings.weight": (pieces, width),
              "embeddings.position_embeddings.weight": (32, width),
              "embeddings.token_type_embeddings.weight": (2, width), "embeddings.LayerNorm.weight": (width,),
              "embeddings.LayerNorm.bias": (width,)}  # fmt: skip
    for layer in range(layers):
        for name, (rows, columns) in {
            "attention.self.query": (width, width), "attention.self.key": (width, width),
            "attention.self.value": (width, width), "attention.output.dense": (width, width),
            "intermediate.dense": (4 * width, width), "output.dense": (width, 4 * width),
        }.items():  # fmt: skip
            shapes[f"encoder.layer.{layer}.{name}.weight"] = (rows, columns)
            shapes[f"encoder.layer.{layer}.{name}.bias"] = (rows,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shapes[f"encoder.layer.{layer}.{name}.bias"] = (width,)
    return {name: torch.randn(shape, generator=draw) * 0.2 for name, shape in shapes.items()}


def torch_bert(weights: dict[str, torch.Tensor], tokens: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """The same by torch's own encoder layers."""
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    states = weights["embeddings.word_embeddings.weight"][tokens]
    states = states + weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
    states = states + weights["embeddings.token_type_embeddings.weight"][0]
    states = torch.nn.functional.layer_norm(
        states, (width,), weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"], 1e-12
    )
    for index in range(2):
        layer = torch.nn.TransformerEncoderLayer(
            width, width // 32, 4 * width, 0.0, "gelu", batch_first=True, layer_norm_eps=1e-12
        ).eval()
        own = {name.removeprefix(f"encoder.layer.{index}."): value for name, value in weights.items()}
        parts = {
            "self_attn.in_proj": torch.cat([own[f"attention.self.{p}.weight"] for p in ("query", "key", "value")]),
            "self_attn.in_proj_": torch.cat([own[f"attention.self.{p}.bias"] for p in ("query", "key", "value")]),
        }
        named = {
            "self_attn.out_proj": "attention.output.dense",
            "linear1": "intermediate.dense",
            "linear2": "output.dense",
            "norm1": "attention.output.LayerNorm",
            "norm2": "output.LayerNorm",
        }
        state = {
            "self_attn.in_proj_weight": parts["self_attn.in_proj"],
            "self_attn.in_proj_bias": parts["self_attn.in_proj_"],
        }
        for theirs, ours in named.items():
            state |= {f"{theirs}.weight": own[f"{ours}.weight"], f"{theirs}.bias": own[f"{ours}.bias"]}
        layer.load_state_dict(state)
        with torch.no_grad():
            # Padding has no part in what others see; what is seen at its own place does not matter.
            states = layer(states, src_key_padding_mask=~present)
    return states


def test_the_encoder_is_that_of_torch() -> None:
    weights = bert_weights()
    tokens = torch.tensor([[2, 4, 5, 6, 3], [2, 4, 3, 0, 0]])
    present = tokens != 0
    found = Bert(weights).encode(tokens, present)
    expected = torch_bert(weights, tokens, present)
    torch.testing.assert_close(found[0], expected[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[1, :3], expected[1, :3], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="not those of a BERT encoder"):
        Bert({"x": torch.zeros(1)})


def test_texts_become_vectors_in_their_order(tmp_path: Path, ctx: Context) -> None:
    path, vocabulary = tmp_path / "bert.safetensors", tmp_path / "vocab.txt"
    safetensors.torch.save_file(bert_weights(), path)
    vocabulary.write_text("\n".join(PIECES), encoding="utf-8")
    named = handle(path)
    texts = ["the cats sat . the cat", "cat", "", "the " * 100]
    found = embed_text(texts, named, ctx, vocabulary)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(4))
    for index, text in enumerate(texts):
        alone = embed_text([text], named, ctx, vocabulary)
        torch.testing.assert_close(found[index], alone[0], rtol=1e-4, atol=1e-5)
    assert embed_text(["cat"], named, ctx, vocabulary, pooling="first", normalize=False).shape == (1, 64)
    with pytest.raises(ValueError, match="is empty"):
        embed_text([], named, ctx, vocabulary)
    vocabulary.write_text("\n".join([*PIECES, "dog"]), encoding="utf-8")
    with pytest.raises(ValueError, match="not the vocabulary"):
        embed_text(["dog"], named, ctx, vocabulary)


def test_models_for_other_things_are_said_to_be(tmp_path: Path, ctx: Context) -> None:
    named = handle(make_linear(tmp_path))
    with pytest.raises(ValueError, match=r"take audio\.resample"):
        detect_speech(Sound(torch.zeros(1, 100), 44100), named, ctx)
    with pytest.raises(ValueError, match="takes 1 tensors"):
        detect_speech(Sound(torch.zeros(1, 1000), 16000), named, ctx)
    assert detect_speech(Sound(torch.zeros(1, 0), 16000), named, ctx).segments == []
    with pytest.raises(ValueError, match="which characters"):
        read_text(torch.zeros(1, 64, 64, 3), named, named, ctx)
