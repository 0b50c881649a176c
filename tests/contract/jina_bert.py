"""JinaBERT in plain PyTorch: a reference where no library has one.

As the file that the Hub's models name computes it (jinaai/jina-bert-implementation, modeling_bert.py): BERT without a
table of positions; scores less a slope times the distance; a gated feed-forward whose first half is the gate.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu, linear, relu

from .plain_reference import PlainReference, random_tensors

BASE: dict[str, Any] = {
    "_name_or_path": "jinaai/jina-bert-implementation",
    "model_max_length": 8192,
    "architectures": ["JinaBertForMaskedLM"],
    "attention_probs_dropout_prob": 0.0,
    "auto_map": {
        "AutoConfig": "jinaai/jina-bert-implementation--configuration_bert.JinaBertConfig",
        "AutoModelForMaskedLM": "jinaai/jina-bert-implementation--modeling_bert.JinaBertForMaskedLM",
        "AutoModel": "jinaai/jina-bert-implementation--modeling_bert.JinaBertModel",
    },
    "classifier_dropout": None,
    "gradient_checkpointing": False,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 768,
    "initializer_range": 0.02,
    "intermediate_size": 3072,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 8192,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "pad_token_id": 0,
    "position_embedding_type": "alibi",
    "torch_dtype": "float32",
    "transformers_version": "4.26.0",
    "type_vocab_size": 2,
    "use_cache": True,
    "vocab_size": 30528,
    "feed_forward_type": "geglu",
    "emb_pooler": "mean",
}


class JinaBert(PlainReference):
    """The reference: a config, and tensors under their names in files, without a prefix."""

    @classmethod
    def made(cls, values: dict[str, Any]) -> JinaBert:
        """Random weights of every shape that the first code has."""
        width, inner = values["hidden_size"], values["intermediate_size"]
        shapes: dict[str, tuple[int, ...]] = {
            "embeddings.word_embeddings.weight": (values["vocab_size"], width),
            "embeddings.token_type_embeddings.weight": (values.get("type_vocab_size", 2), width),
        }
        norms = ["embeddings.LayerNorm"]
        projections = {"pooler.dense": (width, width)}
        for i in range(values["num_hidden_layers"]):
            at = f"encoder.layer.{i}"
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                projections[f"{at}.attention.{part}"] = (width, width)
            shapes[f"{at}.mlp.gated_layers.weight"] = (2 * inner, width)
            projections[f"{at}.mlp.wo"] = (width, inner)
            norms += [f"{at}.attention.output.LayerNorm", f"{at}.mlp.layernorm"]
        tensors = random_tensors(shapes, norms, width, 3, projections)
        return cls({**BASE, **values}, tensors)

    def states(self, ids: Tensor, segments: Tensor) -> list[Tensor]:
        """Every layer's rows [layers + 1][S, D] of one text."""
        at = "embeddings"
        table, kinds = self.tensors[f"{at}.word_embeddings.weight"], self.tensors[f"{at}.token_type_embeddings.weight"]
        states = [self.norm(table[ids] + kinds[segments], f"{at}.LayerNorm")]
        for i in range(self.values["num_hidden_layers"]):
            at, x = f"encoder.layer.{i}", states[-1]
            x = self.norm(x + self._attended(x, f"{at}.attention"), f"{at}.attention.output.LayerNorm")
            gate, up = linear(x, self.tensors[f"{at}.mlp.gated_layers.weight"]).chunk(2, -1)
            act = {"geglu": gelu, "reglu": relu}[self.values["feed_forward_type"]]
            states.append(self.norm(self.linear(act(gate) * up, f"{at}.mlp.wo") + x, f"{at}.mlp.layernorm"))
        return states

    def _attended(self, x: Tensor, at: str) -> Tensor:
        heads, size = self.values["num_attention_heads"], x.shape[0]
        q, k, v = self.by_heads(x, at)
        places = torch.arange(size)
        away = (places[:, None] - places).abs()
        slopes = torch.tensor(slopes_of(heads))[:, None, None]
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]) - slopes * away
        return self.linear((scores.softmax(-1) @ v).transpose(0, 1).flatten(1), f"{at}.output.dense")


def slopes_of(heads: int) -> list[float]:
    """As the first code has them: geometric where a power of two shares them, and every other one of twice as many."""
    if math.log2(heads).is_integer():
        first = 2 ** (-(2 ** -(math.log2(heads) - 3)))
        return [first ** (i + 1) for i in range(heads)]
    whole = 2 ** math.floor(math.log2(heads))
    return slopes_of(whole) + slopes_of(2 * whole)[0::2][: heads - whole]
