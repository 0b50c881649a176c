"""T5, mT5 and umT5."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "d_model": 24,
        "d_kv": 8,
        "d_ff": 40,
        "num_layers": 2,
        "num_heads": 4,
        "relative_attention_num_buckets": 8,
        "relative_attention_max_distance": 12,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    return _small(
        vocab_size=dice.randint(11, 70),
        d_model=head_size(dice, 1),
        d_kv=dice.randint(2, 9),
        d_ff=dice.randint(5, 50),
        num_heads=dice.randint(1, 5),
        num_layers=dice.randint(1, 3),
        num_decoder_layers=dice.randint(1, 3),
        relative_attention_num_buckets=2 * dice.randint(2, 8),
        relative_attention_max_distance=dice.randint(9, 40),
        feed_forward_proj=dice.choice(["relu", "gated-gelu", "gated-silu", "gelu"]),
        layer_norm_epsilon=dice.choice([1e-6, 1e-3]),
        decoder_start_token_id=dice.randint(0, 3),
    )


def _published(**values: Any) -> Values:
    base = {
        "d_kv": 64,
        "relative_attention_num_buckets": 32,
        "dropout_rate": 0.1,
        "layer_norm_epsilon": 1e-6,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "n_positions": 512,
    }
    return {**base, **values}


def _umt5(**values: Any) -> Values:
    base = _published(
        vocab_size=256384,
        dense_act_fn="gelu_new",
        feed_forward_proj="gated-gelu",
        is_gated_act=True,
        relative_attention_max_distance=128,
        scalable_attention=True,
        tie_word_embeddings=False,
        tokenizer_class="T5Tokenizer",
    )
    return {**base, **values}


PUBLISHED = {
    "google-t5/t5-small": _published(vocab_size=32128, d_model=512, d_ff=2048, num_layers=6, num_heads=8),
    "google-t5/t5-base": _published(vocab_size=32128, d_model=768, d_ff=3072, num_layers=12, num_heads=12),
    "google/flan-t5-base": _published(
        vocab_size=32128,
        d_model=768,
        d_ff=2048,
        num_layers=12,
        num_decoder_layers=12,
        num_heads=12,
        feed_forward_proj="gated-gelu",
        relative_attention_max_distance=128,
        tie_word_embeddings=False,
    ),
}
CONFIGS = {
    "plain": _small(),
    "gated": _small(feed_forward_proj="gated-gelu", num_decoder_layers=3),
    "silu": _small(feed_forward_proj="gated-silu", d_kv=10, num_heads=2),
    "one-layer": _small(num_layers=1, num_heads=1, relative_attention_num_buckets=4, layer_norm_epsilon=0.01),
    "unscaled": _small(tie_word_embeddings=False, decoder_start_token_id=2),
}

FAMILIES = {
    "t5": Family(
        positions=False,
        configs=CONFIGS,
        drawn=_drawn,
        dropouts=("dropout_rate", "classifier_dropout"),
        pads=True,
        published=PUBLISHED,
    ),
    "mt5": Family(
        positions=False,
        configs={"plain": CONFIGS["gated"], "relu": CONFIGS["plain"]},
        drawn=_drawn,
        dropouts=("dropout_rate", "classifier_dropout"),
        pads=True,
        published={
            "google/mt5-small": _published(
                vocab_size=250112,
                d_model=512,
                d_ff=1024,
                num_layers=8,
                num_heads=6,
                feed_forward_proj="gated-gelu",
                tie_word_embeddings=False,
            ),
            "google/mt5-base": _published(
                vocab_size=250112,
                d_model=768,
                d_ff=2048,
                num_layers=12,
                num_heads=12,
                feed_forward_proj="gated-gelu",
                tie_word_embeddings=False,
            ),
            "google/mt5-xl": _published(
                vocab_size=250112,
                d_model=2048,
                d_ff=5120,
                num_layers=24,
                num_heads=32,
                feed_forward_proj="gated-gelu",
                tie_word_embeddings=False,
            ),
        },
    ),
    "umt5": Family(
        positions=False,
        configs={
            "plain": CONFIGS["gated"],
            "relu": CONFIGS["plain"],
            "one-layer": CONFIGS["one-layer"],
        },
        drawn=_drawn,
        dropouts=("dropout_rate", "classifier_dropout"),
        pads=True,
        published={
            "google/umt5-small": _umt5(d_model=512, d_ff=1024, num_layers=8, num_decoder_layers=8, num_heads=6),
            "google/umt5-base": _umt5(d_model=768, d_ff=2048, num_layers=12, num_decoder_layers=12, num_heads=12),
            "google/umt5-xxl": _umt5(d_model=4096, d_ff=10240, num_layers=24, num_decoder_layers=24, num_heads=64),
        },
    ),
}
