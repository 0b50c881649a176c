"""RoFormer."""

from __future__ import annotations

import random
from typing import Any

from .bert import base_sized, drawn, small
from .kinds import Family, Values, head_size

KEYS = "adds the same to all of a query's scores, which a softmax does not see"


def _drawn(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3])
    return {
        **drawn(dice),
        "num_attention_heads": heads,
        "hidden_size": heads * head_size(dice, heads, of=2),
        "embedding_size": dice.choice([None, head_size(dice, 1)]),
        "tie_word_embeddings": dice.random() < 0.5,
    }


def _published(**values: Any) -> Values:
    own = {
        "embedding_size": 768,
        "eos_token_id": 102,
        "max_position_embeddings": 1536,
        "rotary_value": False,
        "use_cache": True,
        "vocab_size": 50000,
    }
    return base_sized(**{**own, **values})


FAMILIES = {
    "roformer": Family(
        positions=False,
        configs={
            "plain": small(),
            "narrow-embeddings": small(embedding_size=10, type_vocab_size=3, hidden_act="relu"),
            "untied": small(tie_word_embeddings=False, num_attention_heads=2, layer_norm_eps=1e-3),
        },
        drawn=_drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob"),
        # Of the two biases of an untied decoder, transformers uses the decoder's own. Sines and cosines are computed.
        left=("cls.predictions.bias", *(f"{prefix}encoder.embed_positions.weight" for prefix in ("", "roformer."))),
        published={
            "junnyu/roformer_chinese_base": _published(),
            "junnyu/roformer_chinese_char_base": _published(vocab_size=12000, max_position_embeddings=512),
            "junnyu/roformer_chinese_small": _published(
                hidden_size=384,
                embedding_size=384,
                intermediate_size=1536,
                num_attention_heads=6,
                num_hidden_layers=6,
                max_position_embeddings=512,
            ),
            "junnyu/roformer_small_discriminator": _published(
                hidden_size=256,
                embedding_size=128,
                intermediate_size=1024,
                num_attention_heads=4,
                max_position_embeddings=512,
                vocab_size=30522,
            ),
        },
    ),
}
