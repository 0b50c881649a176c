"""OLMoE, GLM-4.5 and ERNIE 4.5."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values, grouped_heads
from .llama import small

DROPOUTS = ("attention_dropout", "classifier_dropout")


def _decoder(dice: random.Random) -> Values:
    return {
        **grouped_heads(dice),
        "num_hidden_layers": dice.randint(1, 3),
        "tie_word_embeddings": dice.random() < 0.5,
        "rope_theta": dice.choice([100.0, 1000000.0]),
    }


def _olmoe(**values: Any) -> Values:
    return small(**{"num_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 14, **values})


def _drawn_olmoe(dice: random.Random) -> Values:
    count = dice.randint(2, 5)
    return _olmoe(
        **_decoder(dice),
        num_experts=count,
        num_experts_per_tok=dice.randint(1, count),
        norm_topk_prob=dice.random() < 0.5,
        attention_bias=dice.random() < 0.3,
    )


def _published_olmoe(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "clip_qkv": None,
        "eos_token_id": 50279,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "initializer_range": 0.02,
        "intermediate_size": 1024,
        "max_position_embeddings": 4096,
        "norm_topk_prob": False,
        "num_attention_heads": 16,
        "num_experts": 64,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 16,
        "num_key_value_heads": 16,
        "output_router_logits": False,
        "pad_token_id": 1,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "router_aux_loss_coef": 0.01,
        "tie_word_embeddings": False,
        "vocab_size": 50304,
    }
    return {**base, **values}


def _glm(**values: Any) -> Values:
    base = {
        "head_dim": 8,
        "moe_intermediate_size": 14,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "first_k_dense_replace": 1,
    }
    return small(**{**base, **values})


def _drawn_glm(dice: random.Random) -> Values:
    groups, each = dice.randint(1, 3), dice.randint(2, 3)
    kept = dice.randint(1, groups)
    return _glm(
        **_decoder(dice),
        head_dim=4 * dice.randint(2, 4),
        partial_rotary_factor=dice.choice([0.5, 1.0]),
        first_k_dense_replace=dice.randint(0, 2),
        n_routed_experts=groups * each,
        n_group=groups,
        topk_group=kept,
        num_experts_per_tok=dice.randint(1, kept * each),
        n_shared_experts=dice.randint(1, 2),
        norm_topk_prob=dice.random() < 0.5,
        routed_scaling_factor=dice.choice([1.0, 2.5]),
        attention_bias=dice.random() < 0.5,
        use_qk_norm=dice.random() < 0.5,
    )


def _published_glm(**values: Any) -> Values:
    base = {
        "attention_bias": True,
        "attention_dropout": 0.0,
        "eos_token_id": [151329, 151336, 151338],
        "head_dim": 128,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "max_position_embeddings": 131072,
        "n_group": 1,
        "n_shared_experts": 1,
        "norm_topk_prob": True,
        "num_attention_heads": 96,
        "num_experts_per_tok": 8,
        "num_key_value_heads": 8,
        "num_nextn_predict_layers": 1,
        "pad_token_id": 151329,
        "partial_rotary_factor": 0.5,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "tie_word_embeddings": False,
        "topk_group": 1,
        "vocab_size": 151552,
    }
    return {**base, **values}


LARGE_GLM = {
    "first_k_dense_replace": 3,
    "hidden_size": 5120,
    "intermediate_size": 12288,
    "moe_intermediate_size": 1536,
    "n_routed_experts": 160,
    "num_hidden_layers": 92,
    "routed_scaling_factor": 2.5,
    "use_qk_norm": True,
}


def _ernie(**values: Any) -> Values:
    base = {"moe_intermediate_size": 14, "moe_num_experts": 4, "moe_k": 2, "moe_layer_start_index": 1}
    return small(**{**base, **values})


def _drawn_ernie(dice: random.Random) -> Values:
    count, layers = dice.randint(2, 5), dice.randint(1, 3)
    return _ernie(
        **{**_decoder(dice), "num_hidden_layers": layers},
        moe_num_experts=count,
        moe_k=dice.randint(1, count),
        moe_num_shared_experts=dice.randint(0, 2),
        moe_layer_start_index=dice.randint(0, 1),
        moe_layer_end_index=dice.choice([-1, 0, layers - 1]),
        moe_layer_interval=dice.randint(1, 2),
        moe_norm_min=dice.choice([1e-12, 0.7]),
        use_bias=dice.random() < 0.5,
    )


def _published_ernie(**values: Any) -> Values:
    base = {
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "max_position_embeddings": 131072,
        "moe_layer_interval": 1,
        "moe_num_experts": 64,
        "pad_token_id": 0,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "use_bias": False,
        "vocab_size": 103424,
    }
    return {**base, **values}


FAMILIES = {
    "olmoe": Family(
        configs={
            "plain": _olmoe(),
            "one": _olmoe(
                num_experts=3,
                num_experts_per_tok=1,
                num_key_value_heads=4,
                norm_topk_prob=True,
                attention_bias=True,
                tie_word_embeddings=True,
            ),
        },
        drawn=_drawn_olmoe,
        dropouts=DROPOUTS,
        pads=True,
        built_layers=3,
        published={
            "allenai/OLMoE-1B-7B-0924": _published_olmoe(),
            "allenai/OLMoE-1B-7B-0924-Instruct": _published_olmoe(),
            "allenai/OLMoE-1B-7B-0125-Instruct": _published_olmoe(),
        },
    ),
    "glm4_moe": Family(
        configs={
            "plain": _glm(n_group=2, topk_group=1),
            "head-norms": _glm(
                head_dim=12,
                use_qk_norm=True,
                attention_bias=True,
                partial_rotary_factor=1.0,
                norm_topk_prob=False,
                routed_scaling_factor=2.5,
                first_k_dense_replace=0,
                tie_word_embeddings=True,
            ),
        },
        drawn=_drawn_glm,
        dropouts=DROPOUTS,
        pads=True,
        built_layers=4,
        published={
            "zai-org/GLM-4.5-Air": _published_glm(
                first_k_dense_replace=1,
                hidden_size=4096,
                intermediate_size=10944,
                moe_intermediate_size=1408,
                n_routed_experts=128,
                num_hidden_layers=46,
                routed_scaling_factor=1.0,
                use_qk_norm=False,
            ),
            "zai-org/GLM-4.5": _published_glm(**LARGE_GLM),
            "zai-org/GLM-4.6": _published_glm(**LARGE_GLM, max_position_embeddings=202752),
        },
    ),
    "ernie4_5_moe": Family(
        configs={
            "plain": _ernie(tie_word_embeddings=False),
            "some-plain": _ernie(
                num_hidden_layers=4,
                moe_layer_start_index=0,
                moe_layer_end_index=2,
                moe_layer_interval=2,
                moe_num_shared_experts=0,
                moe_norm_min=0.8,
                use_bias=True,
            ),
        },
        drawn=_drawn_ernie,
        dropouts=("classifier_dropout",),
        pads=True,
        built_layers=4,
        published={
            "baidu/ERNIE-4.5-21B-A3B-PT": _published_ernie(
                hidden_size=2560,
                intermediate_size=12288,
                moe_intermediate_size=1536,
                moe_k=6,
                moe_layer_end_index=27,
                moe_layer_start_index=1,
                moe_num_shared_experts=2,
                num_attention_heads=20,
                num_hidden_layers=28,
                num_key_value_heads=4,
                tie_word_embeddings=True,
            ),
            "baidu/ERNIE-4.5-21B-A3B-Thinking": _published_ernie(
                hidden_size=2560,
                max_position_embeddings=131072,
                intermediate_size=12288,
                moe_intermediate_size=1536,
                moe_k=6,
                moe_layer_end_index=27,
                moe_layer_start_index=1,
                moe_num_shared_experts=2,
                num_attention_heads=20,
                num_hidden_layers=28,
                num_key_value_heads=4,
                tie_word_embeddings=True,
            ),
            "baidu/ERNIE-4.5-300B-A47B-PT": _published_ernie(
                hidden_size=8192,
                intermediate_size=28672,
                moe_intermediate_size=3584,
                moe_k=8,
                moe_layer_end_index=53,
                moe_layer_start_index=3,
                moe_num_shared_experts=0,
                num_attention_heads=64,
                num_hidden_layers=54,
                num_key_value_heads=8,
                tie_word_embeddings=False,
            ),
        },
    ),
}
