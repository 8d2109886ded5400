"""What models are for: pictures, text and sound, each beside what is known of the answer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.fakes import onnx_files
from vortex_worker.packs.model import loading, vision
from vortex_worker.packs.model.bert import Bert
from vortex_worker.packs.model.embedding import embed_text
from vortex_worker.packs.model.speech import detect_speech
from vortex_worker.packs.model.wordpiece import WordPiece
from vortex_worker.packs.model.writing import read_text
from vortex_worker.sdk import Context, Sound


def handle(path: Path, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = loading.load(path, **options)
    return found


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
    path = tmp_path / "linear.onnx"
    path.write_bytes(onnx_files.linear(3, 2, [0.0] * 6))
    named = handle(path)
    with pytest.raises(ValueError, match=r"take audio\.resample"):
        detect_speech(Sound(torch.zeros(1, 100), 44100), named, ctx)
    with pytest.raises(ValueError, match="takes 1 tensors"):
        detect_speech(Sound(torch.zeros(1, 1000), 16000), named, ctx)
    assert detect_speech(Sound(torch.zeros(1, 0), 16000), named, ctx).segments == []
    with pytest.raises(ValueError, match="which characters"):
        read_text(torch.zeros(1, 64, 64, 3), named, named, ctx)
