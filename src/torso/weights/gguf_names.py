"""Names of tensors in GGUF files, and how their numbers lie there, beside those of the Hub.

Source: ``tensor_mapping.py`` of llama.cpp's gguf package, and ``convert_hf_to_gguf.py``, of which this is the inverse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

TensorOrder = Literal["straight", "halves", "transposed", "less one", "row"]
"""How a tensor is stored.

- ``straight``: as on the Hub
- ``halves``: rows of queries or keys whose two halves are interleaved within each head, for another order of rotation
- ``transposed``: GPT-2's matrices, which the Hub has as [in, out]
- ``less one``: norms of the Gemma families, to which one was added: ours are stored as distances from it
- ``row``: a matrix of one row, which some files have as a vector
"""

_IN_A_LAYER = re.compile(r"(?:blk\.(\d{1,6})\.)?(\w+)\.(weight|bias)")
NO_WEIGHTS = ("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight")
"""Tensors that say how rotary positions are stretched: parts of the config."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of one architecture.

    Attributes:
        model_type: the Hub's name of the family.
        causal: the Hub's class of the model that writes; empty for an encoder.
        layer: what stands before the names of a layer, with ``{i}``.
        rows: a name of GGUF, without ``.weight``, to the Hub's, below ``layer`` where there are layers.
        order: returns how a tensor is stored, by its name in GGUF and whether it is a matrix or vector of weights.
        experts: the same as ``rows`` for the matrices of all experts of a layer in one tensor, with ``{e}``.
    """

    model_type: str
    causal: str
    layer: str
    rows: Mapping[str, str]
    order: Callable[[str, str], TensorOrder]
    experts: Mapping[str, str] = field(default_factory=dict[str, str])

    def experts_of(self, name: str) -> str | None:
        """Return the Hub's name of a matrix of each expert, with ``{e}``, of a tensor that holds those of all."""
        found = _IN_A_LAYER.fullmatch(name)
        if found is None or found[1] is None or found[3] != "weight" or found[2] not in self.experts:
            return None
        return f"{self.layer.format(i=int(found[1]))}{self.experts[found[2]]}.weight"

    def read(self, name: str) -> tuple[str, TensorOrder] | None:
        """Return the Hub's name of a tensor, and how it is stored; None for one that the family does not have."""
        found = _IN_A_LAYER.fullmatch(name)
        if found is None or found[2] not in self.rows:
            return None
        place = "" if found[1] is None else self.layer.format(i=int(found[1]))
        return f"{place}{self.rows[found[2]]}.{found[3]}", self.order(found[2], found[3])


def _straight(name: str, kind: str) -> TensorOrder:
    return "straight"


def _interleaved(name: str, kind: str) -> TensorOrder:
    return "halves" if name in ("attn_q", "attn_k") else "straight"


def _from_one(name: str, kind: str) -> TensorOrder:
    return "less one" if name.endswith("_norm") else "straight"


def _as_gpt2(name: str, kind: str) -> TensorOrder:
    matrices = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
    return "transposed" if kind == "weight" and name in matrices else "straight"


