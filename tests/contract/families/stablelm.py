"""StableLM."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small


def _small(**values: Any) -> Values:
    return small(hidden_size=32, **values)


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 2), dice.randint(1, 2)
    size = head_size(dice, groups * share, of=8)
    return small(
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        num_hidden_layers=dice.randint(1, 2),
        hidden_act=dice.choice(["silu", "gelu"]),
        partial_rotary_factor=dice.choice([0.25, 0.5, 1.0]),
        qk_layernorm=dice.random() < 0.5,
        use_qkv_bias=dice.random() < 0.5,
        use_parallel_residual=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "bos_token_id": 0,
        "eos_token_id": 0,
        "hidden_act": "silu",
        "hidden_size": 2560,
        "initializer_range": 0.02,
        "intermediate_size": 6912,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 4096,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 32,
        "partial_rotary_factor": 0.25,
        "rope_theta": 10000,
        "tie_word_embeddings": False,
        "use_qkv_bias": False,
        "vocab_size": 50304,
    }
    return {**base, **values}


FAMILIES = {
    "stablelm": Family(
        configs={
            "plain": _small(),
            "head-norms": _small(qk_layernorm=True, use_parallel_residual=True, use_qkv_bias=True),
            "all-turn": _small(
                num_key_value_heads=4, partial_rotary_factor=1.0, layer_norm_eps=1e-3, use_qkv_bias=True
            ),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout", "hidden_dropout"),
        pads=True,
        published={
            "stabilityai/stablelm-3b-4e1t": _published(),
            "stabilityai/stablelm-2-1_6b": _published(
                bos_token_id=100257,
                eos_token_id=100257,
                hidden_size=2048,
                intermediate_size=5632,
                num_hidden_layers=24,
                use_qkv_bias=True,
                vocab_size=100352,
            ),
            "stabilityai/stablelm-2-12b": _published(
                attention_dropout=0.0,
                bos_token_id=100257,
                eos_token_id=100257,
                hidden_dropout=0.0,
                hidden_size=5120,
                intermediate_size=13824,
                num_hidden_layers=40,
                num_key_value_heads=8,
                qk_layernorm=True,
                use_parallel_residual=True,
                vocab_size=100352,
            ),
        },
    ),
}
