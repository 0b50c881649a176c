"""Qwen2 and Qwen3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 3), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=2)
    return small(
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        num_hidden_layers=dice.randint(1, 4),
        tie_word_embeddings=dice.random() < 0.5,
        use_sliding_window=dice.random() < 0.5,
        sliding_window=dice.randint(1, 9),
        max_window_layers=dice.randint(0, 3),
        rope_theta=dice.choice([100.0, 1000000.0]),
    )


def _published(**values: Any) -> Values:
    base = {"hidden_act": "silu", "initializer_range": 0.02, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0}
    return {**base, "use_sliding_window": False, "vocab_size": 151936, **values}


WINDOWS = {
    "from-the-second": small(use_sliding_window=True, sliding_window=3, max_window_layers=1, num_hidden_layers=3),
    "listed": small(
        use_sliding_window=True,
        sliding_window=4,
        num_hidden_layers=3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
}

FAMILIES = {
    "qwen2": Family(
        configs={"plain": small(), "tied": small(tie_word_embeddings=True, num_key_value_heads=4), **WINDOWS},
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "Qwen/Qwen2.5-0.5B": _published(
                hidden_size=896,
                intermediate_size=4864,
                num_hidden_layers=24,
                num_attention_heads=14,
                num_key_value_heads=2,
                max_position_embeddings=32768,
                max_window_layers=24,
                sliding_window=32768,
                tie_word_embeddings=True,
                use_mrope=False,
            ),
            "Qwen/Qwen2.5-7B-Instruct": _published(
                vocab_size=152064,
                hidden_size=3584,
                intermediate_size=18944,
                num_hidden_layers=28,
                num_attention_heads=28,
                num_key_value_heads=4,
                max_position_embeddings=32768,
                max_window_layers=28,
                sliding_window=131072,
                tie_word_embeddings=False,
            ),
            "Alibaba-NLP/gte-Qwen2-1.5B-instruct": _published(
                vocab_size=151646,
                hidden_size=1536,
                intermediate_size=8960,
                num_hidden_layers=28,
                num_attention_heads=12,
                num_key_value_heads=2,
                max_position_embeddings=131072,
                max_window_layers=21,
                sliding_window=131072,
                tie_word_embeddings=False,
            ),
        },
    ),
    "qwen3": Family(
        configs={
            "plain": small(head_dim=8),
            "biases": small(head_dim=6, attention_bias=True, tie_word_embeddings=True),
            **{name: {**values, "head_dim": 8} for name, values in WINDOWS.items()},
        },
        # The norm of a head of two numbers divides by nearly nothing now and then, and its gradient is rounding alone.
        drawn=lambda dice: {**_drawn(dice), "head_dim": 2 * dice.randint(4, 8)},
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "Qwen/Qwen3-0.6B": _published(
                hidden_size=1024,
                intermediate_size=3072,
                num_hidden_layers=28,
                num_attention_heads=16,
                num_key_value_heads=8,
                head_dim=128,
                max_position_embeddings=40960,
                max_window_layers=28,
                sliding_window=None,
                tie_word_embeddings=True,
                attention_bias=False,
            ),
            "Qwen/Qwen3-8B": _published(
                hidden_size=4096,
                intermediate_size=12288,
                num_hidden_layers=36,
                num_attention_heads=32,
                num_key_value_heads=8,
                head_dim=128,
                max_position_embeddings=40960,
                max_window_layers=36,
                sliding_window=None,
                tie_word_embeddings=False,
            ),
            "Qwen/Qwen3-Embedding-0.6B": _published(
                vocab_size=151669,
                hidden_size=1024,
                intermediate_size=3072,
                num_hidden_layers=28,
                num_attention_heads=16,
                num_key_value_heads=8,
                head_dim=128,
                max_position_embeddings=32768,
                max_window_layers=28,
                sliding_window=None,
                tie_word_embeddings=True,
            ),
        },
    ),
}
