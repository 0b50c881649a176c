"""GPT-J and GPT-Neo."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, head_size


def _gptj(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "n_embd": 24,
        "n_layer": 2,
        "n_head": 4,
        "n_positions": 64,
        "rotary_dim": 4,
        "pad_token_id": 0,
    }
    return {**base, **values}


def _drawn_gptj(dice: random.Random) -> Values:
    heads = dice.randint(1, 4)
    size = head_size(dice, heads, of=2)
    return _gptj(
        vocab_size=dice.randint(11, 70),
        n_head=heads,
        n_embd=heads * size,
        n_inner=dice.choice([None, dice.randint(5, 50)]),
        n_layer=dice.randint(1, 4),
        rotary_dim=dice.randrange(2, size + 1, 2),
        activation_function=dice.choice(["gelu_new", "gelu", "relu"]),
        layer_norm_epsilon=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published_gptj(**values: Any) -> Values:
    base = {
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "bos_token_id": 50256,
        "embd_pdrop": 0.0,
        "eos_token_id": 50256,
        "gradient_checkpointing": False,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "n_embd": 4096,
        "n_head": 16,
        "n_inner": None,
        "n_layer": 28,
        "n_positions": 2048,
        "resid_pdrop": 0.0,
        "rotary": True,
        "rotary_dim": 64,
        "scale_attn_weights": True,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
        "tie_word_embeddings": False,
        "vocab_size": 50400,
    }
    return {**base, **values}


def _neo(**values: Any) -> Values:
    base = {
        "vocab_size": 53,
        "hidden_size": 24,
        "num_layers": 2,
        "num_heads": 4,
        "max_position_embeddings": 30,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 4,
        "pad_token_id": 0,
    }
    return {**base, **values}


def _drawn_neo(dice: random.Random) -> Values:
    heads, layers = dice.randint(1, 4), dice.randint(1, 4)
    return _neo(
        vocab_size=dice.randint(11, 70),
        num_heads=heads,
        hidden_size=heads * head_size(dice, heads),
        intermediate_size=dice.choice([None, dice.randint(5, 50)]),
        num_layers=layers,
        attention_types=[[[dice.choice(["global", "local"])], 1] for _ in range(layers)],
        window_size=dice.randint(2, 9),
        max_position_embeddings=dice.randint(16, 40),
        activation_function=dice.choice(["gelu_new", "gelu", "relu"]),
        layer_norm_epsilon=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
    )


def _published_neo(width: int, layers: int, heads: int, **values: Any) -> Values:
    return {
        "activation_function": "gelu_new",
        "attention_dropout": 0,
        "attention_layers": ["global", "local"] * (layers // 2),
        "attention_types": [[["global", "local"], layers // 2]],
        "bos_token_id": 50256,
        "embed_dropout": 0,
        "eos_token_id": 50256,
        "gradient_checkpointing": False,
        "hidden_size": width,
        "initializer_range": 0.02,
        "intermediate_size": None,
        "layer_norm_epsilon": 1e-5,
        "max_position_embeddings": 2048,
        "num_heads": heads,
        "num_layers": layers,
        "resid_dropout": 0,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
        "vocab_size": 50257,
        "window_size": 256,
        **values,
    }


FAMILIES = {
    "gptj": Family(
        configs={
            "plain": _gptj(),
            "whole-head": _gptj(rotary_dim=12, n_head=2, tie_word_embeddings=True, activation_function="relu"),
            "narrow": _gptj(rotary_dim=2, n_inner=13, layer_norm_epsilon=0.01, n_layer=1),
        },
        drawn=_drawn_gptj,
        dropouts=("resid_pdrop", "embd_pdrop", "attn_pdrop"),
        pads=True,
        published={
            "EleutherAI/gpt-j-6b": _published_gptj(),
            "togethercomputer/GPT-JT-6B-v1": _published_gptj(transformers_version="4.21.1"),
            "nomic-ai/gpt4all-j": _published_gptj(use_cache=False),
        },
    ),
    "gpt_neo": Family(
        configs={
            "plain": _neo(),
            "local": _neo(attention_types=[[["local"], 2]], window_size=2, intermediate_size=13),
            "untied": _neo(tie_word_embeddings=False, num_layers=3, attention_types=[[["global"], 3]]),
        },
        drawn=_drawn_neo,
        dropouts=("resid_dropout", "embed_dropout", "attention_dropout", "classifier_dropout"),
        pads=True,
        published={
            "EleutherAI/gpt-neo-125m": _published_neo(768, 12, 12),
            "EleutherAI/gpt-neo-1.3B": _published_neo(2048, 24, 16),
            "EleutherAI/gpt-neo-2.7B": _published_neo(2560, 32, 20),
            "roneneldan/TinyStories-33M": _published_neo(768, 4, 16),
        },
    ),
}
