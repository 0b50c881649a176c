"""DeBERTa, in its versions."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 20,
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    return _small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * head_size(dice, heads),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 3),
        type_vocab_size=dice.randint(0, 3),
        max_position_embeddings=dice.randint(16, 40),
        max_relative_positions=dice.choice([-1, 4, 9, 30]),
        position_biased_input=dice.random() < 0.5,
        pos_att_type=dice.choice(["c2p", ["p2c"], "p2c|c2p"]),
        layer_norm_eps=dice.choice([1e-7, 1e-3]),
    )


def _drawn_v2(dice: random.Random) -> Values:
    return {
        **_drawn(dice),
        "share_att_key": dice.random() < 0.5,
        "norm_rel_ebd": dice.choice(["none", "layer_norm"]),
        "max_relative_positions": dice.choice([-1, 12, 30]),
        "position_buckets": dice.choice([-1, 4, 5, 8]),
        "conv_kernel_size": dice.choice([0, 1, 3, 5]),
    }


def _published(**values: Any) -> Values:
    base = {
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-7,
        "max_position_embeddings": 512,
        "max_relative_positions": -1,
        "pad_token_id": 0,
        "pos_att_type": "c2p|p2c",
        "position_biased_input": False,
        "relative_attention": True,
        "type_vocab_size": 0,
        "pooler_dropout": 0,
        "pooler_hidden_act": "gelu",
    }
    return {**base, **values}


def _published_v2(**values: Any) -> Values:
    base = {
        "vocab_size": 128100,
        "norm_rel_ebd": "layer_norm",
        "pos_att_type": "p2c|c2p",
        "position_buckets": 256,
        "share_att_key": True,
    }
    return _published(**{**base, **values})


DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout", "cls_dropout")

FAMILIES = {
    "deberta-v2": Family(
        configs={
            "plain": _small(
                type_vocab_size=2,
                share_att_key=True,
                position_buckets=8,
                norm_rel_ebd="layer_norm",
                conv_kernel_size=3,
            ),
            "own-projections": _small(position_biased_input=True, attention_head_size=6, legacy=False),
            "one-term": _small(
                pos_att_type="c2p", max_relative_positions=4, embedding_size=10, pooler_hidden_act="tanh"
            ),
            "other-term": _small(
                pos_att_type=["p2c"], share_att_key=True, position_buckets=5, max_relative_positions=30
            ),
            "grouped": _small(conv_kernel_size=5, conv_groups=3, conv_act="gelu", cls_dropout=0.3, hidden_act="relu"),
            "untied": _small(
                relative_attention=False, tie_word_embeddings=False, type_vocab_size=3, layer_norm_eps=0.1
            ),
        },
        drawn=_drawn_v2,
        dropouts=DROPOUTS,
        published={
            "microsoft/deberta-v3-xsmall": _published_v2(
                hidden_size=384,
                num_hidden_layers=12,
                num_attention_heads=6,
                intermediate_size=1536,
                pooler_hidden_size=384,
            ),
            "microsoft/deberta-v3-base": _published_v2(
                hidden_size=768,
                num_hidden_layers=12,
                num_attention_heads=12,
                intermediate_size=3072,
                pooler_hidden_size=768,
            ),
            "microsoft/deberta-v2-xlarge": _published_v2(
                attention_head_size=64,
                conv_act="gelu",
                conv_kernel_size=3,
                hidden_size=1536,
                num_hidden_layers=24,
                num_attention_heads=24,
                intermediate_size=6144,
                pooler_hidden_size=1536,
            ),
            "microsoft/mdeberta-v3-base": _published_v2(
                vocab_size=251000,
                hidden_size=768,
                num_hidden_layers=12,
                num_attention_heads=12,
                intermediate_size=3072,
                pooler_hidden_size=768,
            ),
        },
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
    "deberta": Family(
        configs={
            # Without segments or positions the row of the padding token, all zeros, has a gradient without bounds.
            "plain": _small(type_vocab_size=2),
            "positions": _small(position_biased_input=True, legacy=False),
            "one-term": _small(pos_att_type="c2p", max_relative_positions=4, embedding_size=10, cls_dropout=0.3),
            "other-term": _small(pos_att_type=["p2c"], pooler_hidden_act="tanh", hidden_act="relu"),
            "untied": _small(
                relative_attention=False, tie_word_embeddings=False, type_vocab_size=3, layer_norm_eps=0.1
            ),
        },
        drawn=_drawn,
        dropouts=DROPOUTS,
        published={
            "microsoft/deberta-base": _published(
                vocab_size=50265,
                hidden_size=768,
                num_hidden_layers=12,
                num_attention_heads=12,
                intermediate_size=3072,
                pooler_hidden_size=768,
            ),
            "microsoft/deberta-large": _published(
                vocab_size=50265,
                hidden_size=1024,
                num_hidden_layers=24,
                num_attention_heads=16,
                intermediate_size=4096,
                pooler_hidden_size=1024,
            ),
            "microsoft/deberta-xlarge-mnli": _published(
                vocab_size=50265,
                hidden_size=1024,
                num_hidden_layers=48,
                num_attention_heads=16,
                intermediate_size=4096,
                pooler_hidden_size=1024,
                attention_head_size=64,
            ),
        },
        left=("cls.predictions.bias",),
    ),
}
