"""Models that look at pictures."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.image.pixels import rgb, to_planes, unit
from vortex_worker.packs.model.running import runnable
from vortex_worker.sdk import Choices, Context, Doc, Image, Json, Mask, Model, Range, Tensor, Unit, node

Size = Annotated[int, Range(8, 8192), Unit("px"), Doc("To which pictures are resized for the model.")]
Mean = Annotated[Json, Doc("Of red, green and blue: is subtracted.")]
Deviation = Annotated[Json, Doc("Of red, green and blue: is divided by.")]
Picture = Annotated[Model, Doc("Takes (batch, 3, height, width).")]

#: Of ImageNet, with which most such models were trained.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Segments(NamedTuple):
    labels: Annotated[Tensor, Doc("The likeliest class of each pixel: int64 (batch, height, width).")]
    mask: Annotated[Mask, Doc("How likely each pixel is of the chosen class.")]


@node("model.classify", category="model", title="Classify pictures", outputs=("classes",))
def classify(
    image: Image,
    model: Picture,
    ctx: Context,
    labels: Annotated[Json, Doc("Names of the classes, in order; empty for their numbers.")] = (),
    count: Annotated[int, Range(1, 1000), Doc("How many of the likeliest.")] = 5,
    size: Size = 224,
    mean: Mean = _MEAN,
    deviation: Deviation = _DEVIATION,
    scores: Annotated[
        str, Choices("softmax", "sigmoid", "none"), Doc("What makes shares of the model's numbers.")
    ] = "softmax",
) -> Json:
    """The likeliest classes of each picture: a list of [{label, score}], the likeliest first."""
    logits = _first(ctx, model, prepared(image, size, mean, deviation)).float()
    if logits.ndim != 2 or len(logits) != len(image):
        raise ValueError(f"the model gives {tuple(logits.shape)}, not a row of classes for each picture")
    names = [str(label) for label in labels] if isinstance(labels, list | tuple) else []
    if names and len(names) != logits.shape[1]:
        raise ValueError(f"{len(names)} labels for {logits.shape[1]} classes")
    shares = {"softmax": lambda x: x.softmax(1), "sigmoid": torch.sigmoid, "none": torch.nan_to_num}[scores](logits)
    best = shares.topk(min(count, shares.shape[1]), 1)
    return [
        [{"label": names[index] if names else str(index), "score": score} for score, index in zip(*row, strict=True)]
        for row in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


@node("model.segment", category="model", title="Segment pictures")
def segment(
    image: Image,
    model: Picture,
    ctx: Context,
    choose: Annotated[int, Range(0, 100_000), Doc("Class of the mask.")] = 1,
    size: Size = 512,
    mean: Mean = _MEAN,
    deviation: Deviation = _DEVIATION,
) -> Segments:
    """Tell for each pixel what it shows."""
    logits = _first(ctx, model, prepared(image, size, mean, deviation)).float()
    if logits.ndim != 4 or len(logits) != len(image):
        raise ValueError(f"the model gives {tuple(logits.shape)}, not (batch, class, height, width)")
    # A model of one class gives how likely that is; others compare.
    shares = torch.cat([-logits, logits], 1).softmax(1) if logits.shape[1] == 1 else logits.softmax(1)
    if choose >= shares.shape[1]:
        raise ValueError(f"there is no class {choose} among {shares.shape[1]}, counted from 0")
    full = F.interpolate(shares, size=image.shape[1:3], mode="bilinear", align_corners=False)
    return Segments(full.argmax(1), unit(full[:, choose]).contiguous())


@node("model.embed_image", category="model", title="Embed pictures")
def embed_image(
    image: Image,
    model: Picture,
    ctx: Context,
    size: Size = 224,
    mean: Mean = _MEAN,
    deviation: Deviation = _DEVIATION,
) -> Tensor:
    """A vector of length 1 for each picture, near those of like pictures: (batch, element)."""
    found = _first(ctx, model, prepared(image, size, mean, deviation)).float()
    if found.ndim < 2 or len(found) != len(image):
        raise ValueError(f"the model gives {tuple(found.shape)}, not a vector for each picture")
    # Of maps, the mean over places; of tokens, that over tokens.
    vectors = found.flatten(2).mean(2) if found.ndim > 3 else found.mean(1) if found.ndim == 3 else found
    return F.normalize(vectors, dim=1)


def prepared(image: torch.Tensor, size: int, mean: Any, deviation: Any) -> torch.Tensor:
    """Pictures as models take them: resized, of mean 0 and deviation 1, (batch, 3, size, size)."""
    planes = to_planes(unit(torch.nan_to_num(rgb(image))))
    planes = F.interpolate(planes, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    spread = _three(deviation, planes, "deviation")
    if bool((spread == 0).any()):
        raise ValueError("deviation holds 0, by which nothing can be divided")
    return (planes - _three(mean, planes, "mean")) / spread


def _first(ctx: Context, model: object, tensor: torch.Tensor) -> torch.Tensor:
    found = runnable(ctx, model).run([tensor])
    if not found:
        raise ValueError("the model gives no tensor")
    return next(iter(found.values()))


def _three(values: Any, like: torch.Tensor, name: str) -> torch.Tensor:
    numbers = isinstance(values, list | tuple) and len(values) == 3
    if not numbers or not all(isinstance(value, int | float) for value in values):
        raise ValueError(f"{name} is three numbers, not {values!r:.60}")
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(3, 1, 1)
