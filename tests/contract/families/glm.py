"""GLM-4 of 2024 and of 2025."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 2), dice.randint(1, 3)
    return small(
        vocab_size=dice.randint(11, 70),
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=head_size(dice, 1),
        head_dim=4 * dice.randint(2, 4),
        rms_norm_eps=dice.choice([1e-5, 1e-3]),
        intermediate_size=dice.randint(20, 50),
        num_hidden_layers=dice.randint(1, 2),
        hidden_act=dice.choice(["silu", "gelu", "relu"]),
        attention_bias=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
        partial_rotary_factor=dice.choice([0.5, 1.0]),
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": True,
        "attention_dropout": 0.0,
        "eos_token_id": [151329, 151336, 151338],
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": 4096,
        "initializer_range": 0.02,
        "intermediate_size": 13696,
        "max_position_embeddings": 131072,
        "num_attention_heads": 32,
        "num_hidden_layers": 40,
        "num_key_value_heads": 2,
        "pad_token_id": 151329,
        "partial_rotary_factor": 0.5,
        "rms_norm_eps": 1.5625e-07,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": 151552,
    }
    return {**base, **values}


def _published4(**values: Any) -> Values:
    return _published(**{"max_position_embeddings": 32768, "rms_norm_eps": 1e-5, **values})


CONFIGS = {
    "plain": small(head_dim=8),
    "no-bias": small(head_dim=12, attention_bias=False, tie_word_embeddings=True, num_key_value_heads=1),
    "untied": small(head_dim=6, partial_rotary_factor=1.0, rms_norm_eps=1e-3, hidden_act="gelu"),
    "yarn": small(
        head_dim=16,
        num_key_value_heads=4,
        rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    ),
}
DROPOUTS = ("attention_dropout", "classifier_dropout")

FAMILIES = {
    "glm": Family(
        configs=CONFIGS,
        drawn=_drawn,
        dropouts=DROPOUTS,
        pads=True,
        published={
            "THUDM/glm-4-9b-hf": _published(max_position_embeddings=8192),
            "THUDM/glm-4-9b-chat-hf": _published(),
            "THUDM/glm-4-9b-chat-1m-hf": _published(
                max_position_embeddings=1048576, num_key_value_heads=4, rope_theta=100000000.0
            ),
            "THUDM/glm-edge-1.5b-chat": _published(
                attention_bias=False,
                eos_token_id=[59246, 59253, 59255],
                hidden_size=2048,
                intermediate_size=6144,
                max_position_embeddings=8192,
                num_attention_heads=16,
                num_hidden_layers=28,
                num_key_value_heads=4,
                pad_token_id=59246,
                partial_rotary_factor=1.0,
                rms_norm_eps=1e-5,
                tie_word_embeddings=True,
                vocab_size=59264,
            ),
        },
    ),
    "glm4": Family(
        configs=CONFIGS,
        drawn=_drawn,
        dropouts=DROPOUTS,
        pads=True,
        published={
            "THUDM/GLM-4-9B-0414": _published4(),
            "THUDM/GLM-4-32B-0414": _published4(
                attention_bias=False,
                hidden_size=6144,
                intermediate_size=23040,
                num_attention_heads=48,
                num_hidden_layers=61,
                num_key_value_heads=2,
            ),
            "THUDM/GLM-Z1-9B-0414": _published4(),
        },
    ),
}
