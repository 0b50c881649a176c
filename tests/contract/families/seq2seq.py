"""BART, mBART, M2M-100 and NLLB, Marian and PEGASUS."""

from __future__ import annotations

import random
from typing import Any

from torso.config.fields import ACTIVATIONS

from .kinds import Family, Values, head_size

SIDES = ("encoder", "decoder")
DROPOUTS = ("dropout", "attention_dropout", "activation_dropout")
KEYS = "adds the same to all of a query's scores, which a softmax does not see"
INERT = {"attn.qkv.bias[1]": KEYS, "cross.kv.bias[0]": KEYS}
# Where the sides have tables of their own, the shared one is written all the same.
SHARED = ("shared.weight", "model.shared.weight")
COMPUTED = tuple(f"{prefix}{side}.embed_positions.weight" for prefix in ("", "model.") for side in SIDES)


def _both(**values: Any) -> Values:
    """The same for encoder and decoder."""
    return {f"{side}_{name}": value for name, value in values.items() for side in SIDES}


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "d_model": 24,
        **_both(layers=2, attention_heads=6, ffn_dim=40),
        "max_position_embeddings": 20,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.choice([1, 2, 3])
    return _small(
        vocab_size=dice.randint(11, 70),
        d_model=heads * head_size(dice, heads, of=2),
        encoder_layers=dice.randint(1, 3),
        decoder_layers=dice.randint(1, 3),
        encoder_attention_heads=heads,
        decoder_attention_heads=dice.choice([1, 2, heads]),
        encoder_ffn_dim=dice.randint(5, 50),
        decoder_ffn_dim=dice.randint(5, 50),
        max_position_embeddings=dice.randint(16, 40),
        activation_function=dice.choice(sorted(set(ACTIVATIONS))),
        scale_embedding=dice.random() < 0.5,
        pad_token_id=dice.choice([0, 1, 5]),
        decoder_start_token_id=dice.choice([0, 2, 7]),
    )


def _drawn_m2m(dice: random.Random) -> Values:
    values = {**_drawn(dice), **STEADY, "d_model": 12 * dice.randint(1, 3)}
    # The reference gives the padding token a position that depends on whether there is a cache.
    start = values["decoder_start_token_id"]
    return values | {"decoder_start_token_id": 2 if start == values["pad_token_id"] else start}


def _published(**values: Any) -> Values:
    base = {
        "dropout": 0.1,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "activation_function": "gelu",
        "d_model": 1024,
        **_both(layers=12, attention_heads=16, ffn_dim=4096, layerdrop=0.0),
        "init_std": 0.02,
        "is_encoder_decoder": True,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 1,
        "decoder_start_token_id": 2,
        "max_position_embeddings": 1024,
        "add_bias_logits": False,
        "add_final_layer_norm": False,
        "normalize_before": False,
        "classif_dropout": 0.0,
        "scale_embedding": False,
    }
    return {**base, **values}


def _mbart(**values: Any) -> Values:
    both = {"normalize_before": True, "add_final_layer_norm": True, "scale_embedding": True}
    return _published(activation_function="relu", classifier_dropout=0.0, **both, **values)


def _opus(last: int, **values: Any) -> Values:
    """A Marian whose last token is its padding, and what a target begins with."""
    base = _published(
        vocab_size=last + 1,
        pad_token_id=last,
        decoder_start_token_id=last,
        eos_token_id=0,
        activation_function="swish",
        d_model=512,
        **_both(layers=6, attention_heads=8, ffn_dim=2048),
        max_position_embeddings=512,
        num_hidden_layers=6,
        scale_embedding=True,
        static_position_embeddings=True,
        bad_words_ids=[[last]],
    )
    return {**base, **values}


def _nllb(**values: Any) -> Values:
    base = _published(
        vocab_size=256206,
        activation_function="relu",
        attention_dropout=0.1,
        **_both(attention_heads=16, ffn_dim=4096, layerdrop=0.0),
        scale_embedding=True,
        decoder_start_token_id=2,
        tokenizer_class="NllbTokenizer",
    )
    return {**base, **values}


def _pegasus(**values: Any) -> Values:
    base = _published(
        vocab_size=96103,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        activation_function="relu",
        attention_dropout=0.1,
        activation_dropout=0.1,
        **_both(layers=16),
        num_hidden_layers=16,
        scale_embedding=True,
        normalize_before=True,
        add_final_layer_norm=True,
        static_position_embeddings=True,
        extra_pos_embeddings=1,
    )
    return {**base, **values}


BASE = _published(
    d_model=768,
    **_both(layers=6, attention_heads=12, ffn_dim=3072),
    attention_dropout=0.1,
    activation_dropout=0.1,
    num_hidden_layers=6,
    vocab_size=50265,
)

STEADY: Values = _both(layerdrop=0.0)
"""Of M2M-100, which leaves blocks out at random unless it is told not to."""

