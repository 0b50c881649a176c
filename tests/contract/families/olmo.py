"""OLMo 1 and OLMo 3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small
from .olmo2 import drawn_olmo2, published_olmo2

YARN = {
    "attention_factor": 1.2079441541679836,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "factor": 8.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "yarn",
}
KINDS = ["full_attention", "sliding_attention", "sliding_attention"]


def _drawn(dice: random.Random) -> Values:
    return small(
        **grouped_heads(dice),
        num_hidden_layers=dice.randint(1, 3),
        hidden_act=dice.choice(["silu", "gelu"]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        clip_qkv=dice.choice([None, 0.5, 2.0]),
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _drawn3(dice: random.Random) -> Values:
    values = dict(drawn_olmo2(dice))
    layers = dice.randint(1, 4)
    theta = values.pop("rope_theta")
    kinds = [dice.choice(KINDS[:2]) for _ in range(layers)]
    return {
        **values,
        "num_hidden_layers": layers,
        "layer_types": dice.choice([None, kinds]),
        "sliding_window": dice.randint(2, 9),
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": theta},
            "sliding_attention": {"rope_type": "default", "rope_theta": theta},
        },
    }


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "clip_qkv": None,
        "eos_token_id": 50279,
        "hidden_act": "silu",
        "hidden_size": 4096,
        "initializer_range": 0.02,
        "intermediate_size": 11008,
        "max_position_embeddings": 2048,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 32,
        "pad_token_id": 1,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": 50304,
    }
    return {**base, **values}


def _published3(**values: Any) -> Values:
    base = {
        "max_position_embeddings": 65536,
        "rope_scaling": YARN,
        "sliding_window": 4096,
        "vocab_size": 100278,
    }
    return published_olmo2(**{**base, **values})


SMALLER = {"hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_key_value_heads": 32}

FAMILIES = {
    "olmo": Family(
        configs={
            "plain": small(),
            "clipped": small(clip_qkv=0.5, attention_bias=True, num_key_value_heads=None),
            "tied": small(tie_word_embeddings=True, num_key_value_heads=1, rope_theta=100.0),
        },
        drawn=_drawn,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "allenai/OLMo-1B-hf": _published(
                hidden_size=2048,
                intermediate_size=8192,
                num_attention_heads=16,
                num_hidden_layers=16,
                num_key_value_heads=16,
                tie_word_embeddings=True,
            ),
            "allenai/OLMo-7B-hf": _published(),
            "allenai/OLMo-7B-0424-hf": _published(clip_qkv=8.0, max_position_embeddings=4096),
        },
    ),
    "olmo3": Family(
        configs={
            "plain": small(num_hidden_layers=4, sliding_window=4),
            "listed": small(num_hidden_layers=3, sliding_window=3, layer_types=KINDS, attention_bias=True),
            "stretched": small(
                num_hidden_layers=4,
                sliding_window=6,
                rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
                tie_word_embeddings=True,
            ),
        },
        drawn=_drawn3,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "allenai/Olmo-3-1025-7B": _published3(**SMALLER, num_hidden_layers=32),
            "allenai/Olmo-3-7B-Instruct": _published3(
                **SMALLER,
                num_hidden_layers=32,
                layer_types=[*[*["sliding_attention"] * 3, "full_attention"] * 8],
            ),
            "allenai/Olmo-3-1125-32B": _published3(
                hidden_size=5120,
                intermediate_size=27648,
                num_attention_heads=40,
                num_hidden_layers=64,
                num_key_value_heads=8,
            ),
        },
    ),
}
