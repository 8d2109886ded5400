"""Writing on pictures, read by two models: one finds lines, the other reads them.

Source: M. Liao et al., Real-time Scene Text Detection with Differentiable Binarization (2020); Y. Du et al., PP-OCR
(2020), as whose models PaddleOCR and RapidOCR have them.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import rgb, to_planes, unit
from vortex_worker.packs.model.handles import Handle
from vortex_worker.packs.model.running import runnable
from vortex_worker.packs.model.runtimes import OnnxModel
from vortex_worker.sdk import Context, Doc, Image, Json, Mask, Model, Range, Unit, node

#: The detector halves its picture five times.
_MULTIPLE = 32
_LINE_HEIGHT, _LEAST_WIDTH, _MOST_WIDTH = 48, 32, 4096
#: The detector finds the core of a line: so much of its area over its outline lies around it.
_UNCLIP = 1.6


class Writing(NamedTuple):
    text: Annotated[str, Doc("All lines, from the top.")]
    lines: Annotated[Json, Doc("[{text, score, x, y, width, height}], in pixels.")]
    mask: Annotated[Mask, Doc("How likely each pixel belongs to writing.")]


class _Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int


@node("model.read_text", category="model", title="Read text")
def read_text(
    image: Annotated[Image, Doc("The first picture of the batch is read.")],
    detector: Annotated[Model, Doc("PP-OCR's detection, as ONNX.")],
    recognizer: Annotated[Model, Doc("PP-OCR's recognition, as ONNX, with its characters in it.")],
    ctx: Context,
    threshold: Annotated[float, Range(0.05, 0.95), Doc("Probability from which a pixel is writing.")] = 0.3,
    score: Annotated[float, Range(0.0, 1.0), Doc("Lines that were read less surely are left out.")] = 0.5,
    side: Annotated[
        int, Range(32, 4096), Unit("px"), Doc("To which the shorter side is enlarged for the detector.")
    ] = 736,
) -> Writing:
    """Read the lines of writing on a picture; lines run from left to right."""
    Handle.of(recognizer).require("onnx")
    reader = runnable(ctx, recognizer)
    if not isinstance(reader, OnnxModel) or "character" not in reader.metadata:
        raise ValueError("the recognizer does not say which characters it knows")
    # The first of the models' characters is none, and after the last there is a space.
    characters = ["", *reader.metadata["character"].splitlines(), " "]
    planes = to_planes(unit(torch.nan_to_num(rgb(image[:1]))))
    likely = _detected(planes, detector, ctx, side)
    lines = []
    boxes = _boxes(likely[0].cpu().numpy(), threshold)
    for index, box in enumerate(boxes):
        ctx.progress(0.5 + 0.5 * index / len(boxes))
        text, sure = _read(planes[..., box.y : box.y + box.height, box.x : box.x + box.width], reader, characters)
        if text.strip() and sure >= score:
            lines.append({"text": text, "score": sure, **box._asdict()})
    return Writing("\n".join(str(line["text"]) for line in lines), lines, likely)


def _detected(planes: torch.Tensor, detector: object, ctx: Context, side: int) -> torch.Tensor:
    """Probability of writing (1, height, width) in the picture's own size."""
    height, width = planes.shape[-2:]
    factor = max(1.0, side / min(height, width))
    # A long strip would become enormous.
    factor = min(factor, max(1.0, 4096 / max(height, width)))
    size = [max(_MULTIPLE, round(length * factor / _MULTIPLE) * _MULTIPLE) for length in (height, width)]
    resized = F.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=True)
    found = next(iter(runnable(ctx, detector).run([_centred(resized)]).values()))
    if found.ndim != 4 or found.shape[1] != 1:
        raise ValueError(f"the detector gives {tuple(found.shape)}, not a map of probabilities")
    return unit(F.interpolate(found.float(), size=(height, width), mode="bilinear", align_corners=False))[:, 0]


def _boxes(likely: np.ndarray, threshold: float) -> list[_Box]:
    """Rectangles around what is likely writing, from the top, and in a row from the left."""
    from scipy import ndimage

    labels, _ = ndimage.label(likely > threshold, np.ones((3, 3)))
    found = []
    for rows, columns in ndimage.find_objects(labels):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if min(height, width) < 3:
            continue
        grow = math.ceil(height * width * _UNCLIP / (2 * (height + width)))
        top, left = max(0, rows.start - grow), max(0, columns.start - grow)
        bottom, right = min(likely.shape[0], rows.stop + grow), min(likely.shape[1], columns.stop + grow)
        found.append(_Box(left, top, right - left, bottom - top))
    return _in_reading_order(found)


def _in_reading_order(boxes: list[_Box]) -> list[_Box]:
    rows: list[list[_Box]] = []
    for box in sorted(boxes, key=lambda box: box.y + box.height / 2):
        middle = box.y + box.height / 2
        if rows and abs(middle - (rows[-1][0].y + rows[-1][0].height / 2)) < min(box.height, rows[-1][0].height) / 2:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row)]


def _read(line: torch.Tensor, reader: OnnxModel, characters: list[str]) -> tuple[str, float]:
    """The text of one line, and how sure each of its characters was on the average."""
    width = min(max(_LEAST_WIDTH, round(line.shape[-1] * _LINE_HEIGHT / line.shape[-2])), _MOST_WIDTH)
    resized = F.interpolate(line, size=(_LINE_HEIGHT, width), mode="bilinear", align_corners=False, antialias=True)
    # It was trained on lines of this width or more, with nothing after their end.
    padded = F.pad(_centred(resized), (0, max(0, 320 - width)))
    shares = next(iter(reader.run([padded]).values()))[0].float()
    if shares.shape[-1] != len(characters):
        raise ValueError(f"the recognizer tells {shares.shape[-1]} characters apart, but names {len(characters)}")
    sure, best = shares.max(1)
    # Connectionist temporal classification: repeats are one, and the first class is none.
    kept = (best != 0) & (best != torch.cat([best.new_tensor([-1]), best[:-1]]))
    text = "".join(characters[index] for index in best[kept].tolist())
    return text, float(sure[kept].mean()) if bool(kept.any()) else 0.0


def _centred(planes: torch.Tensor) -> torch.Tensor:
    """As the models take them: blue first, −1 to 1."""
    return (planes.flip(1) - 0.5) / 0.5
