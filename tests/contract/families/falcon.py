"""Falcon."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    base = {"vocab_size": 53, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "pad_token_id": 0}
    return {**base, "max_position_embeddings": 64, **values}


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 3), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=2)
    kinds = (
        {
            "new_decoder_architecture": True,
            "num_kv_heads": groups,
            "num_ln_in_parallel_attn": dice.choice([None, 1, 2]),
        },
        {"multi_query": True, "parallel_attn": dice.random() < 0.5},
        {"multi_query": False, "parallel_attn": dice.random() < 0.5},
    )
    return _small(
        **dice.choice(kinds),
        vocab_size=dice.randint(11, 70),
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        num_hidden_layers=dice.randint(1, 3),
        bias=dice.random() < 0.5,
        activation=dice.choice(["gelu", "relu", "silu"]),
        ffn_hidden_size=dice.choice([None, 30]),
        layer_norm_epsilon=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published(**values: Any) -> Values:
    base = {
        "alibi": False,
        "apply_residual_connection_post_layernorm": False,
        "attention_dropout": 0.0,
        "bias": False,
        "bos_token_id": 11,
        "eos_token_id": 11,
        "hidden_dropout": 0.0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "multi_query": True,
        "new_decoder_architecture": False,
        "parallel_attn": True,
        "vocab_size": 65024,
    }
    return {**base, **values}


FAMILIES = {
    "falcon": Family(
        configs={
            "plain": _small(),
            "new": _small(new_decoder_architecture=True, num_kv_heads=2, num_attention_heads=6, hidden_size=36),
            "one-norm": _small(
                new_decoder_architecture=True,
                num_kv_heads=2,
                num_ln_in_parallel_attn=1,
                ffn_hidden_size=30,
                rope_theta=500.0,
                activation="relu",
                tie_word_embeddings=False,
            ),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout", "hidden_dropout"),
        pads=True,
        published={
            "tiiuae/falcon-7b-instruct": _published(
                hidden_size=4544, num_attention_heads=71, num_hidden_layers=32, num_kv_heads=71
            ),
            "tiiuae/falcon-40b": _published(
                hidden_size=8192,
                new_decoder_architecture=True,
                num_attention_heads=128,
                num_hidden_layers=60,
                num_kv_heads=8,
            ),
            "tiiuae/falcon-11B": _published(
                activation="gelu",
                ffn_hidden_size=16384,
                hidden_size=4096,
                max_position_embeddings=8192,
                new_decoder_architecture=True,
                num_attention_heads=32,
                num_hidden_layers=60,
                num_kv_heads=8,
                num_ln_in_parallel_attn=1,
                rope_scaling=None,
                rope_theta=500042.0,
                tie_word_embeddings=False,
            ),
            "tiiuae/falcon-rw-1b": _published(
                alibi=True,
                bias=True,
                bos_token_id=1,
                eos_token_id=2,
                hidden_size=2048,
                multi_query=False,
                num_attention_heads=32,
                num_hidden_layers=24,
                parallel_attn=False,
                vocab_size=50304,
            ),
        },
    ),
}
