"""BLOOM."""

from __future__ import annotations

import random
from typing import Any

from .gpt import KEYS_INERT
from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    return {"vocab_size": 53, "hidden_size": 24, "n_layer": 2, "n_head": 4, "pad_token_id": 3, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 7)
    return _small(
        vocab_size=dice.randint(11, 70),
        n_head=heads,
        hidden_size=heads * head_size(dice, heads),
        n_layer=dice.randint(1, 4),
        layer_norm_epsilon=dice.choice([1e-5, 1e-3]),
        apply_residual_connection_post_layernorm=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published(**values: Any) -> Values:
    base = {
        "apply_residual_connection_post_layernorm": False,
        "attention_dropout": 0.0,
        "attention_softmax_in_fp32": True,
        "bias_dropout_fusion": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_dropout": 0.0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "masked_softmax_fusion": True,
        "n_inner": None,
        "offset_alibi": 100,
        "pad_token_id": 3,
        "seq_length": 2048,
        "skip_bias_add": True,
        "skip_bias_add_qkv": False,
        "unk_token_id": 0,
        "vocab_size": 250880,
    }
    return {**base, **values}


FAMILIES = {
    "bloom": Family(
        positions=False,
        configs={
            "plain": _small(),
            "six-heads": _small(n_head=6, tie_word_embeddings=False, layer_norm_epsilon=0.01, classifier_dropout=0.3),
            "normed-residual": _small(apply_residual_connection_post_layernorm=True, n_head=3, n_layer=3),
            "one-head": _small(n_head=1, hidden_size=7, n_layer=1, pretraining_tp=4),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout", "attention_dropout", "classifier_dropout"),
        pads=True,
        inert=KEYS_INERT,
        published={
            "bigscience/bloom-560m": _published(n_embed=1024, n_layer=24, num_attention_heads=16, pretraining_tp=1),
            "bigscience/bloom-7b1": _published(n_embed=4096, n_layer=30, num_attention_heads=32, pretraining_tp=4),
            "bigscience/bloom": _published(hidden_size=14336, n_layer=70, n_head=112, num_attention_heads=112),
        },
    ),
}
