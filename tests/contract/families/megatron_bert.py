"""Megatron-BERT."""

from __future__ import annotations

from .bert import LARGE, base_sized, drawn, small
from .kinds import Family

FAMILIES = {
    "megatron-bert": Family(
        configs={
            "plain": small(),
            "untied": small(tie_word_embeddings=False, hidden_act="relu"),
            "three-segments": small(type_vocab_size=3, num_hidden_layers=3, layer_norm_eps=0.1),
        },
        drawn=drawn,
        dropouts=("hidden_dropout_prob", "attention_probs_dropout_prob"),
        published={
            "nvidia/megatron-bert-uncased-345m": base_sized(vocab_size=29056, **LARGE),
            "nvidia/megatron-bert-cased-345m": base_sized(vocab_size=29056, **LARGE),
            "IDEA-CCNL/Erlangshen-MegatronBert-1.3B": base_sized(
                vocab_size=21248, **{**LARGE, "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 8}
            ),
        },
        inert={"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"},
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
}
