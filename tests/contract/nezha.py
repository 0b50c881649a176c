"""NEZHA in plain PyTorch: a reference, as transformers 5 has it no more.

As transformers 4 computed it (models/nezha/modeling_nezha.py, held to it once by hand, 4.57.6): BERT without a table of
positions; the sinusoids of the distance, key minus query, are added to each key and to each value.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

from .plain_reference import PlainReference, random_tensors

BASE: dict[str, Any] = {
    "architectures": ["NezhaForPreTraining"],
    "attention_probs_dropout_prob": 0.1,
    "bos_token_id": 2,
    "classifier_dropout": 0.1,
    "eos_token_id": 3,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 768,
    "initializer_range": 0.02,
    "intermediate_size": 3072,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "max_relative_position": 64,
    "model_type": "nezha",
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "pad_token_id": 0,
    "torch_dtype": "float32",
    "transformers_version": "4.20.0",
    "type_vocab_size": 2,
    "use_cache": True,
    "vocab_size": 21128,
}


class Nezha(PlainReference):
    """The reference: a config, and tensors under their names in files, without ``nezha.``."""

    @classmethod
    def made(cls, values: dict[str, Any]) -> Nezha:
        """Random weights of every shape."""
        values = {**BASE, **values}
        width, inner = values["hidden_size"], values["intermediate_size"]
        at = "embeddings"
        shapes: dict[str, tuple[int, ...]] = {
            f"{at}.word_embeddings.weight": (values["vocab_size"], width),
            f"{at}.token_type_embeddings.weight": (values["type_vocab_size"], width),
        }
        norms, projections = [f"{at}.LayerNorm"], {"pooler.dense": (width, width)}
        for i in range(values["num_hidden_layers"]):
            at = f"encoder.layer.{i}"
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                projections[f"{at}.attention.{part}"] = (width, width)
            projections[f"{at}.intermediate.dense"] = (inner, width)
            projections[f"{at}.output.dense"] = (width, inner)
            norms += [f"{at}.attention.output.LayerNorm", f"{at}.output.LayerNorm"]
        tensors = random_tensors(shapes, norms, width, 4, projections)
        return cls(values, tensors)

    def states(self, ids: Tensor, segments: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Every layer's rows [layers + 1][S, D] of one text, and weights of attention [layers][H, S, S]."""
        at = "embeddings"
        words, kinds = (self.tensors[f"{at}.{each}_embeddings.weight"] for each in ("word", "token_type"))
        states, weights = [self.norm(words[ids] + kinds[segments], f"{at}.LayerNorm")], []
        for i in range(self.values["num_hidden_layers"]):
            at, x = f"encoder.layer.{i}", states[-1]
            seen, paid = self._attended(x, f"{at}.attention")
            weights.append(paid)
            x = self.norm(x + seen, f"{at}.attention.output.LayerNorm")
            inner = gelu(self.linear(x, f"{at}.intermediate.dense"))
            states.append(self.norm(self.linear(inner, f"{at}.output.dense") + x, f"{at}.output.LayerNorm"))
        return states, weights

    def _attended(self, x: Tensor, at: str) -> tuple[Tensor, Tensor]:
        q, k, v = self.by_heads(x, at)
        table = self._distances(len(x), q.shape[-1])
        scores = q @ k.transpose(1, 2) + torch.einsum("hid,ijd->hij", q, table)
        weights = (scores / math.sqrt(q.shape[-1])).softmax(-1)
        found = weights @ v + torch.einsum("hij,ijd->hid", weights, table)
        return self.linear(found.transpose(0, 1).flatten(1), f"{at}.output.dense"), weights

    def _distances(self, size: int, width: int) -> Tensor:
        """The row of each pair of tokens [S, S, d]."""
        span, places = self.values["max_relative_position"], torch.arange(size)
        apart = (places - places[:, None]).clamp(-span, span) + span
        table = torch.zeros(2 * span + 1, width)
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        angles = torch.arange(2 * span + 1)[:, None] * rates
        table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
        return table[apart]
