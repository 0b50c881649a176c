"""ALBERT."""

from __future__ import annotations

import random
from typing import Any

from .bert import drawn, small
from .kinds import Family, Values, head_size


def _drawn(dice: random.Random) -> Values:
    return {
        **drawn(dice),
        "embedding_size": head_size(dice, 1),
        "tie_word_embeddings": dice.random() < 0.5,
        "num_hidden_groups": dice.randint(1, 2),
        "inner_group_num": dice.randint(1, 2),
    }


def _small(**values: Any) -> Values:
    return small(**{"embedding_size": 10, "num_hidden_layers": 3, **values})


def _published(**values: Any) -> Values:
    base = {
        "attention_probs_dropout_prob": 0,
        "bos_token_id": 2,
        "classifier_dropout_prob": 0.1,
        "down_scale_factor": 1,
        "embedding_size": 128,
        "eos_token_id": 3,
        "gap_size": 0,
        "hidden_act": "gelu_new",
        "hidden_dropout_prob": 0,
        "hidden_size": 768,
        "initializer_range": 0.02,
        "inner_group_num": 1,
        "intermediate_size": 3072,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "net_structure_type": 0,
        "num_attention_heads": 12,
        "num_hidden_groups": 1,
        "num_hidden_layers": 12,
        "num_memory_blocks": 0,
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": 30000,
    }
    return {**base, **values}


FAMILIES = {
    "albert": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, classifier_dropout_prob=0.3, hidden_act="relu"),
            "three-segments": _small(type_vocab_size=3, num_hidden_layers=1, embedding_size=24),
            "groups": _small(num_hidden_layers=5, num_hidden_groups=2, inner_group_num=2),
            "wide-embeddings": _small(embedding_size=31, layer_norm_eps=0.1, num_attention_heads=1, pad_token_id=5),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob"),
        published={
            "albert-base-v2": _published(),
            "albert-xxlarge-v2": _published(
                hidden_size=4096,
                hidden_act="gelu",
                intermediate_size=16384,
                num_attention_heads=64,
                layers_to_keep=[],
            ),
            "albert-large-v1": _published(
                attention_probs_dropout_prob=0.1,
                hidden_act="gelu",
                hidden_dropout_prob=0.1,
                hidden_size=1024,
                intermediate_size=4096,
                num_attention_heads=16,
                num_hidden_layers=24,
            ),
            "voidful/albert_chinese_tiny": _published(
                hidden_act="gelu",
                hidden_size=312,
                intermediate_size=1248,
                num_hidden_layers=4,
                vocab_size=21128,
            ),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("predictions.bias",),
    ),
}
