"""Mixtral, Qwen2-MoE and Qwen3-MoE."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small


def _qwen(**values: Any) -> Values:
    return small(**{"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 14, **values})


def _shared(**values: Any) -> Values:
    return _qwen(shared_expert_intermediate_size=22, **values)


def _drawn(dice: random.Random, experts: str) -> Values:
    sizes = grouped_heads(dice)
    count = dice.randint(2, 5)
    return small(
        **sizes,
        num_hidden_layers=dice.randint(1, 2),
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 1000000.0]),
        num_experts_per_tok=dice.randint(1, count),
        **{experts: count},
    )


def _drawn_qwen(dice: random.Random) -> Values:
    return {
        **_drawn(dice, "num_experts"),
        "moe_intermediate_size": dice.randint(5, 20),
        "norm_topk_prob": dice.random() < 0.5,
        "decoder_sparse_step": dice.randint(1, 2),
        "mlp_only_layers": dice.choice([None, [0]]),
        "use_sliding_window": dice.random() < 0.5,
        "sliding_window": dice.randint(1, 9),
    }


def _mixtral(**values: Any) -> Values:
    base = {
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "num_experts_per_tok": 2,
        "num_key_value_heads": 8,
        "num_local_experts": 8,
        "output_router_logits": False,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1000000.0,
        "router_aux_loss_coef": 0.02,
        "sliding_window": None,
        "tie_word_embeddings": False,
    }
    return {**base, **values}


def _published_qwen(**values: Any) -> Values:
    base = {
        "attention_dropout": 0.0,
        "bos_token_id": 151643,
        "decoder_sparse_step": 1,
        "eos_token_id": 151645,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "initializer_range": 0.02,
        "norm_topk_prob": False,
        "output_router_logits": False,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "router_aux_loss_coef": 0.001,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "vocab_size": 151936,
    }
    return {**base, **values}


DROPOUTS = ("attention_dropout", "classifier_dropout")

FAMILIES = {
    "mixtral": Family(
        configs={
            "plain": small(num_local_experts=4),
            "windows": small(num_local_experts=3, num_experts_per_tok=1, sliding_window=4, tie_word_embeddings=True),
        },
        drawn=lambda dice: _drawn(dice, "num_local_experts"),
        dropouts=DROPOUTS,
        pads=True,
        built_layers=3,
        published={
            "mistralai/Mixtral-8x7B-v0.1": _mixtral(
                hidden_size=4096,
                intermediate_size=14336,
                max_position_embeddings=32768,
                num_attention_heads=32,
                num_hidden_layers=32,
                vocab_size=32000,
            ),
            "mistralai/Mixtral-8x22B-Instruct-v0.1": _mixtral(
                hidden_size=6144,
                intermediate_size=16384,
                max_position_embeddings=65536,
                num_attention_heads=48,
                num_hidden_layers=56,
                vocab_size=32768,
                router_jitter_noise=0.0,
            ),
            "NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO": _mixtral(
                hidden_size=4096,
                intermediate_size=14336,
                max_position_embeddings=32768,
                num_attention_heads=32,
                num_hidden_layers=32,
                vocab_size=32002,
            ),
        },
    ),
    "qwen2_moe": Family(
        configs={
            "plain": _shared(),
            "some-plain": _shared(
                num_hidden_layers=3, mlp_only_layers=[1], norm_topk_prob=True, qkv_bias=False, tie_word_embeddings=True
            ),
            "windows": _shared(
                num_hidden_layers=3,
                decoder_sparse_step=2,
                use_sliding_window=True,
                sliding_window=3,
                max_window_layers=2,
            ),
        },
        drawn=lambda dice: {**_drawn_qwen(dice), "shared_expert_intermediate_size": dice.randint(5, 20)},
        dropouts=DROPOUTS,
        pads=True,
        built_layers=3,
        published={
            "Qwen/Qwen1.5-MoE-A2.7B": _published_qwen(
                intermediate_size=5632,
                max_position_embeddings=8192,
                max_window_layers=21,
                moe_intermediate_size=1408,
                num_attention_heads=16,
                num_experts=60,
                num_experts_per_tok=4,
                num_hidden_layers=24,
                num_key_value_heads=16,
                shared_expert_intermediate_size=5632,
                sliding_window=32768,
            ),
            "Qwen/Qwen1.5-MoE-A2.7B-Chat": _published_qwen(
                intermediate_size=5632,
                max_position_embeddings=8192,
                max_window_layers=21,
                moe_intermediate_size=1408,
                num_attention_heads=16,
                num_experts=60,
                num_experts_per_tok=4,
                num_hidden_layers=24,
                num_key_value_heads=16,
                shared_expert_intermediate_size=5632,
                sliding_window=32768,
            ),
            "Qwen/Qwen2-57B-A14B-Instruct": _published_qwen(
                hidden_size=3584,
                intermediate_size=18944,
                max_position_embeddings=32768,
                max_window_layers=28,
                moe_intermediate_size=2560,
                num_attention_heads=28,
                num_experts=64,
                num_experts_per_tok=8,
                num_hidden_layers=28,
                num_key_value_heads=4,
                shared_expert_intermediate_size=20480,
                sliding_window=65536,
            ),
        },
    ),
    "qwen3_moe": Family(
        configs={
            "plain": _qwen(head_dim=8),
            "windows": _qwen(
                head_dim=6,
                num_hidden_layers=3,
                decoder_sparse_step=2,
                use_sliding_window=True,
                sliding_window=3,
                attention_bias=True,
                norm_topk_prob=True,
                tie_word_embeddings=True,
            ),
        },
        drawn=lambda dice: {**_drawn_qwen(dice), "head_dim": 2 * dice.randint(4, 8)},
        dropouts=DROPOUTS,
        pads=True,
        built_layers=3,
        published={
            "Qwen/Qwen3-30B-A3B": _published_qwen(
                attention_bias=False,
                head_dim=128,
                intermediate_size=6144,
                max_position_embeddings=40960,
                max_window_layers=48,
                mlp_only_layers=[],
                moe_intermediate_size=768,
                norm_topk_prob=True,
                num_attention_heads=32,
                num_experts=128,
                num_experts_per_tok=8,
                num_hidden_layers=48,
                num_key_value_heads=4,
                rope_scaling=None,
                sliding_window=None,
            ),
            "Qwen/Qwen3-235B-A22B": _published_qwen(
                attention_bias=False,
                head_dim=128,
                hidden_size=4096,
                intermediate_size=12288,
                max_position_embeddings=40960,
                max_window_layers=94,
                mlp_only_layers=[],
                moe_intermediate_size=1536,
                norm_topk_prob=True,
                num_attention_heads=64,
                num_experts=128,
                num_experts_per_tok=8,
                num_hidden_layers=94,
                num_key_value_heads=4,
                rope_scaling=None,
                sliding_window=None,
            ),
            "Qwen/Qwen3-Coder-30B-A3B-Instruct": _published_qwen(
                attention_bias=False,
                head_dim=128,
                intermediate_size=5472,
                max_position_embeddings=262144,
                max_window_layers=28,
                mlp_only_layers=[],
                moe_intermediate_size=768,
                norm_topk_prob=True,
                num_attention_heads=32,
                num_experts=128,
                num_experts_per_tok=8,
                num_hidden_layers=48,
                num_key_value_heads=4,
                qkv_bias=False,
                rope_theta=10000000,
                sliding_window=None,
                shared_expert_intermediate_size=0,
                use_qk_norm=True,
            ),
        },
    ),
}
