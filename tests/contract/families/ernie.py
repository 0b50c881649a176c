"""ERNIE."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values


def _drawn(dice: random.Random) -> Values:
    own = {"use_task_id": dice.random() < 0.5, "task_type_vocab_size": dice.randint(1, 16)}
    return {**drawn(dice), **own}


def _published(**values: Any) -> Values:
    own = {
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 2048,
        "task_type_vocab_size": 3,
        "type_vocab_size": 4,
        "use_task_id": True,
        "vocab_size": 40000,
    }
    return base_sized(**{**own, **values})


FAMILIES = {
    "ernie": Family(
        configs={
            "plain": small(use_task_id=True),
            "no-task": small(use_task_id=False, hidden_act="relu", classifier_dropout=0.3),
            "untied": small(use_task_id=True, task_type_vocab_size=16, tie_word_embeddings=False, type_vocab_size=4),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        published={
            "nghuyong/ernie-3.0-base-zh": _published(),
            "nghuyong/ernie-3.0-medium-zh": _published(num_hidden_layers=6, task_type_vocab_size=16),
            "nghuyong/ernie-3.0-nano-zh": _published(
                hidden_size=312, intermediate_size=1248, num_hidden_layers=4, task_type_vocab_size=16
            ),
            "nghuyong/ernie-1.0-base-zh": _published(
                hidden_act="relu", max_position_embeddings=513, type_vocab_size=2, use_task_id=False, vocab_size=18000
            ),
            "nghuyong/ernie-2.0-base-en": _published(max_position_embeddings=512, vocab_size=30522),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
}
