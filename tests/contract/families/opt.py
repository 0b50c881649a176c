"""OPT."""

from __future__ import annotations

import random
from typing import Any

from .gpt import KEYS_INERT
from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "ffn_dim": 40,
        "max_position_embeddings": 30,
        "pad_token_id": 1,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    width = heads * head_size(dice, heads)
    return _small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=width,
        ffn_dim=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        max_position_embeddings=dice.randint(16, 40),
        activation_function=dice.choice(["relu", "gelu", "silu"]),
        word_embed_proj_dim=dice.choice([width, dice.randint(5, 30)]),
        do_layer_norm_before=dice.random() < 0.5,
        layer_norm_elementwise_affine=dice.random() < 0.5,
        enable_bias=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published(width: int, layers: int, heads: int, **values: Any) -> Values:
    base = {
        "_remove_final_layer_norm": False,
        "activation_dropout": 0.0,
        "activation_function": "relu",
        "attention_dropout": 0.0,
        "bos_token_id": 2,
        "do_layer_norm_before": True,
        "dropout": 0.1,
        "eos_token_id": 2,
        "ffn_dim": 4 * width,
        "hidden_size": width,
        "init_std": 0.02,
        "layerdrop": 0.0,
        "max_position_embeddings": 2048,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "pad_token_id": 1,
        "prefix": "</s>",
        "vocab_size": 50272,
        "word_embed_proj_dim": width,
    }
    return {**base, **values}


FAMILIES = {
    "opt": Family(
        configs={
            "plain": _small(),
            "projected": _small(word_embed_proj_dim=10, do_layer_norm_before=False, activation_function="gelu"),
            "projected-before": _small(word_embed_proj_dim=32, tie_word_embeddings=False),
            "bare": _small(enable_bias=False, layer_norm_elementwise_affine=False),
            "no-last-norm": _small(_remove_final_layer_norm=True, num_attention_heads=3, num_hidden_layers=1),
        },
        drawn=_drawn,
        dropouts=("dropout", "attention_dropout"),
        pads=True,
        inert=KEYS_INERT,
        published={
            "facebook/opt-125m": _published(768, 12, 12),
            "facebook/opt-350m": _published(1024, 24, 16, do_layer_norm_before=False, word_embed_proj_dim=512),
            "facebook/opt-1.3b": _published(2048, 24, 32),
            "facebook/galactica-1.3b": _published(
                2048,
                24,
                32,
                activation_function="gelu",
                attention_dropout=0.1,
                bos_token_id=0,
                enable_bias=True,
                layer_norm_elementwise_affine=True,
                learned_embeddings=True,
                scale_embeddings=False,
                vocab_size=50000,
            ),
        },
    ),
}
