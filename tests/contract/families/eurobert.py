"""EuroBERT."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _drawn(dice: random.Random) -> Values:
    sizes = grouped_heads(dice)
    return small(
        **sizes,
        num_hidden_layers=dice.randint(1, 2),
        classifier_pooling=dice.choice(["bos", "mean", "late"]),
        tie_word_embeddings=dice.random() < 0.5,
        mlp_bias=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 250000.0]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 128000,
        "classifier_pooling": "late",
        "eos_token_id": 128001,
        "head_dim": 64,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "mask_token": "<|mask|>",
        "mask_token_id": 128002,
        "max_position_embeddings": 8192,
        "mlp_bias": False,
        "pad_token": "<|end_of_text|>",
        "pad_token_id": 128001,
        "rms_norm_eps": 1e-5,
        "rope_theta": 250000,
        "tie_word_embeddings": False,
        "vocab_size": 128256,
    }
    return {**base, **values}


FAMILIES = {
    "eurobert": Family(
        configs={
            "plain": small(num_key_value_heads=4),
            "mean": small(classifier_pooling="mean", mlp_bias=True, attention_bias=True),
            "first": small(classifier_pooling="bos", tie_word_embeddings=True, head_dim=8),
        },
        drawn=_drawn,
        dropouts=("attention_dropout",),
        pads=True,
        published={
            "EuroBERT/EuroBERT-210m": _published(
                hidden_size=768,
                intermediate_size=3072,
                num_attention_heads=12,
                num_hidden_layers=12,
                num_key_value_heads=12,
            ),
            "EuroBERT/EuroBERT-610m": _published(
                hidden_size=1152,
                intermediate_size=4096,
                num_attention_heads=18,
                num_hidden_layers=26,
                num_key_value_heads=6,
            ),
            "EuroBERT/EuroBERT-2.1B": _published(
                head_dim=128,
                hidden_size=2304,
                intermediate_size=6144,
                num_attention_heads=18,
                num_hidden_layers=32,
                num_key_value_heads=6,
            ),
        },
    ),
}
