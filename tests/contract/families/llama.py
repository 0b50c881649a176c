"""Llama and what shares its block."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
NEAR_LLAMA3 = {**LLAMA3, "original_max_position_embeddings": 12}


def small(**values: Any) -> Values:
    """A small config of a decoder; its longest text leaves room for the tests' own."""
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 3), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=2)
    return small(
        vocab_size=dice.randint(11, 70),
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        hidden_act=dice.choice(["silu", "gelu", "relu"]),
        rms_norm_eps=dice.choice([1e-6, 1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0, 500000.0]),
    )


def _published(**values: Any) -> Values:
    return {"hidden_act": "silu", "initializer_range": 0.02, "tie_word_embeddings": False, **values}


FAMILIES = {
    "llama": Family(
        configs={
            "plain": small(),
            "own-heads": small(num_key_value_heads=None, head_dim=10, rope_theta=500.0),
            "one-group": small(num_key_value_heads=1, tie_word_embeddings=True),
            "biases": small(attention_bias=True, mlp_bias=True, rms_norm_eps=1e-3),
            "linear": small(rope_scaling={"type": "linear", "factor": 2.5}),
            "llama3": small(rope_scaling=NEAR_LLAMA3),
            "yarn": small(
                rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}, head_dim=12
            ),
            "new-form": small(rope_parameters={**NEAR_LLAMA3, "rope_theta": 300.0}),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "meta-llama/Llama-2-7b-hf": _published(
                vocab_size=32000,
                hidden_size=4096,
                intermediate_size=11008,
                num_hidden_layers=32,
                num_attention_heads=32,
                num_key_value_heads=32,
                max_position_embeddings=4096,
                rms_norm_eps=1e-5,
                pretraining_tp=1,
                rope_scaling=None,
                bos_token_id=1,
                eos_token_id=2,
            ),
            "meta-llama/Llama-3.1-8B": _published(
                vocab_size=128256,
                hidden_size=4096,
                intermediate_size=14336,
                num_hidden_layers=32,
                num_attention_heads=32,
                num_key_value_heads=8,
                max_position_embeddings=131072,
                rms_norm_eps=1e-5,
                attention_bias=False,
                mlp_bias=False,
                rope_theta=500000.0,
                rope_scaling=LLAMA3,
                bos_token_id=128000,
                eos_token_id=128001,
            ),
            "TinyLlama/TinyLlama-1.1B-Chat-v1.0": _published(
                vocab_size=32000,
                hidden_size=2048,
                intermediate_size=5632,
                num_hidden_layers=22,
                num_attention_heads=32,
                num_key_value_heads=4,
                max_position_embeddings=2048,
                rms_norm_eps=1e-5,
                rope_scaling=None,
            ),
            "meta-llama/Llama-3.2-1B": _published(
                vocab_size=128256,
                hidden_size=2048,
                intermediate_size=8192,
                num_hidden_layers=16,
                num_attention_heads=32,
                num_key_value_heads=8,
                head_dim=64,
                max_position_embeddings=131072,
                rms_norm_eps=1e-5,
                rope_theta=500000.0,
                rope_scaling={**LLAMA3, "factor": 32.0},
                tie_word_embeddings=True,
            ),
        },
    ),
    "mistral": Family(
        configs={
            "plain": small(sliding_window=5),
            "no-window": small(sliding_window=None, head_dim=8),
            "narrow": small(sliding_window=1, tie_word_embeddings=True),
        },
        drawn=lambda dice: {**_drawn(dice), "sliding_window": dice.randint(1, 20)},
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "mistralai/Mistral-7B-v0.1": _published(
                vocab_size=32000,
                hidden_size=4096,
                intermediate_size=14336,
                num_hidden_layers=32,
                num_attention_heads=32,
                num_key_value_heads=8,
                max_position_embeddings=32768,
                sliding_window=4096,
                rms_norm_eps=1e-5,
                rope_theta=10000.0,
            ),
            "mistralai/Mistral-7B-Instruct-v0.3": _published(
                vocab_size=32768,
                hidden_size=4096,
                intermediate_size=14336,
                num_hidden_layers=32,
                num_attention_heads=32,
                num_key_value_heads=8,
                max_position_embeddings=32768,
                sliding_window=None,
                rms_norm_eps=1e-5,
                rope_theta=1000000.0,
            ),
            "mistralai/Mistral-Nemo-Base-2407": _published(
                vocab_size=131072,
                hidden_size=5120,
                intermediate_size=14336,
                num_hidden_layers=40,
                num_attention_heads=32,
                num_key_value_heads=8,
                head_dim=128,
                max_position_embeddings=128000,
                sliding_window=None,
                rms_norm_eps=1e-5,
                rope_theta=1000000.0,
            ),
        },
    ),
}
