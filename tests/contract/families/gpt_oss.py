"""gpt-oss."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small

YARN = {
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "factor": 32.0,
    "original_max_position_embeddings": 4096,
    "rope_type": "yarn",
    "truncate": False,
}


def _small(**values: Any) -> Values:
    base = {"head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 18}
    return small(**{**base, "sliding_window": 4, **values})


def _drawn(dice: random.Random) -> Values:
    count = dice.randint(2, 5)
    return _small(
        **grouped_heads(dice),
        num_hidden_layers=dice.randint(1, 3),
        head_dim=2 * dice.randint(3, 8),
        num_local_experts=count,
        num_experts_per_tok=dice.randint(1, count),
        sliding_window=dice.randint(1, 9),
        attention_bias=dice.random() < 0.7,
        swiglu_limit=dice.choice([0.5, 7.0]),
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([1000.0, 150000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": True,
        "attention_dropout": 0.0,
        "eos_token_id": 200002,
        "experts_per_token": 4,
        "head_dim": 64,
        "hidden_act": "silu",
        "hidden_size": 2880,
        "initial_context_length": 4096,
        "initializer_range": 0.02,
        "intermediate_size": 2880,
        "max_position_embeddings": 131072,
        "num_attention_heads": 64,
        "num_experts_per_tok": 4,
        "num_key_value_heads": 8,
        "output_router_logits": False,
        "pad_token_id": 199999,
        "rms_norm_eps": 1e-5,
        "rope_scaling": YARN,
        "rope_theta": 150000,
        "router_aux_loss_coef": 0.9,
        "sliding_window": 128,
        "swiglu_limit": 7.0,
        "tie_word_embeddings": False,
        "vocab_size": 201088,
    }
    return {**base, **values}


FAMILIES = {
    "gpt_oss": Family(
        configs={
            "plain": _small(),
            "stretched": _small(
                rope_parameters={**YARN, "original_max_position_embeddings": 8, "factor": 8.0, "rope_theta": 1000.0},
                layer_types=["full_attention", "sliding_attention"],
                swiglu_limit=0.5,
                tie_word_embeddings=True,
            ),
            "no-window": _small(
                rope_parameters={"rope_type": "default", "rope_theta": 500.0},
                layer_types=["full_attention", "full_attention"],
                attention_bias=False,
                num_experts_per_tok=1,
            ),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        built_layers=2,
        published={
            "openai/gpt-oss-20b": _published(num_hidden_layers=24, num_local_experts=32),
            "openai/gpt-oss-120b": _published(num_hidden_layers=36, num_local_experts=128),
            "unsloth/gpt-oss-20b-BF16": _published(num_hidden_layers=24, num_local_experts=32, bos_token_id=199998),
        },
    ),
}
