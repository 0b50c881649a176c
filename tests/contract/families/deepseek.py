"""DeepSeek-V2 and V3."""

from __future__ import annotations

import random
from typing import Any

from .kinds import Family, Values
from .llama import small

YARN = {
    "beta_fast": 32,
    "beta_slow": 1,
    "factor": 40,
    "mscale": 0.707,
    "mscale_all_dim": 0.707,
    "original_max_position_embeddings": 4096,
    "type": "yarn",
}
NEAR_YARN = {**YARN, "rope_type": "yarn", "original_max_position_embeddings": 8, "factor": 8.0, "rope_theta": 1000.0}


def _small(**values: Any) -> Values:
    base = {
        "num_key_value_heads": 4,
        "kv_lora_rank": 12,
        "q_lora_rank": 14,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 6,
        "moe_intermediate_size": 14,
        "n_routed_experts": 4,
        "n_shared_experts": 2,
        "num_experts_per_tok": 2,
        "first_k_dense_replace": 1,
    }
    return small(**{**base, **values})


def _drawn(dice: random.Random) -> Values:
    heads, groups, each = dice.randint(1, 4), dice.randint(1, 3), dice.randint(2, 3)
    kept = dice.randint(1, groups)
    return _small(
        hidden_size=heads * dice.randint(-(-16 // heads), 36 // heads),
        num_attention_heads=heads,
        num_key_value_heads=heads,
        num_hidden_layers=dice.randint(1, 3),
        first_k_dense_replace=dice.randint(0, 2),
        q_lora_rank=dice.choice([None, 13]),
        kv_lora_rank=2 * dice.randint(4, 10),
        qk_nope_head_dim=2 * dice.randint(2, 6),
        qk_rope_head_dim=2 * dice.randint(2, 5),
        v_head_dim=dice.randint(4, 20),
        n_routed_experts=groups * each,
        n_group=groups,
        topk_group=kept,
        num_experts_per_tok=dice.randint(1, kept * each),
        n_shared_experts=dice.randint(1, 2),
        routed_scaling_factor=dice.choice([1.0, 2.5]),
        attention_bias=dice.random() < 0.3,
        tie_word_embeddings=dice.random() < 0.5,
        rope_theta=dice.choice([100.0, 10000.0]),
    )


def _drawn_v2(dice: random.Random) -> Values:
    return {**_drawn(dice), "topk_method": dice.choice(["greedy", "group_limited_greedy"])}


def _drawn_v3(dice: random.Random) -> Values:
    more = {"norm_topk_prob": dice.random() < 0.5, "rope_interleave": dice.random() < 0.5}
    return {**_drawn(dice), **more}


def _published(**values: Any) -> Values:
    base = {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "kv_lora_rank": 512,
        "max_position_embeddings": 163840,
        "moe_layer_freq": 1,
        "pretraining_tp": 1,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "rms_norm_eps": 1e-6,
        "rope_scaling": YARN,
        "rope_theta": 10000,
        "tie_word_embeddings": False,
        "v_head_dim": 128,
    }
    return {**base, **values}


def _lite(**values: Any) -> Values:
    base = {
        "aux_loss_alpha": 0.001,
        "bos_token_id": 100000,
        "eos_token_id": 100001,
        "first_k_dense_replace": 1,
        "hidden_size": 2048,
        "intermediate_size": 10944,
        "moe_intermediate_size": 1408,
        "n_group": 1,
        "n_routed_experts": 64,
        "n_shared_experts": 2,
        "norm_topk_prob": False,
        "num_attention_heads": 16,
        "num_experts_per_tok": 6,
        "num_hidden_layers": 27,
        "num_key_value_heads": 16,
        "q_lora_rank": None,
        "routed_scaling_factor": 1.0,
        "scoring_func": "softmax",
        "topk_group": 1,
        "topk_method": "greedy",
        "vocab_size": 102400,
    }
    return _published(**{**base, **values})


def _v3(**values: Any) -> Values:
    base = {
        "bos_token_id": 0,
        "eos_token_id": 1,
        "first_k_dense_replace": 3,
        "hidden_size": 7168,
        "intermediate_size": 18432,
        "moe_intermediate_size": 2048,
        "n_group": 8,
        "n_routed_experts": 256,
        "n_shared_experts": 1,
        "norm_topk_prob": True,
        "num_attention_heads": 128,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 61,
        "num_key_value_heads": 128,
        "num_nextn_predict_layers": 1,
        "q_lora_rank": 1536,
        "rope_scaling": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0},
        "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid",
        "topk_group": 4,
        "topk_method": "noaux_tc",
        "vocab_size": 129280,
    }
    return _published(**{**base, **values})


DROPOUTS = ("attention_dropout",)

FAMILIES = {
    "deepseek_v2": Family(
        configs={
            "plain": _small(),
            "groups": _small(
                n_routed_experts=6,
                n_group=3,
                topk_group=2,
                topk_method="group_limited_greedy",
                routed_scaling_factor=16.0,
                q_lora_rank=None,
                v_head_dim=20,
                tie_word_embeddings=True,
            ),
            "stretched": _small(rope_parameters=NEAR_YARN, attention_bias=True, mlp_bias=True, first_k_dense_replace=0),
        },
        drawn=_drawn_v2,
        dropouts=DROPOUTS,
        pads=True,
        built_layers=2,
        published={
            "deepseek-ai/DeepSeek-V2-Lite": _lite(),
            "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct": _lite(ep_size=1, seq_aux=True),
            "deepseek-ai/DeepSeek-V2-Chat": _lite(
                hidden_size=5120,
                intermediate_size=12288,
                moe_intermediate_size=1536,
                n_group=8,
                n_routed_experts=160,
                num_attention_heads=128,
                num_hidden_layers=60,
                num_key_value_heads=128,
                q_lora_rank=1536,
                routed_scaling_factor=16.0,
                topk_group=3,
                topk_method="group_limited_greedy",
            ),
        },
    ),
    "deepseek_v3": Family(
        configs={
            "plain": _small(n_group=2, topk_group=1),
            "halves": _small(
                n_routed_experts=6,
                n_group=3,
                topk_group=2,
                rope_interleave=False,
                norm_topk_prob=False,
                q_lora_rank=None,
                tie_word_embeddings=True,
            ),
            "stretched": _small(n_group=1, topk_group=1, rope_parameters=NEAR_YARN, attention_bias=True),
        },
        drawn=_drawn_v3,
        dropouts=(*DROPOUTS, "classifier_dropout"),
        pads=True,
        built_layers=4,
        published={
            "deepseek-ai/DeepSeek-V3": _v3(),
            "deepseek-ai/DeepSeek-R1": _v3(ep_size=1),
            "moonshotai/Moonlight-16B-A3B": _v3(
                first_k_dense_replace=1,
                hidden_size=2048,
                intermediate_size=11264,
                max_position_embeddings=8192,
                moe_intermediate_size=1408,
                n_group=1,
                n_routed_experts=64,
                n_shared_experts=2,
                num_attention_heads=16,
                num_experts_per_tok=6,
                num_hidden_layers=27,
                num_key_value_heads=16,
                num_nextn_predict_layers=0,
                q_lora_rank=None,
                rope_scaling=None,
                rope_theta=50000.0,
                routed_scaling_factor=2.446,
                topk_group=1,
                vocab_size=163840,
            ),
        },
    ),
}
