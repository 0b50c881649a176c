"""ELECTRA."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    return small(**{"embedding_size": 10, **values})


def _drawn(dice: random.Random) -> Values:
    return {**drawn(dice), "embedding_size": head_size(dice, 1), "tie_word_embeddings": dice.random() < 0.5}


def _published(**values: Any) -> Values:
    own = {
        "embedding_size": 768,
        "summary_activation": "gelu",
        "summary_last_dropout": 0.1,
        "summary_type": "first",
        "summary_use_proj": True,
    }
    return base_sized(**{**own, **values})


SMALL = {"embedding_size": 128, "hidden_size": 256, "intermediate_size": 1024, "num_attention_heads": 4}

FAMILIES = {
    "electra": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, classifier_dropout=0.3, hidden_act="relu"),
            "three-segments": _small(type_vocab_size=3, embedding_size=24, summary_activation="tanh"),
            "wide-embeddings": _small(embedding_size=31, layer_norm_eps=0.1, num_attention_heads=1, pad_token_id=5),
        },
        drawn=_drawn,
        dropouts=(
            "hidden_dropout_prob",
            "attention_probs_dropout_prob",
            "classifier_dropout",
            "summary_last_dropout",
        ),
        published={
            "google/electra-small-discriminator": _published(vocab_size=30522, **SMALL),
            "google/electra-base-discriminator": _published(vocab_size=30522),
            "google/electra-base-generator": _published(
                vocab_size=30522, hidden_size=256, intermediate_size=1024, num_attention_heads=4
            ),
            "hfl/chinese-electra-180g-small-discriminator": _published(vocab_size=21128, **SMALL),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
    ),
}
