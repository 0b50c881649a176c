"""Phi 1, 1.5 and 2."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size
from .llama import small


def _small(**values: Any) -> Values:
    return small(hidden_size=32, **values)


def _drawn(dice: random.Random) -> Values:
    groups, share = dice.randint(1, 2), dice.randint(1, 3)
    size = head_size(dice, groups * share, of=4)
    return small(
        num_key_value_heads=groups,
        num_attention_heads=groups * share,
        hidden_size=groups * share * size,
        num_hidden_layers=dice.randint(1, 2),
        hidden_act=dice.choice(["gelu_new", "gelu", "relu"]),
        partial_rotary_factor=dice.choice([0.5, 1.0]),
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_dropout": 0.0,
        "bos_token_id": None,
        "embd_pdrop": 0.0,
        "eos_token_id": None,
        "hidden_act": "gelu_new",
        "hidden_size": 2048,
        "initializer_range": 0.02,
        "intermediate_size": 8192,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 2048,
        "num_attention_heads": 32,
        "num_hidden_layers": 24,
        "num_key_value_heads": None,
        "partial_rotary_factor": 0.5,
        "qk_layernorm": False,
        "resid_pdrop": 0.0,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": 51200,
    }
    return {**base, **values}


FAMILIES = {
    "phi": Family(
        configs={
            "plain": _small(),
            "head-norms": _small(qk_layernorm=True, tie_word_embeddings=True, partial_rotary_factor=0.25),
            "all-turn": _small(num_key_value_heads=None, partial_rotary_factor=1.0, layer_norm_eps=1e-3),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "classifier_dropout", "embd_pdrop", "resid_pdrop"),
        pads=True,
        published={
            "microsoft/phi-1": _published(),
            "microsoft/phi-1_5": _published(),
            "microsoft/phi-2": _published(
                hidden_size=2560,
                intermediate_size=10240,
                num_hidden_layers=32,
                num_key_value_heads=32,
                partial_rotary_factor=0.4,
                resid_pdrop=0.1,
                bos_token_id=50256,
                eos_token_id=50256,
            ),
        },
    ),
}
