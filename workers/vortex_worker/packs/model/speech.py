"""Where somebody speaks."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from vortex_worker.packs.model.running import runnable
from vortex_worker.sdk import Audio, Context, Doc, Json, Model, Range, Tensor, Unit, node

_RATE, _FRAMES, _BEFORE = 16000, 512, 64


class Speech(NamedTuple):
    segments: Annotated[Json, Doc("[{start, end}] in seconds.")]
    probability: Annotated[Tensor, Doc("Of speech, for every 32 ms.")]


@node("model.detect_speech", category="model", title="Detect speech")
def detect_speech(
    audio: Annotated[Audio, Doc("At 16 kHz; the mean of its channels is heard.")],
    model: Annotated[Model, Doc("Silero VAD, version 5 or 6, as ONNX.")],
    ctx: Context,
    threshold: Annotated[float, Range(0.05, 0.95), Doc("Probability from which it is speech.")] = 0.5,
    shortest: Annotated[float, Range(0.0, 60.0), Unit("s"), Doc("Shorter speech does not count.")] = 0.25,
    silence: Annotated[float, Range(0.0, 60.0), Unit("s"), Doc("Shorter silence does not end it.")] = 0.1,
) -> Speech:
    """Tell when somebody speaks."""
    if audio.rate != _RATE:
        raise ValueError(f"the model hears {_RATE} Hz, not {audio.rate}; take audio.resample before")
    probability = _probabilities(audio.samples.mean(0).cpu(), model, ctx)
    spans = _spans(probability.tolist(), threshold, silence)
    end = audio.frames / _RATE
    segments = [
        {"start": start * _FRAMES / _RATE, "end": min(stop * _FRAMES / _RATE, end)}
        for start, stop in spans
        if (stop - start) * _FRAMES / _RATE >= shortest
    ]
    return Speech(segments, probability)


def _probabilities(samples: torch.Tensor, model: object, ctx: Context) -> torch.Tensor:
    """Of each 32 ms; the model hears 4 ms of those before too, and remembers the rest."""
    program = runnable(ctx, model)
    state, rate = torch.zeros(2, 1, 128), torch.tensor(_RATE)
    count = -(-len(samples) // _FRAMES)
    padded = torch.nn.functional.pad(samples, (_BEFORE, count * _FRAMES - len(samples)))
    found = []
    for index in range(count):
        if index % 100 == 0:
            ctx.progress(index / count)
        piece = padded[index * _FRAMES : (index + 1) * _FRAMES + _BEFORE]
        outputs = program.run([piece.unsqueeze(0), state, rate])
        try:
            probability, state = outputs["output"], outputs["stateN"]
        except KeyError:
            raise ValueError(f"the model gives {', '.join(outputs)}; it is no Silero VAD") from None
        found.append(probability.reshape(()))
    return torch.stack(found) if found else torch.zeros(0)


def _spans(probability: list[float], threshold: float, silence: float) -> list[tuple[int, int]]:
    """Where it rises above the threshold, to where it has been clearly below (0.15) for a while."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    quiet = 0
    for index, value in enumerate(probability):
        if value >= threshold:
            start, quiet = index if start is None else start, 0
        elif start is not None and value < threshold - 0.15:
            quiet += 1
            if quiet * _FRAMES / _RATE >= silence:
                spans.append((start, index + 1 - quiet))
                start, quiet = None, 0
    if start is not None:
        spans.append((start, len(probability) - quiet))
    return spans
