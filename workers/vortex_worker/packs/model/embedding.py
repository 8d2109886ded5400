"""Text as vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

from vortex_worker.packs.model.bert import Bert
from vortex_worker.packs.model.running import weights
from vortex_worker.packs.model.wordpiece import WordPiece
from vortex_worker.sdk import Choices, Context, Doc, File, Model, Range, Tensor, node, open_input

_MOST_TEXTS = 100_000
#: Texts that are computed at once, of about the same length.
_BATCH = 32


@node("model.embed_text", category="model", title="Embed texts")
def embed_text(
    texts: list[str],
    model: Annotated[Model, Doc("Weights of a BERT encoder: MiniLM, mpnet's elder sisters, …")],
    ctx: Context,
    vocabulary: Annotated[Path, File(), Doc("The model's vocab.txt: a piece a line.")],
    length: Annotated[int, Range(8, 8192), Doc("Of a text at most, in pieces; the rest is cut off.")] = 256,
    pooling: Annotated[str, Choices("mean", "first"), Doc("What of its pieces stands for a text.")] = "mean",
    normalize: Annotated[bool, Doc("To length 1: products of two are then their cosine.")] = True,
) -> Tensor:
    """A vector for each text, near those of texts that mean the like: (text, element)."""
    if len(texts) > _MOST_TEXTS:
        raise ValueError(f"{len(texts)} texts are more than {_MOST_TEXTS}; embed them in parts")
    with open_input(vocabulary) as file:
        pieces = WordPiece(file.read().decode("utf-8", errors="replace"))
    encoder = Bert(weights(ctx, model))
    tokens = [pieces.encode(str(text), min(length, encoder.longest)) for text in texts]
    if any(number >= encoder.vocabulary for row in tokens for number in row):
        raise ValueError(
            f"{vocabulary} is not the vocabulary of the model: it has more than {encoder.vocabulary} pieces"
        )
    found: dict[int, torch.Tensor] = {}
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    for start in range(0, len(order), _BATCH):
        ctx.progress(start / len(order))
        chosen = order[start : start + _BATCH]
        rows = _pooled(encoder, [tokens[index] for index in chosen], pooling, ctx.device)
        found.update(zip(chosen, rows, strict=True))
    if not found:
        raise ValueError("the list of texts is empty")
    vectors = torch.stack([found[index] for index in range(len(texts))])
    return F.normalize(vectors, dim=1) if normalize else vectors


def _pooled(encoder: Bert, rows: list[list[int]], pooling: str, device: torch.device) -> torch.Tensor:
    longest = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)
    present = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows], device=device)
    states = encoder.encode(tokens, present)
    if pooling == "first":
        return states[:, 0]
    shares = present.unsqueeze(-1).to(states.dtype)
    return (states * shares).sum(1) / shares.sum(1)
