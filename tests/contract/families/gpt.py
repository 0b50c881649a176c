"""GPT and GPT-2."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size

KEYS_INERT = {"attn.qkv.bias[1]": "adds the same to all of a query's scores, which a softmax does not see"}


def _small(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "n_embd": 24,
        "n_layer": 2,
        "n_head": 4,
        "n_positions": 30,
        "pad_token_id": 0,
    }
    return {**base, **values}


def _drawn(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    return _small(
        vocab_size=dice.randint(11, 70),
        n_head=heads,
        n_embd=heads * head_size(dice, heads),
        n_layer=dice.randint(1, 4),
        n_positions=dice.randint(16, 40),
        layer_norm_epsilon=dice.choice([1e-5, 1e-3]),
    )


def _drawn_gpt2(dice: random.Random) -> Values:
    return {
        **_drawn(dice),
        "n_inner": dice.choice([None, dice.randint(5, 50)]),
        "activation_function": dice.choice(["gelu_new", "gelu", "relu", "silu"]),
        "scale_attn_weights": dice.random() < 0.5,
        "scale_attn_by_inverse_layer_idx": dice.random() < 0.5,
        "tie_word_embeddings": dice.random() < 0.5,
    }


def _published(**values: Any) -> Values:
    base = {
        "attn_pdrop": 0.1,
        "embd_pdrop": 0.1,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "resid_pdrop": 0.1,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
    }
    return {**base, **values}


def _gpt2(width: int, layers: int, heads: int, **values: Any) -> Values:
    sizes = {"n_ctx": 1024, "n_positions": 1024, "n_embd": width, "n_layer": layers, "n_head": heads}
    return _published(**{"vocab_size": 50257, "bos_token_id": 50256, "eos_token_id": 50256, **sizes, **values})


def _gpt(**values: Any) -> Values:
    sizes = {"n_ctx": 512, "n_positions": 512, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_special": 0}
    return _published(afn="gelu", predict_special_tokens=True, **{"vocab_size": 40478, **sizes, **values})


FAMILIES = {
    "openai-gpt": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, afn="relu", n_embd=21, n_head=3),
            "large-epsilon": _small(layer_norm_epsilon=0.1, afn="swish", n_layer=1, n_head=1),
        },
        drawn=lambda dice: {**_drawn(dice), "afn": dice.choice(["gelu", "relu", "silu", "swish"])},
        dropouts=("resid_pdrop", "embd_pdrop", "attn_pdrop"),
        pads=True,
        inert=KEYS_INERT,
        published={
            "openai-community/openai-gpt": _gpt(task_specific_params={"text-generation": {"do_sample": True}}),
            "thu-coai/CDial-GPT_LCCC-base": _gpt(vocab_size=13088, pad_token_id=0),
            "thu-coai/CDial-GPT_LCCC-large": _gpt(vocab_size=13088, finetuning_task=None),
        },
    ),
    "gpt2": Family(
        configs={
            "plain": _small(),
            "untied": _small(tie_word_embeddings=False, n_inner=13, activation_function="relu"),
            "unscaled": _small(scale_attn_weights=False, n_embd=21, n_head=3, classifier_dropout=0.3),
            "by-layer": _small(scale_attn_by_inverse_layer_idx=True, n_layer=3, reorder_and_upcast_attn=True),
            "unscaled-by-layer": _small(
                scale_attn_by_inverse_layer_idx=True, scale_attn_weights=False, layer_norm_epsilon=0.01
            ),
        },
        drawn=_drawn_gpt2,
        dropouts=("resid_pdrop", "embd_pdrop", "attn_pdrop", "classifier_dropout"),
        pads=True,
        inert=KEYS_INERT,
        published={
            "openai-community/gpt2": _gpt2(768, 12, 12),
            "openai-community/gpt2-xl": _gpt2(1600, 48, 25, output_past=True),
            "distilbert/distilgpt2": _gpt2(768, 6, 12, _num_labels=1, id2label={"0": "LABEL_0"}),
            "uer/gpt2-chinese-cluecorpussmall": _gpt2(
                768, 12, 12, vocab_size=21128, activation_function="gelu_new", gradient_checkpointing=False
            ),
            "stanford-crfm/alias-gpt2-small-x21": _gpt2(
                768, 12, 12, reorder_and_upcast_attn=True, scale_attn_by_inverse_layer_idx=True, n_inner=None
            ),
        },
    ),
}
