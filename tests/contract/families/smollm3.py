"""SmolLM3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    layers = dice.randint(1, 3)
    return small(
        **sizes,
        num_hidden_layers=layers,
        # Where no layer has positions, beams with the same tokens in another order may be equally likely.
        no_rope_layer_interval=dice.randint(2, 3),
        no_rope_layers=dice.choice([None, [1, *(dice.randint(0, 1) for _ in range(layers - 1))]]),
        use_sliding_window=dice.random() < 0.5,
        sliding_window=dice.randint(2, 9),
        attention_bias=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 2000000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "rms_norm_eps": 1e-6,
        "vocab_size": 128256,
        "hidden_size": 2048,
        "intermediate_size": 11008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "max_window_layers": 28,
        "mlp_bias": False,
        "attention_bias": False,
        "no_rope_layer_interval": 4,
        "no_rope_layers": [1, 1, 1, 0] * 9,
        "layer_types": ["full_attention"] * 36,
        "use_sliding_window": False,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "pad_token_id": 128004,
        "bos_token_id": 128000,
    }
    return {**base, **values}


FAMILIES = {
    "smollm3": Family(
        configs={
            "plain": small(num_hidden_layers=3, no_rope_layer_interval=2),
            "listed": small(num_hidden_layers=3, no_rope_layers=[0, 1, 0], mlp_bias=True, head_dim=8),
            "windows": small(use_sliding_window=True, sliding_window=3, no_rope_layer_interval=2),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "HuggingFaceTB/SmolLM3-3B": _published(
                eos_token_id=128012, max_position_embeddings=65536, rope_theta=5000000.0, rope_scaling=None
            ),
            "HuggingFaceTB/SmolLM3-3B-Base": _published(
                eos_token_id=128001, max_position_embeddings=65536, rope_theta=5000000.0, rope_scaling=None
            ),
            "unsloth/SmolLM3-3B-128K": _published(
                eos_token_id=128012,
                max_position_embeddings=131072,
                rope_theta=5000000.0,
                rope_scaling={
                    "factor": 2.0,
                    "original_max_position_embeddings": 65536,
                    "rope_type": "yarn",
                },
            ),
        },
    ),
}
