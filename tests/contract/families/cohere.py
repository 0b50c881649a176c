"""Command R and Command R7B."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        num_hidden_layers=dice.randint(1, 3),
        layer_norm_eps=dice.choice([1e-5, 1e-3]),
        logit_scale=dice.choice([0.0625, 1.5]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 8000000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 5,
        "eos_token_id": 255001,
        "pad_token_id": 0,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 8192,
        "vocab_size": 256000,
    }
    return {**base, **values}


def _published2(**values: Any) -> Values:
    base = {
        "cache_implementation": "hybrid",
        "head_dim": 128,
        "logit_scale": 0.25,
        "order_of_interleaved_layers": "local_attn_first",
        "position_embedding_type": "rope_gptj",
        "rope_scaling": None,
        "rope_theta": 50000,
        "rotary_pct": 1.0,
        "sliding_window": 4096,
        "sliding_window_pattern": 4,
        "use_embedding_sharing": True,
        "use_gated_activation": True,
        "use_parallel_block": True,
        "use_parallel_embedding": False,
        "use_qk_norm": False,
    }
    return _published(**{**base, **values})


FAMILIES = {
    "cohere": Family(
        configs={
            "plain": small(logit_scale=0.7),
            "head-norms": small(use_qk_norm=True, tie_word_embeddings=False, attention_bias=True, layer_norm_eps=1e-3),
            "one-group": small(num_key_value_heads=1, rope_theta=100.0),
        },
        drawn=_drawn,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "CohereLabs/c4ai-command-r-v01": _published(
                hidden_size=8192,
                intermediate_size=22528,
                logit_scale=0.0625,
                num_attention_heads=64,
                num_hidden_layers=40,
                num_key_value_heads=64,
                rope_theta=8000000.0,
                model_max_length=131072,
            ),
            "CohereLabs/c4ai-command-r-plus": _published(
                hidden_size=12288,
                intermediate_size=33792,
                logit_scale=0.8333333333333334,
                num_attention_heads=96,
                num_hidden_layers=64,
                num_key_value_heads=8,
                rope_theta=75000000.0,
                use_qk_norm=True,
            ),
            "CohereLabs/aya-23-8B": _published(
                hidden_size=4096,
                intermediate_size=14336,
                logit_scale=0.0625,
                num_attention_heads=32,
                num_hidden_layers=32,
                num_key_value_heads=8,
                rope_theta=10000,
                use_qk_norm=False,
            ),
        },
    ),
    "cohere2": Family(
        configs={
            "plain": small(num_hidden_layers=3, sliding_window=4, sliding_window_pattern=2, logit_scale=0.7),
            "listed": small(
                num_hidden_layers=3,
                sliding_window=3,
                layer_types=["full_attention", "sliding_attention", "sliding_attention"],
                attention_bias=True,
                tie_word_embeddings=False,
            ),
        },
        drawn=lambda dice: {
            **_drawn(dice),
            "sliding_window": dice.randint(1, 9),
            "sliding_window_pattern": dice.randint(1, 3),
        },
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "CohereLabs/c4ai-command-r7b-12-2024": _published2(
                hidden_size=4096,
                intermediate_size=14336,
                num_attention_heads=32,
                num_hidden_layers=32,
                num_key_value_heads=8,
            ),
            "CohereLabs/c4ai-command-a-03-2025": _published2(
                hidden_size=12288,
                intermediate_size=36864,
                num_attention_heads=96,
                num_hidden_layers=64,
                num_key_value_heads=8,
                max_position_embeddings=131072,
            ),
            "CohereLabs/tiny-aya-global": _published2(
                hidden_size=2048,
                intermediate_size=11008,
                logit_scale=1.0,
                num_attention_heads=16,
                num_hidden_layers=36,
                num_key_value_heads=4,
            ),
        },
    ),
}
