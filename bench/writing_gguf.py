"""A Llama or a Qwen3-MoE of transformers as a GGUF file for llama.cpp, rounded as llama.cpp's own tools round it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate": "ffn_gate_inp",
}
EXPERTS = {"gate_proj": "ffn_gate_exps", "up_proj": "ffn_up_exps", "down_proj": "ffn_down_exps"}


def convert(folder: Path, file: Path, mode: str) -> None:
    """Write ``file`` in F32, BF16, Q8_0 or Q4_0; norms stay in float32. The output matrix is the table of tokens."""
    import gguf
    from safetensors.numpy import load_file

    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    kind = gguf.GGMLQuantizationType[mode]
    experts: int = config.get("num_experts") or config.get("num_local_experts") or 0
    writer = gguf.GGUFWriter(str(file), "qwen3moe" if experts else "llama")
    heads, key_heads = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(size)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
        writer.add_key_length(size)
        writer.add_value_length(size)
        writer.add_rope_freq_base((config.get("rope_parameters") or config)["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    tensors = load_file(folder / "model.safetensors")
    for name in [each for each in tensors if ".experts.0." in each]:
        number, which = name.split(".")[2], name.split(".")[-2]
        parts = [
            np.asarray(tensors.pop(name.replace(".experts.0.", f".experts.{i}.")), np.float32) for i in range(experts)
        ]
        kept = np.stack([gguf.quantize(part, kind) for part in parts])
        writer.add_tensor(f"blk.{number}.{EXPERTS[which]}.weight", kept, raw_dtype=kind)
    for name, array in tensors.items():
        own, weight = _name(name), np.asarray(array, np.float32)
        if ".ffn_gate_inp." in own:  # the router stays in float32, as there
            writer.add_tensor(own, weight)
            continue
        if not experts and (".attn_q." in own or ".attn_k." in own):
            weight = _turning_neighbours(weight, heads if ".attn_q." in own else key_heads)
        if weight.ndim == 1:
            writer.add_tensor(own, weight)
        else:
            writer.add_tensor(own, gguf.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _name(name: str) -> str:
    parts = name.removeprefix("model.").split(".")
    if parts[0] == "layers":
        return f"blk.{parts[1]}.{NAMES['.'.join(parts[2:-1])]}.weight"
    return {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}[parts[0]] + ".weight"


def _turning_neighbours(weight: np.ndarray, heads: int) -> np.ndarray:
    """Reorder rows from halves of a head that turn together to neighbours that do, as llama.cpp's Llama has them."""
    outputs, inputs = weight.shape
    return weight.reshape(heads, 2, outputs // heads // 2, inputs).swapaxes(1, 2).reshape(outputs, inputs)
