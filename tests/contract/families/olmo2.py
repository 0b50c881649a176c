"""OLMo 2."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def drawn_olmo2(dice: random.Random) -> Values:
    """A config drawn anew."""
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        num_hidden_layers=dice.randint(1, 2),
        hidden_act=dice.choice(["silu", "gelu"]),
        rms_norm_eps=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 500000.0]),
    )


def published_olmo2(**values: Any) -> Values:
    """The config of a published model."""
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "eos_token_id": 100257,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "max_position_embeddings": 4096,
        "pad_token_id": 100277,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 500000,
        "tie_word_embeddings": False,
        "vocab_size": 100352,
    }
    return {**base, **values}


FAMILIES = {
    "olmo2": Family(
        configs={
            "plain": small(),
            "all-heads": small(num_key_value_heads=None, attention_bias=True, tie_word_embeddings=True),
            "own-heads": small(head_dim=10, num_key_value_heads=1, rms_norm_eps=1e-3),
        },
        drawn=drawn_olmo2,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "allenai/OLMo-2-0425-1B": published_olmo2(
                hidden_size=2048,
                intermediate_size=8192,
                num_attention_heads=16,
                num_hidden_layers=16,
                num_key_value_heads=16,
            ),
            "allenai/OLMo-2-1124-7B-Instruct": published_olmo2(
                hidden_size=4096,
                intermediate_size=11008,
                num_attention_heads=32,
                num_hidden_layers=32,
                num_key_value_heads=32,
            ),
            "allenai/OLMo-2-0325-32B": published_olmo2(
                hidden_size=5120,
                intermediate_size=27648,
                num_attention_heads=40,
                num_hidden_layers=64,
                num_key_value_heads=8,
            ),
        },
    ),
}
