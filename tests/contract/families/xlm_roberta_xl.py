"""XLM-R XL and XXL."""

from __future__ import annotations

import random
from typing import Any

from .bert import drawn
from .kinds import Family, Values
from .roberta import DROPOUTS, INERT, LEFT, published, small_roberta


def _drawn(dice: random.Random) -> Values:
    pad = dice.randint(0, 5)
    return small_roberta(**{**drawn(dice), "pad_token_id": pad, "max_position_embeddings": dice.randint(22, 40)})


def _published(**values: Any) -> Values:
    own = {
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_attention_heads": 32,
        "num_hidden_layers": 36,
        "position_embedding_type": "absolute",
        "vocab_size": 250880,
    }
    return published(**{**own, **values})


FAMILIES = {
    "xlm-roberta-xl": Family(
        configs={
            "plain": small_roberta(),
            "untied": small_roberta(tie_word_embeddings=False, classifier_dropout=0.3, type_vocab_size=2),
            "late-padding": small_roberta(pad_token_id=6, layer_norm_eps=0.1, num_attention_heads=1),
        },
        drawn=_drawn,
        dropouts=DROPOUTS,
        inert=INERT,
        left=LEFT,
        pads=True,
        offset=lambda config: config.pad_token_id + 1,
        # Two are published; the third is of their kind, in another size.
        published={
            "facebook/xlm-roberta-xl": _published(),
            "facebook/xlm-roberta-xxl": _published(hidden_size=4096, intermediate_size=16384, num_hidden_layers=48),
            "of XLM-R's size": _published(
                hidden_size=1024, intermediate_size=4096, num_attention_heads=16, num_hidden_layers=24
            ),
        },
    ),
}
