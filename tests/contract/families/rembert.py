"""RemBERT."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    return small(**{"input_embedding_size": 10, "output_embedding_size": 31, **values})


def _drawn(dice: random.Random) -> Values:
    sizes = {"input_embedding_size": head_size(dice, 1), "output_embedding_size": head_size(dice, 1)}
    # A projection is there whatever the widths; torso describes none between equal ones.
    values = {**drawn(dice), **sizes}
    same = values["input_embedding_size"] == values["hidden_size"]
    return {**values, "input_embedding_size": values["input_embedding_size"] + same}


def _published(**values: Any) -> Values:
    own = {
        "attention_probs_dropout_prob": 0,
        "bos_token_id": 312,
        "classifier_dropout_prob": 0.1,
        "eos_token_id": 313,
        "hidden_dropout_prob": 0,
        "hidden_size": 1152,
        "input_embedding_size": 256,
        "intermediate_size": 4608,
        "num_attention_heads": 18,
        "num_hidden_layers": 32,
        "output_embedding_size": 1664,
        "tie_word_embeddings": False,
        "use_cache": True,
        "vocab_size": 250300,
    }
    return base_sized(**{**own, **values})


FAMILIES = {
    "rembert": Family(
        configs={
            "plain": _small(),
            "three-segments": _small(type_vocab_size=3, num_hidden_layers=3, hidden_act="relu"),
            "one-head": _small(num_attention_heads=1, layer_norm_eps=1e-3, classifier_dropout_prob=0.3),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob"),
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # One is published; the other two are of its kind, in other sizes.
        published={
            "google/rembert": _published(),
            "of half the depth": _published(num_hidden_layers=16),
            "of BERT's size": _published(
                hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12
            ),
        },
    ),
}
