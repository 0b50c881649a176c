"""StarCoder 2."""

from __future__ import annotations

import random

from .kinds import Family, Values, grouped_heads
from .llama import small


def _drawn(dice: random.Random) -> Values:
    return small(
        **grouped_heads(dice),
        num_hidden_layers=dice.randint(1, 3),
        hidden_act=dice.choice(["gelu_pytorch_tanh", "gelu", "relu"]),
        norm_epsilon=dice.choice([1e-5, 1e-3]),
        tie_word_embeddings=dice.random() < 0.5,
        use_bias=dice.random() < 0.5,
        sliding_window=dice.choice([None, dice.randint(2, 9)]),
        rope_theta=dice.choice([100.0, 1000000.0]),
    )


def _published(width: int, layers: int, heads: int, groups: int, theta: float) -> Values:
    return {
        "activation_function": "gelu_pytorch_tanh",
        "attention_dropout": 0.1,
        "bos_token_id": 0,
        "embedding_dropout": 0.1,
        "eos_token_id": 0,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": width,
        "initializer_range": 0.01,
        "intermediate_size": 4 * width,
        "max_position_embeddings": 16384,
        "mlp_type": "default",
        "norm_epsilon": 1e-5,
        "norm_type": "layer_norm",
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": groups,
        "residual_dropout": 0.1,
        "rope_theta": theta,
        "sliding_window": 4096,
        "use_bias": True,
        "vocab_size": 49152,
    }


FAMILIES = {
    "starcoder2": Family(
        configs={
            "plain": small(sliding_window=5),
            "all-keys": small(num_key_value_heads=4, tie_word_embeddings=False, hidden_act="relu", norm_epsilon=1e-3),
            "no-biases": small(use_bias=False, sliding_window=3, num_key_value_heads=1, rope_theta=100.0),
        },
        drawn=_drawn,
        dropouts=("attention_dropout", "residual_dropout", "embedding_dropout", "classifier_dropout"),
        pads=True,
        published={
            "bigcode/starcoder2-3b": _published(3072, 30, 24, 2, 999999.4420358813),
            "bigcode/starcoder2-7b": _published(4608, 32, 36, 4, 1000000),
            "bigcode/starcoder2-15b": _published(6144, 40, 48, 4, 100000),
        },
    ),
}
