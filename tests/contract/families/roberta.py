"""RoBERTa, XLM-R and CamemBERT."""

from __future__ import annotations

import random
from typing import Any

from .bert import LARGE, base_sized, drawn, small
from .kinds import Family, Values

INERT = {"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"}
LEFT = ("lm_head.bias",)
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")


def small_roberta(**values: Any) -> Values:
    """A small config; its table of positions holds what the tests need behind the padding token's."""
    return small(**{"max_position_embeddings": 24, "pad_token_id": 1, "type_vocab_size": 1, **values})


def _drawn(dice: random.Random) -> Values:
    pad = dice.randint(0, 5)
    return small_roberta(**{**drawn(dice), "pad_token_id": pad, "max_position_embeddings": dice.randint(22, 40)})


def published(**values: Any) -> Values:
    """The config of a published model, base-sized unless said otherwise."""
    own = {
        "bos_token_id": 0,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": 514,
        "pad_token_id": 1,
        "type_vocab_size": 1,
    }
    return base_sized(**{**own, **values})


def family(configs: dict[str, Values], checkpoints: dict[str, Values]) -> Family:
    """One of the three."""
    return Family(
        configs={"plain": small_roberta(), **configs},
        drawn=_drawn,
        dropouts=DROPOUTS,
        published=checkpoints,
        inert=INERT,
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=LEFT,
        pads=True,
        offset=lambda config: config.pad_token_id + 1,
    )


FAMILIES = {
    "roberta": family(
        {
            "three-segments": small_roberta(type_vocab_size=3, num_hidden_layers=3, hidden_act="gelu_new"),
            "untied": small_roberta(tie_word_embeddings=False, classifier_dropout=0.3, hidden_act="relu"),
            "late-padding": small_roberta(pad_token_id=6, layer_norm_eps=0.1, num_attention_heads=1),
            "short-table": small_roberta(max_position_embeddings=17, pad_token_id=0, classifier_dropout=0.0),
        },
        {
            "roberta-base": published(vocab_size=50265),
            "roberta-large": published(vocab_size=50265, **LARGE),
            "distilroberta-base": published(vocab_size=50265, num_hidden_layers=6),
            "cardiffnlp/twitter-roberta-base-sentiment-latest": published(
                vocab_size=50265,
                classifier_dropout=None,
                gradient_checkpointing=False,
                position_embedding_type="absolute",
                torch_dtype="float32",
                use_cache=True,
            ),
        },
    ),
    "xlm-roberta": family(
        {"untied": small_roberta(tie_word_embeddings=False, classifier_dropout=0.3, type_vocab_size=2)},
        {
            "xlm-roberta-base": published(vocab_size=250002, output_past=True, position_embedding_type="absolute"),
            "xlm-roberta-large": published(vocab_size=250002, output_past=True, **LARGE),
            "BAAI/bge-m3": published(vocab_size=250002, max_position_embeddings=8194, classifier_dropout=None, **LARGE),
            "intfloat/multilingual-e5-small": published(
                vocab_size=250037,
                hidden_size=384,
                intermediate_size=1536,
                layer_norm_eps=1e-12,
                max_position_embeddings=514,
                type_vocab_size=2,
            ),
        },
    ),
    "camembert": family(
        {},
        {
            "almanach/camembert-base": published(vocab_size=32005, bos_token_id=5, eos_token_id=6, output_past=True),
            "almanach/camembert-large": published(vocab_size=32005, bos_token_id=5, eos_token_id=6, **LARGE),
            "dangvantuan/sentence-camembert-base": published(
                vocab_size=32005, bos_token_id=5, eos_token_id=6, classifier_dropout=None
            ),
        },
    ),
}
