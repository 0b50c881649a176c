"""BERT."""

from __future__ import annotations

import random
from typing import Any

from torso.checkpoint.parameters import ACTIVATIONS

from .kinds import Family, Values


def small(**values: Any) -> Values:
    small = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 20,
    }
    return {**small, **values}


def drawn(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3, 4])
    return small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * dice.randint(3, 8),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        max_position_embeddings=dice.randint(16, 40),
        type_vocab_size=dice.randint(1, 4),
        hidden_act=dice.choice(sorted(set(ACTIVATIONS))),
        layer_norm_eps=dice.choice([1e-12, 1e-6, 1e-3]),
    )


def base_sized(**values: Any) -> Values:
    """The config of a published BERT, base-sized unless said otherwise."""
    base = {
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": 768,
        "initializer_range": 0.02,
        "intermediate_size": 3072,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "pad_token_id": 0,
        "type_vocab_size": 2,
    }
    return {**base, **values}


FAMILIES = {
    "bert": Family(
        configs={
            "plain": small(),
            "odd-sizes": small(vocab_size=41, hidden_size=21, num_attention_heads=3, intermediate_size=13),
            "one-head": small(num_attention_heads=1, num_hidden_layers=1, hidden_size=7, intermediate_size=9),
            "one-segment": small(type_vocab_size=1, hidden_act="gelu_new"),
            "three-segments": small(type_vocab_size=3, num_hidden_layers=3, hidden_act="relu"),
            "untied": small(tie_word_embeddings=False, classifier_dropout=0.3),
            "large-epsilon": small(layer_norm_eps=0.1, hidden_act="silu", pad_token_id=5),
            "head-per-unit": small(hidden_size=6, num_attention_heads=6, hidden_act="quick_gelu"),
            "short-table": small(max_position_embeddings=16, classifier_dropout=0.0, hidden_act="mish"),
        },
        drawn=drawn,
        published={
            "bert-base-chinese": base_sized(vocab_size=21128),
            "bert-base-uncased": base_sized(vocab_size=30522),
            "hfl/rbt3": base_sized(
                vocab_size=21128, num_hidden_layers=3, directionality="bidi", pooler_type="first_token_transform"
            ),
            "bert-large-cased": base_sized(
                vocab_size=28996, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
            ),
        },
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
}
