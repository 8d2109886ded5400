"""The encoder of BERT, from its weights alone.

Source: J. Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers (2018); names of weights as Hugging
Face's BertModel has them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812  torch's own name for it

_EPSILON = 1e-12
#: Of all models of that family: a head has so many elements.
_HEAD_SIZES = (32, 64)


class Bert:
    """Embeds tokens in their context.

    Raises:
        ValueError: the weights are not those of such a model.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        prefix = "bert." if "bert.embeddings.word_embeddings.weight" in weights else ""
        self._weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
        try:
            self._width = self._weights["embeddings.word_embeddings.weight"].shape[1]
            self.longest = len(self._weights["embeddings.position_embeddings.weight"])
            self.vocabulary = len(self._weights["embeddings.word_embeddings.weight"])
        except (KeyError, IndexError):
            raise ValueError("the weights are not those of a BERT encoder") from None
        self._layers = 0
        while f"encoder.layer.{self._layers}.output.dense.weight" in self._weights:
            self._layers += 1
        # Small ones have heads of 32, all others of 64.
        self._heads = self._width // _HEAD_SIZES[self._width >= 512]

    def encode(self, tokens: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """(batch, token, element) for int64 (batch, token), of which those count that are present (bool)."""
        states = (
            self._weights["embeddings.word_embeddings.weight"][tokens]
            + self._weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        states = self._normalized(states, "embeddings.LayerNorm")
        for layer in range(self._layers):
            states = self._layer(states, present, f"encoder.layer.{layer}")
        return states

    def _layer(self, states: torch.Tensor, present: torch.Tensor, name: str) -> torch.Tensor:
        batch, length, width = states.shape
        query, key, value = (
            self._linear(states, f"{name}.attention.self.{part}").view(batch, length, self._heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None, :])
        seen = self._linear(seen.transpose(1, 2).reshape(batch, length, width), f"{name}.attention.output.dense")
        states = self._normalized(states + seen, f"{name}.attention.output.LayerNorm")
        inner = F.gelu(self._linear(states, f"{name}.intermediate.dense"))
        return self._normalized(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, states: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normalized(self, states: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(states, (self._width,), weight, bias, _EPSILON)