FAMILIES = {
    "bart": Family(
        positions=False,
        configs={
            "plain": _small(),
            "uneven": _small(
                decoder_layers=1, decoder_ffn_dim=13, decoder_attention_heads=3, encoder_layers=3, vocab_size=41
            ),
            "scaled": _small(scale_embedding=True, activation_function="relu", pad_token_id=3),
            "untied": _small(tie_word_embeddings=False, decoder_start_token_id=0),
        },
        drawn=_drawn,
        dropouts=(*DROPOUTS, "classifier_dropout"),
        inert=INERT,
        left=SHARED,
        # The reference writes nothing of two labels without names, and reads nothing as three.
        values={"sequence-two": {"id2label": {0: "no", 1: "yes"}}},
        published={
            "facebook/bart-base": BASE,
            "facebook/bart-large-cnn": _published(vocab_size=50264, num_hidden_layers=12),
            "sshleifer/distilbart-cnn-12-6": _published(vocab_size=50264, decoder_layers=6, extra_pos_embeddings=2),
            "fnlp/bart-base-chinese": {
                **BASE,
                "vocab_size": 51271,
                "bos_token_id": 101,
                "eos_token_id": 102,
                "decoder_start_token_id": 102,
                "pad_token_id": 0,
            },
        },
    ),
    "mbart": Family(
        positions=False,
        configs={
            "plain": _small(decoder_start_token_id=None),
            "uneven": _small(decoder_layers=1, decoder_ffn_dim=13, decoder_attention_heads=3, encoder_layers=3),
            "scaled": _small(scale_embedding=True, activation_function="relu", pad_token_id=3),
            "untied": _small(tie_word_embeddings=False),
        },
        drawn=_drawn,
        dropouts=(*DROPOUTS, "classifier_dropout"),
        inert=INERT,
        left=SHARED,
        # What a target begins with is its last token: the last that is not padding.
        pads=True,
        published={
            "facebook/mbart-large-cc25": _mbart(vocab_size=250027),
            "facebook/mbart-large-en-ro": _mbart(vocab_size=250027, decoder_start_token_id=250020),
            "facebook/mbart-large-50-many-to-many-mmt": _mbart(
                vocab_size=250054, tokenizer_class="MBart50Tokenizer", num_hidden_layers=12
            ),
        },
    ),
    "m2m_100": Family(
        positions=False,
        configs={
            "plain": _small(scale_embedding=True, **STEADY),
            "uneven": _small(decoder_layers=1, decoder_ffn_dim=13, encoder_layers=3, pad_token_id=0, **STEADY),
            "untied": _small(tie_word_embeddings=False, activation_function="gelu", **STEADY),
        },
        drawn=_drawn_m2m,
        dropouts=DROPOUTS,
        inert=INERT,
        left=SHARED,
        pads=True,
        published={
            "facebook/m2m100_418M": _nllb(vocab_size=128112, **_both(layers=12), scale_embedding=True),
            "facebook/nllb-200-distilled-600M": _nllb(**_both(layers=12), max_length=200),
            "facebook/nllb-200-3.3B": _nllb(d_model=2048, **_both(layers=24, ffn_dim=8192)),
        },
    ),
    "marian": Family(
        positions=False,
        configs={
            "plain": _small(pad_token_id=52, decoder_start_token_id=52, eos_token_id=0),
            "scaled": _small(scale_embedding=True, activation_function="swish", decoder_layers=1, d_model=36),
            "two-tables": _small(share_encoder_decoder_embeddings=False, decoder_vocab_size=61),
            "untied": _small(tie_word_embeddings=False, encoder_layers=1, encoder_attention_heads=3),
            "two-tables-untied": _small(
                share_encoder_decoder_embeddings=False, decoder_vocab_size=61, tie_word_embeddings=False
            ),
        },
        drawn=_drawn,
        dropouts=DROPOUTS,
        inert=INERT,
        left=(*SHARED, *COMPUTED),
        published={
            "Helsinki-NLP/opus-mt-en-de": _opus(58100),
            "Helsinki-NLP/opus-mt-zh-en": _opus(65000, normalize_embedding=False),
            "Helsinki-NLP/opus-mt-tc-big-en-fr": _opus(
                53016,
                activation_function="relu",
                d_model=1024,
                **_both(attention_heads=16, ffn_dim=4096),
                max_position_embeddings=1024,
                decoder_vocab_size=53017,
                share_encoder_decoder_embeddings=True,
            ),
        },
    ),
    "pegasus": Family(
        positions=False,
        configs={
            "plain": _small(pad_token_id=0, decoder_start_token_id=0, eos_token_id=1),
            "uneven": _small(decoder_layers=1, decoder_ffn_dim=13, decoder_attention_heads=3, d_model=36),
            "scaled": _small(scale_embedding=True, activation_function="relu", encoder_layers=1),
            "untied": _small(tie_word_embeddings=False),
        },
        drawn=_drawn,
        dropouts=DROPOUTS,
        inert=INERT,
        left=(*SHARED, *COMPUTED),
        published={
            "google/pegasus-large": _pegasus(),
            "google/pegasus-xsum": _pegasus(max_position_embeddings=512),
            "google/pegasus-cnn_dailymail": _pegasus(length_penalty=0.8, num_beams=8),
        },
    ),
}
