"""MPNet."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values


def _small(**values: Any) -> Values:
    return small(**{"max_position_embeddings": 24, **values})


def _drawn(dice: random.Random) -> Values:
    values = {name: value for name, value in drawn(dice).items() if name != "type_vocab_size"}
    return {**values, "max_position_embeddings": dice.randint(22, 40), "tie_word_embeddings": dice.random() < 0.5}


def _published(**values: Any) -> Values:
    own = {
        "bos_token_id": 0,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 514,
        "pad_token_id": 1,
        "relative_attention_num_buckets": 32,
        "vocab_size": 30527,
    }
    base = {name: value for name, value in base_sized().items() if name != "type_vocab_size"}
    return {**base, **own, **values}


FAMILIES = {
    "mpnet": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, hidden_act="relu"),
            "short-table": _small(max_position_embeddings=18, num_attention_heads=1, layer_norm_eps=0.1),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob"),
        published={
            "microsoft/mpnet-base": _published(),
            "sentence-transformers/all-mpnet-base-v2": _published(_name_or_path="microsoft/mpnet-base"),
            "sentence-transformers/multi-qa-mpnet-base-dot-v1": _published(torch_dtype="float32"),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("lm_head.bias",),
        pads=True,
        offset=2,
    ),
}
