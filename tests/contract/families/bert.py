"""BERT."""

from __future__ import annotations

import random
from typing import Any

from torso.config.fields import ACTIVATIONS

from .kinds import Family, Values, head_size


def small(**values: Any) -> Values:
    small = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 20,
    }
    return {**small, **values}


def drawn(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3, 4])
    return small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * head_size(dice, heads),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 4),
        max_position_embeddings=dice.randint(16, 40),
        type_vocab_size=dice.randint(1, 4),
        hidden_act=dice.choice(sorted(set(ACTIVATIONS))),
        layer_norm_eps=dice.choice([1e-12, 1e-6, 1e-3]),
    )


def base_sized(**values: Any) -> Values:
    """The config of a published BERT, base-sized unless said otherwise."""
    base = {
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": 768,
        "initializer_range": 0.02,
        "intermediate_size": 3072,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "pad_token_id": 0,
        "type_vocab_size": 2,
    }
    return {**base, **values}


LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}


def _of_hfl(**values: Any) -> Values:
    """With the keys of Google's Chinese BERT, which no code reads."""
    own = {
        "bos_token_id": 0,
        "directionality": "bidi",
        "eos_token_id": 2,
        "pooler_fc_size": 768,
        "pooler_num_attention_heads": 12,
        "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128,
        "pooler_type": "first_token_transform",
        "vocab_size": 21128,
    }
    return base_sized(**{**own, **values})


FAMILIES = {
    "bert": Family(
        configs={
            "plain": small(),
            "odd-sizes": small(vocab_size=41, hidden_size=21, num_attention_heads=3, intermediate_size=13),
            "one-head": small(num_attention_heads=1, num_hidden_layers=1, hidden_size=7, intermediate_size=9),
            "one-segment": small(type_vocab_size=1, hidden_act="gelu_new"),
            "three-segments": small(type_vocab_size=3, num_hidden_layers=3, hidden_act="relu"),
            "untied": small(tie_word_embeddings=False, classifier_dropout=0.3),
            "large-epsilon": small(layer_norm_eps=0.1, hidden_act="silu", pad_token_id=5),
            "head-per-unit": small(hidden_size=6, num_attention_heads=6, hidden_act="quick_gelu"),
            "short-table": small(max_position_embeddings=16, classifier_dropout=0.0, hidden_act="mish"),
        },
        drawn=drawn,
        published={
            "bert-base-chinese": base_sized(vocab_size=21128),
            "bert-base-uncased": base_sized(vocab_size=30522),
            "hfl/rbt3": _of_hfl(num_hidden_layers=3),
            "bert-large-cased": base_sized(vocab_size=28996, **LARGE),
            # BERT under another name.
            "hfl/chinese-roberta-wwm-ext": _of_hfl(output_past=True),
            "hfl/chinese-roberta-wwm-ext-large": _of_hfl(output_past=True, **LARGE),
            "hfl/rbtl3": _of_hfl(**{**LARGE, "num_hidden_layers": 3}),
            "hfl/chinese-macbert-base": _of_hfl(gradient_checkpointing=False),
            "hfl/chinese-lert-small": _of_hfl(hidden_size=256, intermediate_size=1024, num_attention_heads=4),
            "hfl/chinese-pert-large": _of_hfl(**LARGE),
            "uer/roberta-base-finetuned-dianping-chinese": base_sized(
                vocab_size=21128,
                id2label={"0": "negative (stars 1, 2 and 3)", "1": "positive (stars 4 and 5)"},
                label2id={"negative (stars 1, 2 and 3)": 0, "positive (stars 4 and 5)": 1},
            ),
            "uer/chinese_roberta_L-2_H-128": base_sized(
                vocab_size=21128, hidden_size=128, intermediate_size=512, num_attention_heads=2, num_hidden_layers=2
            ),
            "IDEA-CCNL/Erlangshen-Roberta-330M-Sentiment": base_sized(
                vocab_size=21128, classifier_dropout=None, position_embedding_type="absolute", use_cache=True, **LARGE
            ),
        },
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
}
