"""DistilBERT."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    base = {"vocab_size": 53, "dim": 24, "n_layers": 2, "n_heads": 4, "hidden_dim": 40, "max_position_embeddings": 20}
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    return _small(
        vocab_size=dice.randint(11, 70),
        n_heads=heads,
        dim=heads * head_size(dice, heads),
        hidden_dim=dice.randint(5, 50),
        n_layers=dice.randint(1, 4),
        max_position_embeddings=dice.randint(16, 40),
        activation=dice.choice(["gelu", "relu", "silu", "gelu_new"]),
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published(**values: Any) -> Values:
    base = {
        "activation": "gelu",
        "attention_dropout": 0.1,
        "dim": 768,
        "dropout": 0.1,
        "hidden_dim": 3072,
        "initializer_range": 0.02,
        "max_position_embeddings": 512,
        "n_heads": 12,
        "n_layers": 6,
        "pad_token_id": 0,
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
    }
    return {**base, **values}


FAMILIES = {
    "distilbert": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, activation="relu"),
            "odd-sizes": _small(vocab_size=41, dim=21, n_heads=3, hidden_dim=13, n_layers=3, pad_token_id=5),
            "short-table": _small(max_position_embeddings=16, n_heads=1, n_layers=1, sinusoidal_pos_embds=True),
        },
        drawn=_drawn,
        dropouts=("dropout", "attention_dropout", "seq_classif_dropout", "qa_dropout"),
        published={
            "distilbert-base-uncased": _published(vocab_size=30522),
            "distilbert-base-multilingual-cased": _published(vocab_size=119547, output_past=True),
            "distilbert-base-uncased-finetuned-sst-2-english": _published(
                vocab_size=30522,
                finetuning_task="sst-2",
                id2label={"0": "NEGATIVE", "1": "POSITIVE"},
                label2id={"NEGATIVE": 0, "POSITIVE": 1},
                output_past=True,
            ),
            "distilbert-base-cased-distilled-squad": _published(vocab_size=28996, output_past=True),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
    ),
}
