"""Seed-OSS."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        head_dim=dice.choice([None, 12]),
        num_hidden_layers=dice.randint(1, 3),
        hidden_act=dice.choice(["silu", "gelu"]),
        rms_norm_eps=dice.choice([1e-6, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        attention_out_bias=dice.random() < 0.5,
        mlp_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": True,
        "attention_dropout": 0.1,
        "attention_out_bias": False,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": 5120,
        "initializer_range": 0.02,
        "intermediate_size": 27648,
        "max_position_embeddings": 524288,
        "mlp_bias": False,
        "num_attention_heads": 80,
        "num_hidden_layers": 64,
        "num_key_value_heads": 8,
        "pad_token_id": 1,
        "residual_dropout": 0.1,
        "rms_norm_eps": 1e-6,
        "rope_scaling": {"rope_type": "default"},
        "rope_theta": 10000000.0,
        "tie_word_embeddings": False,
        "vocab_size": 155136,
    }
    return {**base, **values}


FAMILIES = {
    "seed_oss": Family(
        configs={
            "plain": small(head_dim=None),
            "biases": small(head_dim=10, attention_out_bias=True, mlp_bias=True, rms_norm_eps=1e-3),
            "none": small(head_dim=8, attention_bias=False, num_key_value_heads=1, tie_word_embeddings=True),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "residual_dropout", "classifier_dropout"),
        pads=True,
        published={
            "ByteDance-Seed/Seed-OSS-36B-Instruct": _published(),
            "ByteDance-Seed/Seed-OSS-36B-Base": _published(use_cache=True),
            "ByteDance-Seed/Seed-OSS-36B-Base-woSyn": _published(pretraining_tp=1),
        },
    ),
}
