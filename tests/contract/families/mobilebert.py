"""MobileBERT."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values, head_size

KEYS = "adds the same to all of a query's scores, which a softmax does not see"


def _small(**values: Any) -> Values:
    own = {"embedding_size": 10, "intra_bottleneck_size": 16, "num_feedforward_networks": 3, "pad_token_id": 0}
    return small(**{**own, **values})


def _drawn(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3])
    width = head_size(dice, 1)
    return _small(
        **{
            **drawn(dice),
            "num_attention_heads": heads,
            "intra_bottleneck_size": heads * head_size(dice, heads),
            "hidden_size": width + dice.randint(1, 9),
            "embedding_size": width,
            "num_feedforward_networks": dice.randint(1, 4),
            "normalization_type": dice.choice(["no_norm", "layer_norm"]),
            "tie_word_embeddings": dice.random() < 0.5,
        }
    )


def _published(**values: Any) -> Values:
    own = {
        "classifier_activation": True,
        "embedding_size": 128,
        "hidden_act": "relu",
        "hidden_dropout_prob": 0.0,
        "hidden_size": 512,
        "intermediate_size": 512,
        "intra_bottleneck_size": 128,
        "key_query_shared_bottleneck": True,
        "normalization_type": "no_norm",
        "num_attention_heads": 4,
        "num_feedforward_networks": 4,
        "num_hidden_layers": 24,
        "trigram_input": True,
        "true_hidden_size": 128,
        "use_bottleneck": True,
        "use_bottleneck_attention": False,
        "vocab_size": 30522,
    }
    return base_sized(**{**own, **values})


FAMILIES = {
    "mobilebert": Family(
        configs={
            "plain": _small(),
            "normed": _small(normalization_type="layer_norm", num_feedforward_networks=1, layer_norm_eps=1e-3),
            "untied": _small(tie_word_embeddings=False, hidden_act="relu", type_vocab_size=3, num_attention_heads=2),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        inert={"attn.k.bias": KEYS},
        # The last token's trigram holds the vector of the padding behind it, which is zero.
        pads=True,
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
        # One is published; the others are what was made of it, or of its kind in another size.
        published={
            "google/mobilebert-uncased": _published(),
            "typeform/mobilebert-uncased-mnli": _published(use_cache=True),
            "of half the depth": _published(num_hidden_layers=12),
        },
    ),
}
