"""Gemma, Gemma 2, and the text model of Gemma 3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small


def _gemma(**values: Any) -> Values:
    return small(head_dim=8, **values)


def _windowed(**values: Any) -> Values:
    return _gemma(**{"sliding_window": 4, "query_pre_attn_scalar": 12, "num_hidden_layers": 3, **values})


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 2), dice.randint(1, 3)
    heads = groups * share
    return small(
        vocab_size=dice.randint(11, 70),
        num_key_value_heads=groups,
        num_attention_heads=heads,
        # A multiple of the heads, as transformers wants although their width is stated.
        hidden_size=heads * head_size(dice, heads),
        head_dim=2 * dice.randint(4, 8),
        intermediate_size=dice.randint(20, 50),
        num_hidden_layers=dice.randint(1, 2),
        rms_norm_eps=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _drawn_windowed(dice: random.Random) -> Values:
    return {
        **_drawn(dice),
        "hidden_activation": dice.choice(["gelu_pytorch_tanh", "silu", "gelu"]),
        "query_pre_attn_scalar": dice.randint(1, 40),
        "sliding_window": dice.randint(1, 9),
        "final_logit_softcapping": dice.choice([None, 5.0]),
    }


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "rms_norm_eps": 1e-6,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "vocab_size": 256000,
        "max_position_embeddings": 8192,
        "head_dim": 256,
    }
    return {**base, **values}


def _published2(**values: Any) -> Values:
    base = {
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
        "cache_implementation": "hybrid",
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "rope_theta": 10000.0,
        "sliding_window": 4096,
    }
    return _published(**{**base, **values})


def _published3(**values: Any) -> Values:
    base = {
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "cache_implementation": "hybrid",
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 256,
        "rope_local_base_freq": 10000,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "sliding_window": 512,
        "vocab_size": 262144,
        "max_position_embeddings": 32768,
    }
    return _published(**{**base, **values})


PATTERN = [*["sliding_attention"] * 5, "full_attention"]
KINDS = ["full_attention", "sliding_attention", "sliding_attention"]

FAMILIES = {
    "gemma": Family(
        configs={
            "plain": _gemma(),
            "legacy-gelu": _gemma(hidden_act="gelu", num_key_value_heads=1, rope_theta=100.0),
            "untied": _gemma(tie_word_embeddings=False, attention_bias=True, rms_norm_eps=1e-3),
            "silu": _gemma(hidden_act="silu", rope_scaling={"type": "linear", "factor": 2.0}),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "google/gemma-2b": _published(
                hidden_act="gelu",
                hidden_size=2048,
                intermediate_size=16384,
                num_attention_heads=8,
                num_hidden_layers=18,
                num_key_value_heads=1,
                rope_scaling=None,
                rope_theta=10000.0,
            ),
            "google/gemma-7b": _published(
                hidden_act="gelu",
                hidden_size=3072,
                intermediate_size=24576,
                num_attention_heads=16,
                num_hidden_layers=28,
                num_key_value_heads=16,
                rope_scaling=None,
                rope_theta=10000.0,
            ),
            "google/gemma-1.1-2b-it": _published(
                hidden_act="gelu_pytorch_tanh",
                hidden_activation="gelu_pytorch_tanh",
                hidden_size=2048,
                intermediate_size=16384,
                num_attention_heads=8,
                num_hidden_layers=18,
                num_key_value_heads=1,
                rope_scaling=None,
                rope_theta=10000.0,
            ),
        },
    ),
    "gemma2": Family(
        configs={
            "plain": _windowed(attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
            "uncapped": _windowed(attn_logit_softcapping=None, final_logit_softcapping=None, attention_bias=True),
            "untied": _windowed(tie_word_embeddings=False, hidden_activation="silu", num_key_value_heads=4),
            "listed": _windowed(layer_types=KINDS, sliding_window=1, attn_logit_softcapping=0.7),
        },
        drawn=_drawn_windowed,
        dropouts=("attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "google/gemma-2-2b": _published2(
                hidden_size=2304,
                intermediate_size=9216,
                num_attention_heads=8,
                num_hidden_layers=26,
                num_key_value_heads=4,
                query_pre_attn_scalar=256,
            ),
            "google/gemma-2-9b-it": _published2(
                hidden_size=3584,
                intermediate_size=14336,
                num_attention_heads=16,
                num_hidden_layers=42,
                num_key_value_heads=8,
                query_pre_attn_scalar=256,
                sliding_window_size=4096,
            ),
            "google/gemma-2-27b": _published2(
                hidden_size=4608,
                intermediate_size=36864,
                num_attention_heads=32,
                num_hidden_layers=46,
                num_key_value_heads=16,
                head_dim=128,
                query_pre_attn_scalar=144,
            ),
        },
    ),
    "gemma3_text": Family(
        configs={
            "plain": _windowed(sliding_window_pattern=2),
            "six": _windowed(num_hidden_layers=6, rope_theta=300.0, rope_local_base_freq=20.0),
            "stretched": _windowed(
                sliding_window_pattern=2,
                rope_scaling={"rope_type": "linear", "factor": 8.0},
                final_logit_softcapping=3.0,
                attn_logit_softcapping=0.5,
            ),
            "both-ways": _windowed(layer_types=KINDS, use_bidirectional_attention=True, sliding_window=5),
            "untied": _windowed(
                tie_word_embeddings=False,
                attention_bias=True,
                layer_types=KINDS,
                rope_parameters={
                    "full_attention": {"rope_type": "linear", "rope_theta": 500.0, "factor": 2.0},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
                },
            ),
        },
        drawn=lambda dice: {
            **_drawn_windowed(dice),
            "sliding_window_pattern": dice.randint(1, 4),
            "use_bidirectional_attention": False,
            "rope_local_base_freq": dice.choice([10.0, 1000.0]),
        },
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "google/gemma-3-1b-it": _published3(
                hidden_size=1152,
                intermediate_size=6912,
                num_attention_heads=4,
                num_hidden_layers=26,
                num_key_value_heads=1,
                sliding_window_pattern=6,
                eos_token_id=[1, 106],
            ),
            "google/gemma-3-270m": _published3(
                _sliding_window_pattern=6,
                hidden_size=640,
                intermediate_size=2048,
                layer_types=PATTERN * 3,
                num_attention_heads=4,
                num_hidden_layers=18,
                num_key_value_heads=1,
                use_bidirectional_attention=False,
            ),
            "google/embeddinggemma-300m": _published3(
                _sliding_window_pattern=6,
                hidden_size=768,
                intermediate_size=1152,
                layer_types=PATTERN * 4,
                max_position_embeddings=2048,
                num_attention_heads=3,
                num_hidden_layers=24,
                num_key_value_heads=1,
                use_bidirectional_attention=True,
            ),
        },
    ),
}
