"""Phi-3, 3.5 and 4."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small

LONG = {
    "type": "longrope",
    "short_factor": [1.0, 1.1, 1.5],
    "long_factor": [1.0, 2.0, 5.0],
}


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 2), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=4)
    return small(
        vocab_size=dice.randint(11, 70),
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        intermediate_size=dice.randint(20, 50),
        num_hidden_layers=dice.randint(1, 2),
        tie_word_embeddings=dice.random() < 0.5,
        sliding_window=dice.choice([None, dice.randint(1, 20)]),
        partial_rotary_factor=dice.choice([0.5, 1.0]),
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "embd_pdrop": 0.0,
        "eos_token_id": 32000,
        "hidden_act": "silu",
        "hidden_size": 3072,
        "initializer_range": 0.02,
        "intermediate_size": 8192,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 32,
        "original_max_position_embeddings": 4096,
        "pad_token_id": 32000,
        "resid_pdrop": 0.0,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": 32064,
    }
    return {**base, **values}


def _stretched(planes: int) -> Values:
    """As the Hub's files state it; the numbers themselves change no name and no size."""
    return {"type": "longrope", "short_factor": [1.05] * planes, "long_factor": [1.5] * planes}


FAMILIES = {
    "phi3": Family(
        configs={
            "plain": small(num_key_value_heads=None),
            "window": small(sliding_window=3, tie_word_embeddings=True, partial_rotary_factor=0.67),
            "long": small(rope_scaling=LONG, original_max_position_embeddings=16),
            # Without its length in the same table, transformers no longer reads the oldest name.
            "oldest": small(
                rope_scaling={**LONG, "type": "su", "original_max_position_embeddings": 32},
                original_max_position_embeddings=32,
            ),
            "part": small(
                hidden_size=32,
                partial_rotary_factor=0.75,
                rope_scaling={**LONG, "attention_factor": 1.3},
                original_max_position_embeddings=16,
            ),
            "new-form": small(
                hidden_size=32,
                original_max_position_embeddings=16,
                rope_parameters={**LONG, "rope_theta": 50.0, "partial_rotary_factor": 0.75, "factor": 7.0},
            ),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "resid_pdrop", "classifier_dropout"),
        pads=True,
        published={
            "microsoft/Phi-3-mini-4k-instruct": _published(max_position_embeddings=4096, sliding_window=2047),
            "microsoft/Phi-3-mini-128k-instruct": _published(
                max_position_embeddings=131072, sliding_window=262144, rope_scaling=_stretched(48)
            ),
            "microsoft/Phi-3.5-mini-instruct": _published(
                max_position_embeddings=131072, sliding_window=262144, rope_scaling=_stretched(48)
            ),
            "microsoft/Phi-4-mini-instruct": _published(
                bos_token_id=199999,
                eos_token_id=199999,
                full_attn_mod=1,
                interpolate_factor=1,
                lm_head_bias=False,
                max_position_embeddings=131072,
                mlp_bias=False,
                num_attention_heads=24,
                num_key_value_heads=8,
                pad_token_id=199999,
                partial_rotary_factor=0.75,
                rope_scaling=_stretched(48),
                sliding_window=262144,
                tie_word_embeddings=True,
                vocab_size=200064,
            ),
            "microsoft/phi-4": _published(
                bos_token_id=100257,
                eos_token_id=100265,
                hidden_size=5120,
                intermediate_size=17920,
                max_position_embeddings=16384,
                num_attention_heads=40,
                num_hidden_layers=40,
                num_key_value_heads=10,
                original_max_position_embeddings=16384,
                pad_token_id=100349,
                rope_theta=250000,
                sliding_window=None,
                vocab_size=100352,
            ),
        },
    ),
}
