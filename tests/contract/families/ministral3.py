"""Ministral 3, its text model."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _rope(growth: float = 0.3, trained: int = 4, theta: float = 1000.0, **values: Any) -> Values:
    yarn = {"rope_type": "yarn", "factor": 4.0, "mscale": 1.0, "mscale_all_dim": 1.0}
    own = {"rope_theta": theta, "original_max_position_embeddings": trained, "llama_4_scaling_beta": growth}
    return {**yarn, **own, **values}


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        head_dim=sizes["hidden_size"] // sizes["num_attention_heads"],
        num_hidden_layers=dice.randint(1, 3),
        hidden_act=dice.choice(["silu", "gelu"]),
        rms_norm_eps=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        sliding_window=dice.choice([None, dice.randint(2, 9)]),
        rope_parameters=_rope(dice.choice([0.0, 0.1, 1.0]), dice.randint(2, 9), dice.choice([100.0, 10000.0])),
    )


def _published(width: int, inner: int, layers: int, theta: float = 1000000.0, **values: Any) -> Values:
    base = {
        "attention_dropout": 0.0,
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": width,
        "initializer_range": 0.02,
        "intermediate_size": inner,
        "max_position_embeddings": 262144,
        "num_attention_heads": 32,
        "num_hidden_layers": layers,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {**_rope(0.1, 16384, theta), "factor": 16.0, "beta_fast": 32.0, "beta_slow": 1.0},
        "sliding_window": None,
        "tie_word_embeddings": False,
        "vocab_size": 131072,
    }
    return {**base, **values}


FAMILIES = {
    "ministral3": Family(
        configs={
            "plain": small(head_dim=6, rope_parameters=_rope()),
            "windowed": small(head_dim=10, sliding_window=5, rope_parameters=_rope(1.0, 3), tie_word_embeddings=True),
            "unstretched": small(
                head_dim=6,
                rope_parameters={
                    "rope_type": "default",
                    "rope_theta": 100.0,
                    "original_max_position_embeddings": 5,
                    "llama_4_scaling_beta": 0.2,
                },
            ),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "mistralai/Ministral-3-3B-Base-2512": _published(3072, 9216, 26, tie_word_embeddings=True),
            "mistralai/Ministral-3-8B-Base-2512": _published(4096, 14336, 34),
            "mistralai/Ministral-3-14B-Base-2512": _published(5120, 16384, 40, 1000000000.0),
        },
    ),
}