_LLAMA: Mapping[str, str] = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_WITH_HEAD_NORMS = {**_LLAMA, "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_SANDWICH: Mapping[str, str] = {
    **_WITH_HEAD_NORMS,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_BEHIND: Mapping[str, str] = {name: ours for name, ours in _SANDWICH.items() if name not in ("attn_norm", "ffn_norm")}
_SEED = {
    **{name: ours for name, ours in _LLAMA.items() if name != "ffn_norm"},
    "post_attention_norm": "post_attention_layernorm",
}
_STARCODER2 = {
    **{name: ours for name, ours in _LLAMA.items() if name != "ffn_gate"},
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_PHI3 = {
    **{name: ours for name, ours in _LLAMA.items() if name not in ("attn_q", "attn_k", "attn_v", "ffn_gate")},
    "attn_qkv": "self_attn.qkv_proj",
    "ffn_up": "mlp.gate_up_proj",
}
_GPT2: Mapping[str, str] = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_EMBEDDED: Mapping[str, str] = {
    "token_embd": "bert.embeddings.word_embeddings",
    "token_types": "bert.embeddings.token_type_embeddings",
    "position_embd": "bert.embeddings.position_embeddings",
}
_BERT: Mapping[str, str] = {
    **_EMBEDDED,
    "token_embd_norm": "bert.embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}
_NOMIC: Mapping[str, str] = {
    **_EMBEDDED,
    "token_embd_norm": "bert.emb_ln",
    "attn_qkv": "attn.Wqkv",
    "attn_output": "attn.out_proj",
    "attn_output_norm": "norm1",
    "ffn_up": "mlp.fc11",
    "ffn_gate": "mlp.fc12",
    "ffn_down": "mlp.fc2",
    "layer_output_norm": "norm2",
}
_LAYER = "model.layers.{i}."


def _with_experts(
    dense: Mapping[str, str], place: str, gate: str, up: str, down: str, **shared: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of a family with mixtures in place of feed-forwards, and those of its experts."""
    others = {name: ours for name, ours in dense.items() if name not in ("ffn_gate", "ffn_up", "ffn_down")}
    parts = {"ffn_gate_exps": gate, "ffn_up_exps": up, "ffn_down_exps": down}
    experts = {name: f"{place}.experts.{{e}}.{each}" for name, each in parts.items()}
    return {**others, "ffn_gate_inp": f"{place}.gate", **shared}, experts


def _one_row(name: str, kind: str) -> TensorOrder:
    return "row" if name == "ffn_gate_inp_shexp" else "straight"


_PROJECTIONS = ("gate_proj", "up_proj", "down_proj")
_MIXTRAL, _MIXTRAL_EXPERTS = _with_experts(_LLAMA, "block_sparse_moe", "w1", "w3", "w2")
_QWEN2_MOE, _QWEN_EXPERTS = _with_experts(
    _LLAMA,
    "mlp",
    *_PROJECTIONS,
    ffn_gate_inp_shexp="mlp.shared_expert_gate",
    ffn_gate_shexp="mlp.shared_expert.gate_proj",
    ffn_up_shexp="mlp.shared_expert.up_proj",
    ffn_down_shexp="mlp.shared_expert.down_proj",
)
_QWEN3_MOE, _ = _with_experts(_WITH_HEAD_NORMS, "mlp", *_PROJECTIONS)

NAMINGS: Mapping[str, Naming] = {
    "llama": Naming("llama", "LlamaForCausalLM", _LAYER, _LLAMA, _interleaved),
    "qwen2": Naming("qwen2", "Qwen2ForCausalLM", _LAYER, _LLAMA, _straight),
    "qwen3": Naming("qwen3", "Qwen3ForCausalLM", _LAYER, _WITH_HEAD_NORMS, _straight),
    "gemma": Naming("gemma", "GemmaForCausalLM", _LAYER, _LLAMA, _from_one),
    "gemma2": Naming("gemma2", "Gemma2ForCausalLM", _LAYER, _SANDWICH, _from_one),
    "gemma3": Naming("gemma3_text", "Gemma3ForCausalLM", _LAYER, _SANDWICH, _from_one),
    "phi3": Naming("phi3", "Phi3ForCausalLM", _LAYER, _PHI3, _straight),
    "olmo": Naming("olmo", "OlmoForCausalLM", _LAYER, _LLAMA, _interleaved),
    "olmo2": Naming("olmo2", "Olmo2ForCausalLM", _LAYER, _BEHIND, _straight),
    "exaone4": Naming("exaone4", "Exaone4ForCausalLM", _LAYER, _BEHIND, _straight),
    "seed_oss": Naming("seed_oss", "SeedOssForCausalLM", _LAYER, _SEED, _straight),
    "starcoder2": Naming("starcoder2", "Starcoder2ForCausalLM", _LAYER, _STARCODER2, _straight),
    "gpt2": Naming("gpt2", "GPT2LMHeadModel", "transformer.h.{i}.", _GPT2, _as_gpt2),
    "bert": Naming("bert", "", "bert.encoder.layer.{i}.", _BERT, _straight),
    "nomic-bert": Naming("nomic_bert", "", "bert.encoder.layers.{i}.", _NOMIC, _straight),
}
"""Architectures of GGUF files that torso has."""

MIXTURES: Mapping[str, Naming] = {
    "llama": Naming("mixtral", "MixtralForCausalLM", _LAYER, _MIXTRAL, _interleaved, _MIXTRAL_EXPERTS),
    "qwen2moe": Naming("qwen2_moe", "Qwen2MoeForCausalLM", _LAYER, _QWEN2_MOE, _one_row, _QWEN_EXPERTS),
    "qwen3moe": Naming("qwen3_moe", "Qwen3MoeForCausalLM", _LAYER, _QWEN3_MOE, _straight, _QWEN_EXPERTS),
    "olmoe": Naming("olmoe", "OlmoeForCausalLM", _LAYER, _QWEN3_MOE, _straight, _QWEN_EXPERTS),
}
"""Those whose layers have experts; a Mixtral has the name of a Llama."""
