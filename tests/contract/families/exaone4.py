"""EXAONE 4."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import NEAR_LLAMA3, small

KINDS = ["sliding_attention", "full_attention", "sliding_attention"]


def _small(**values: Any) -> Values:
    return small(**{"sliding_window": 4, "sliding_window_pattern": 2, "num_hidden_layers": 3, **values})


def _drawn(dice: random.Random) -> Values:
    layers = dice.randint(1, 3)
    return small(
        **grouped_heads(dice),
        num_hidden_layers=layers,
        hidden_act=dice.choice(["silu", "gelu"]),
        rms_norm_eps=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 1000000.0]),
        sliding_window=dice.randint(2, 9),
        sliding_window_pattern=dice.randint(1, 3),
        layer_types=dice.choice([None, [dice.choice(KINDS) for _ in range(layers)]]),
    )


def _published(layers: int, **values: Any) -> Values:
    base = {
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 361,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "layer_types": [*[*["sliding_attention"] * 3, "full_attention"] * (layers // 4)],
        "max_position_embeddings": 131072,
        "num_hidden_layers": layers,
        "num_key_value_heads": 8,
        "pad_token_id": 0,
        "rms_norm_eps": 1e-5,
        "rope_scaling": {
            "factor": 16.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 8192,
            "rope_type": "llama3",
        },
        "rope_theta": 1000000,
        "sliding_window": 4096,
        "sliding_window_pattern": "LLLG",
        "tie_word_embeddings": False,
        "vocab_size": 102400,
    }
    return {**base, **values}


LARGE = {"hidden_size": 5120, "intermediate_size": 27392, "num_attention_heads": 40, "head_dim": 128}

FAMILIES = {
    "exaone4": Family(
        configs={
            "plain": _small(),
            "no-window": _small(
                sliding_window=None, layer_types=["full_attention"] * 3, rope_scaling=NEAR_LLAMA3, head_dim=10
            ),
            "listed": _small(layer_types=KINDS, sliding_window_pattern="LLLG", tie_word_embeddings=True),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "LGAI-EXAONE/EXAONE-4.0-1.2B": _published(
                30,
                hidden_size=2048,
                intermediate_size=4096,
                num_attention_heads=32,
                head_dim=64,
                layer_types=["full_attention"] * 30,
                max_position_embeddings=65536,
                sliding_window=None,
                sliding_window_pattern=None,
                tie_word_embeddings=True,
            ),
            "LGAI-EXAONE/EXAONE-4.0-32B": _published(64, **LARGE),
            "LGAI-EXAONE/EXAONE-4.0.1-32B": _published(64, **LARGE, use_cache=True),
        },
    ),
}
