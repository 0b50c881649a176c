"""Granite 3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _small(**values: Any) -> Values:
    factors = {"embedding_multiplier": 3.0, "attention_multiplier": 0.3, "residual_multiplier": 0.4}
    return small(**{**factors, "logits_scaling": 2.5, **values})


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        num_hidden_layers=dice.randint(1, 3),
        embedding_multiplier=dice.choice([1.0, 12.0]),
        attention_multiplier=dice.choice([0.0625, 0.5]),
        residual_multiplier=dice.choice([0.22, 1.0]),
        logits_scaling=dice.choice([0.5, 16.0]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.1,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
        "embedding_multiplier": 12.0,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "initializer_range": 0.02,
        "intermediate_size": 8192,
        "max_position_embeddings": 4096,
        "mlp_bias": False,
        "num_attention_heads": 32,
        "num_hidden_layers": 40,
        "num_key_value_heads": 8,
        "residual_multiplier": 0.22,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "tie_word_embeddings": True,
        "vocab_size": 49155,
    }
    return {**base, **values}


FAMILIES = {
    "granite": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, attention_bias=True, mlp_bias=True, num_key_value_heads=4),
            "longer": _small(tie_word_embeddings=True, rope_scaling={"type": "linear", "factor": 2.0}, head_dim=8),
        },
        drawn=_drawn,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "ibm-granite/granite-3.0-2b-instruct": _published(
                attention_multiplier=0.015625, logits_scaling=8.0, rope_theta=10000.0
            ),
            "ibm-granite/granite-3.1-8b-instruct": _published(
                attention_multiplier=0.0078125,
                hidden_size=4096,
                intermediate_size=12800,
                logits_scaling=16.0,
                max_position_embeddings=131072,
                rope_theta=10000000.0,
            ),
            "ibm-granite/granite-3.3-2b-instruct": _published(
                attention_multiplier=0.015625,
                logits_scaling=8.0,
                max_position_embeddings=131072,
                rope_theta=10000000.0,
                vocab_size=49159,
            ),
        },
    ),
}
