"""GPT-NeoX."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _rope(share: float, base: float = 10000.0, **values: Any) -> Values:
    return {"rope_type": "default", "rope_theta": base, "partial_rotary_factor": share, **values}


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
        "rope_parameters": _rope(0.25),
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    size = head_size(dice, heads, of=2)
    return _small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * size,
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        hidden_act=dice.choice(["gelu", "gelu_fast", "relu"]),
        layer_norm_eps=dice.choice([1e-5, 1e-3]),
        use_parallel_residual=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        tie_word_embeddings=dice.random() < 0.5,
        rope_parameters=_rope(dice.randrange(2, size + 1, 2) / size, dice.choice([100.0, 10000.0])),
    )


def _published(width: int, layers: int, heads: int, **values: Any) -> Values:
    base = {
        "bos_token_id": 0,
        "eos_token_id": 0,
        "hidden_act": "gelu",
        "hidden_size": width,
        "initializer_range": 0.02,
        "intermediate_size": 4 * width,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 2048,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "rotary_emb_base": 10000,
        "rotary_pct": 0.25,
        "tie_word_embeddings": False,
        "use_parallel_residual": True,
        "vocab_size": 50304,
    }
    return {**base, **values}


FAMILIES = {
    "gpt_neox": Family(
        configs={
            "plain": _small(),
            "in-a-row": _small(use_parallel_residual=False, attention_bias=False, hidden_act="relu"),
            "whole-head": _small(rope_parameters=_rope(1.0, 500.0), tie_word_embeddings=True, num_attention_heads=2),
            "stretched": _small(rope_parameters=_rope(0.5, rope_type="linear", factor=2.5), layer_norm_eps=0.01),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout", "attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "EleutherAI/gpt-neox-20b": _published(
                6144,
                44,
                64,
                attention_probs_dropout_prob=0,
                hidden_dropout_prob=0,
                hidden_act="gelu_fast",
                vocab_size=50432,
            ),
            "EleutherAI/pythia-160m": _published(768, 12, 12),
            "EleutherAI/pythia-1.4b-deduped": _published(2048, 24, 16),
            "stabilityai/stablelm-base-alpha-3b": _published(
                4096, 16, 32, max_position_embeddings=4096, vocab_size=50688, intermediate_size=16384
            ),
            "togethercomputer/RedPajama-INCITE-Base-3B-v1": _published(
                2560, 32, 32, rotary_pct=1.0, use_parallel_residual=False, vocab_size=50432
            ),
        },
    ),
}
