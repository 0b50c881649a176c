"""ModernBERT."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size

FULL, SLIDING = "full_attention", "sliding_attention"


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "local_attention": 6,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "cls_token_id": 1,
        "sep_token_id": 2,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    return _small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * head_size(dice, heads, of=2),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 5),
        local_attention=dice.randint(0, 20),
        global_attn_every_n_layers=dice.randint(1, 4),
        norm_bias=dice.random() < 0.5,
        attention_bias=dice.random() < 0.5,
        mlp_bias=dice.random() < 0.5,
        decoder_bias=dice.random() < 0.5,
        classifier_bias=dice.random() < 0.5,
        classifier_pooling=dice.choice(["cls", "mean"]),
    )


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 50281,
        "classifier_activation": "gelu",
        "classifier_bias": False,
        "classifier_dropout": 0.0,
        "classifier_pooling": "mean",
        "cls_token_id": 50281,
        "decoder_bias": True,
        "deterministic_flash_attn": False,
        "embedding_dropout": 0.0,
        "eos_token_id": 50282,
        "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000.0,
        "hidden_activation": "gelu",
        "hidden_size": 768,
        "initializer_cutoff_factor": 2.0,
        "initializer_range": 0.02,
        "intermediate_size": 1152,
        "layer_norm_eps": 1e-05,
        "local_attention": 128,
        "local_rope_theta": 10000.0,
        "max_position_embeddings": 8192,
        "mlp_bias": False,
        "mlp_dropout": 0.0,
        "norm_bias": False,
        "norm_eps": 1e-05,
        "num_attention_heads": 12,
        "num_hidden_layers": 22,
        "pad_token_id": 50283,
        "position_embedding_type": "absolute",
        "sep_token_id": 50282,
        "vocab_size": 50368,
    }
    return {**base, **values}


FAMILIES = {
    "modernbert": Family(
        configs={
            # With a bias, what attention adds is not all gone when its weights are dropped.
            "plain": _small(attention_bias=True),
            "biases": _small(
                norm_bias=True,
                attention_bias=True,
                mlp_bias=True,
                classifier_bias=True,
                classifier_pooling="mean",
                classifier_activation="silu",
                hidden_activation="gelu_new",
                norm_eps=1e-3,
            ),
            "older-form": _small(
                global_rope_theta=200.0, local_rope_theta=20.0, global_attn_every_n_layers=2, decoder_bias=False
            ),
            "new-form": _small(
                layer_types=[SLIDING, FULL, SLIDING],
                rope_parameters={FULL: {"rope_type": "linear", "rope_theta": 300.0, "factor": 2.0}},
                local_attention=5,
            ),
            "stretched": _small(rope_scaling={"rope_type": "linear", "factor": 3.0}, local_attention=1),
            "untied": _small(tie_word_embeddings=False, classifier_dropout=0.2, local_attention=128),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "embedding_dropout", "mlp_dropout", "classifier_dropout"),
        published={
            "answerdotai/ModernBERT-base": _published(),
            "answerdotai/ModernBERT-large": _published(
                hidden_size=1024,
                intermediate_size=2624,
                num_attention_heads=16,
                num_hidden_layers=28,
                classifier_pooling="mean",
            ),
            "Alibaba-NLP/gte-modernbert-base": _published(sparse_prediction=False, sparse_pred_ignore_index=-100),
            "jhu-clsp/mmBERT-base": _published(
                vocab_size=256000,
                pad_token_id=0,
                bos_token_id=2,
                cls_token_id=1,
                eos_token_id=1,
                sep_token_id=1,
                local_rope_theta=160000.0,
                position_embedding_type="sans_pos",
            ),
        },
    )
}
