"""NomicBERT, GTE and Jina Embeddings v3, which share a trunk."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size

LINEAR = {"rope_type": "linear", "rope_theta": 300.0, "factor": 2.0}


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
        "pad_token_id": 0,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    return _small(
        vocab_size=dice.randint(11, 70),
        num_attention_heads=heads,
        hidden_size=heads * head_size(dice, heads, of=2),
        intermediate_size=dice.randint(5, 50),
        num_hidden_layers=dice.randint(1, 3),
        type_vocab_size=dice.randint(1, 3),
        hidden_act=dice.choice(["silu", "gelu", "relu"]),
        layer_norm_eps=dice.choice([1e-12, 1e-3]),
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _published(**values: Any) -> Values:
    return {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, **values}


def _nomic(**values: Any) -> Values:
    """As the Hub has them: in the words of GPT-2, beside those of today."""
    base = {
        "activation_function": "swiglu",
        "attn_pdrop": 0.0,
        "causal": False,
        "layer_norm_epsilon": 1e-12,
        "mlp_fc1_bias": False,
        "n_embd": 768,
        "n_head": 12,
        "n_inner": 3072,
        "n_layer": 12,
        "n_positions": 8192,
        "parallel_block": False,
        "prenorm": False,
        "qkv_proj_bias": False,
        "rotary_emb_base": 1000,
        "rotary_emb_fraction": 1.0,
        "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None,
        "rotary_scaling_factor": None,
        "type_vocab_size": 2,
        "vocab_size": 30528,
    }
    return {**base, **values}


def _jina(**values: Any) -> Values:
    base = {
        "attention_probs_dropout_prob": 0.1,
        "bos_token_id": 0,
        "classifier_dropout": None,
        "eos_token_id": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": 1024,
        "initializer_range": 0.02,
        "intermediate_size": 4096,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 8194,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
        "pad_token_id": 1,
        "rope_parameters": {"rope_theta": 20000.0, "rope_type": "default"},
        "tie_word_embeddings": True,
        "type_vocab_size": 1,
        "use_cache": False,
        "vocab_size": 250002,
    }
    return {**base, **values}


CONFIGS = {
    "plain": _small(),
    "own-heads": _small(head_dim=10, rope_theta=50.0, hidden_act="relu", classifier_dropout=0.3),
    "stretched": _small(rope_parameters=LINEAR, type_vocab_size=1, hidden_act="gelu_new", layer_norm_eps=0.1),
    "untied": _small(tie_word_embeddings=False, num_hidden_layers=1, num_attention_heads=2),
}
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")

FAMILIES = {
    "nomic_bert": Family(
        configs=CONFIGS,
        drawn=_drawn,
        dropouts=DROPOUTS,
        published={
            "nomic-ai/nomic-embed-text-v1.5": _nomic(
                max_position_embeddings=2048, rope_parameters={"rope_theta": 1000.0, "rope_type": "default"}
            ),
            "nomic-ai/nomic-embed-text-v1": _nomic(rotary_scaling_factor=2),
            "nomic-ai/CodeRankEmbed": _nomic(),
        },
        # Of the two biases of an untied decoder, transformers uses the decoder's own.
        left=("cls.predictions.bias",),
    ),
    "jina_embeddings_v3": Family(
        configs={
            "plain": _small(),
            "own-heads": _small(rope_theta=50.0, hidden_act="relu", classifier_dropout=0.3, num_attention_heads=2),
            "stretched": _small(rope_parameters=LINEAR, type_vocab_size=1, layer_norm_eps=0.1),
            "untied": _small(tie_word_embeddings=False, num_hidden_layers=1),
        },
        drawn=lambda dice: {key: value for key, value in _drawn(dice).items() if key != "head_dim"},
        dropouts=DROPOUTS,
        published={
            "jinaai/jina-embeddings-v3-hf": _jina(),
            # There is one; the others are it in other sizes.
            "jinaai/jina-embeddings-v3-hf, three blocks": _jina(num_hidden_layers=3),
            "jinaai/jina-embeddings-v3-hf, narrower": _jina(
                hidden_size=384, intermediate_size=1536, num_attention_heads=6
            ),
        },
        left=("lm_head.bias",),
    ),
    "gte": Family(
        configs={**CONFIGS, "no-segments": _small(type_vocab_size=0)},
        drawn=_drawn,
        dropouts=DROPOUTS,
        published={
            "Snowflake/snowflake-arctic-embed-m-v2.0": _published(
                vocab_size=250048,
                type_vocab_size=1,
                rope_theta=160000,
                layer_norm_type="layer_norm",
                logn_attention_clip1=False,
                logn_attention_scale=False,
                pack_qkv=True,
                position_embedding_type="rope",
                unpad_inputs=True,
                use_memory_efficient_attention=True,
            ),
            "alibaba-nlp-community/gte-multilingual-base": _published(
                vocab_size=250048, type_vocab_size=1, rope_parameters={"rope_theta": 160000.0, "rope_type": "default"}
            ),
            "alibaba-nlp-community/gte-base-en-v1.5": _published(
                vocab_size=30528, type_vocab_size=0, pad_token_id=0, rope_theta=500000.0
            ),
            "alibaba-nlp-community/gte-large-en-v1.5": _published(
                vocab_size=30528,
                type_vocab_size=2,
                pad_token_id=0,
                rope_theta=160000.0,
                hidden_size=1024,
                num_hidden_layers=24,
                num_attention_heads=16,
                intermediate_size=4096,
            ),
        },
    ),
}
