"""Reference models written as GGUF files, as llama.cpp's ``convert_hf_to_gguf.py`` writes them, by its own package."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lazy import LazyModule

gguf = LazyModule("gguf")

Values = dict[str, Any]
Vocabulary = Callable[[Any], None]


def write(
    path: Path,
    architecture: str,
    model: Any,
    *,
    kind: str = "F32",
    vocabulary: Vocabulary | None = None,
    said: Mapping[str, Any] | None = None,
    tables: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> None:
    """Write a model; matrices whose rows can be cut into blocks are quantised, and ``model`` then holds their numbers.

    Args:
        path: the file.
        architecture: as llama.cpp calls it.
        model: of transformers.
        kind: of blocks.
        vocabulary: adds the tokenizer.
        said: further metadata.
        tables: further tensors, of float32.
    """
    config = model.config
    arch = next(each for each, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    layers = getattr(config, "num_hidden_layers", None) or config.n_layer
    names = gguf.get_tensor_name_map(arch, layers)
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in {**metadata(architecture, config), **(said or {})}.items():
        add(writer, key, value)
    if vocabulary is not None:
        vocabulary(writer)
    if stretch := factors(config):
        writer.add_tensor("rope_freqs.weight", np.array(stretch, np.float32))
    for name, table in (tables or {}).items():
        writer.add_tensor(name, table)
    state = model.state_dict()
    tied = getattr(config, "tie_word_embeddings", False)
    with torch.no_grad():
        for name, tensor in apart(state):
            if (tied and name == "lm_head.weight") or "pooler" in name:
                continue
            new = names.get_name(name.removeprefix("bert.").removeprefix("nomic_bert."), (".weight", ".bias"))
            assert new is not None, name
            data, back = arranged(architecture, config, name, new, tensor.float().numpy())
            data = np.ascontiguousarray(data)
            if data.ndim > 1 and data.shape[-1] % 32 == 0 and kind != "F32" and "ffn_gate_inp" not in new:
                own = gguf.GGMLQuantizationType[kind]
                packed = gguf.quants.quantize(data, own)
                writer.add_tensor(new, packed, raw_dtype=own)
                tensor.copy_(torch.from_numpy(back(gguf.quants.dequantize(packed, own).reshape(data.shape)).copy()))
            else:
                writer.add_tensor(new, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def apart(state: Mapping[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors as the converter meets them: gates and ups of all experts apart, views of what the model has."""
    for name, tensor in state.items():
        if name.endswith("experts.gate_up_proj"):
            for part, half in zip(("gate", "up"), tensor.chunk(2, 1), strict=True):
                yield name.replace("gate_up_proj", f"{part}_proj.weight"), half
        else:
            yield (f"{name}.weight" if name.endswith("experts.down_proj") else name), tensor


def add(writer: Any, key: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def metadata(architecture: str, config: Any) -> Values:
    """What the converter says of a model's sizes."""
    at = f"{architecture}."
    if architecture == "gpt2":
        return {
            at + "block_count": config.n_layer,
            at + "context_length": config.n_positions,
            at + "embedding_length": config.n_embd,
            at + "feed_forward_length": config.n_inner or 4 * config.n_embd,
            at + "attention.head_count": config.n_head,
            at + "attention.layer_norm_epsilon": config.layer_norm_epsilon,
        }
    said: Values = {
        at + "block_count": config.num_hidden_layers,
        at + "context_length": config.max_position_embeddings,
        at + "embedding_length": config.hidden_size,
        at + "feed_forward_length": config.intermediate_size,
        at + "attention.head_count": config.num_attention_heads,
    }
    if architecture in ("bert", "nomic-bert"):
        said |= {at + "attention.layer_norm_epsilon": config.layer_norm_eps, at + "attention.causal": False}
        if architecture == "nomic-bert":
            said[at + "rope.freq_base"] = float(config.rope_parameters["rope_theta"])
        return said
    rope = config.rope_parameters
    rope = rope.get("full_attention", rope)
    if hasattr(config, "rms_norm_eps"):
        said[at + "attention.layer_norm_rms_epsilon"] = config.rms_norm_eps
    else:
        said[at + "attention.layer_norm_epsilon"] = getattr(config, "norm_epsilon", 1e-5)
    if getattr(config, "clip_qkv", None):
        said[at + "attention.clamp_kqv"] = config.clip_qkv
    if architecture in ("olmo2", "exaone4") and getattr(config, "sliding_window", None):
        said[at + "attention.sliding_window"] = config.sliding_window
        said[at + "attention.sliding_window_pattern"] = [each == "sliding_attention" for each in config.layer_types]
    said |= {
        at + "attention.head_count_kv": config.num_key_value_heads,
        at + "rope.freq_base": float(rope["rope_theta"]),
    }
    if experts := getattr(config, "num_experts", None) or getattr(config, "num_local_experts", None):
        said |= {at + "expert_count": experts, at + "expert_used_count": config.num_experts_per_tok}
        for key, own in (("expert", "moe"), ("expert_shared", "shared_expert")):
            if (width := getattr(config, f"{own}_intermediate_size", None)) is not None:
                said[f"{at}{key}_feed_forward_length"] = width
    if getattr(config, "head_dim", None):
        said |= {at + "attention.key_length": config.head_dim, at + "attention.value_length": config.head_dim}
    if rope["rope_type"] in ("linear", "yarn"):
        said |= {at + "rope.scaling.type": rope["rope_type"], at + "rope.scaling.factor": float(rope["factor"])}
        if rope["rope_type"] == "yarn":
            said[at + "rope.scaling.original_context_length"] = rope["original_max_position_embeddings"]
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        if getattr(config, name, None):
            said[at + name] = float(getattr(config, name))
    if architecture in ("gemma2", "gemma3"):
        said[at + "attention.sliding_window"] = config.sliding_window
    if architecture == "phi3":
        said[at + "rope.dimension_count"] = config.hidden_size // config.num_attention_heads
    return said


def factors(config: Any) -> list[float]:
    """The factor of each frequency, as the converter computes it for Llama 3.1."""
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") != "llama3":
        return []
    size = config.head_dim or config.hidden_size // config.num_attention_heads
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    trained = rope["original_max_position_embeddings"]
    found: list[float] = []
    for at in range(0, size, 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (at / size)
        if wave < trained / high:
            found.append(1.0)
        elif wave > trained / low:
            found.append(rope["factor"])
        else:
            smooth = (trained / wave - low) / (high - low)
            found.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return found


Array = np.ndarray[Any, Any]


def arranged(
    architecture: str, config: Any, name: str, new: str, data: Array
) -> tuple[Array, Callable[[Array], Array]]:
    """A tensor as the converter stores it, and what brings it back."""
    if architecture in ("llama", "olmo") and (".attn_q." in new or ".attn_k." in new):
        heads = config.num_attention_heads if ".attn_q." in new else config.num_key_value_heads
        rows, half = data.shape[0], data.shape[0] // heads // 2
        rest = data.shape[1:]
        together = data.reshape(heads, 2, half, *rest).swapaxes(1, 2).reshape(data.shape)
        return together, lambda values: values.reshape(heads, half, 2, *rest).swapaxes(1, 2).reshape(rows, *rest)
    if ".ffn_gate_inp_shexp." in new:  # a vector, as in published files
        return data[0], lambda values: values[None]
    if architecture == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return data.T, lambda values: values.T
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return data + 1, lambda values: values - 1
    return data, lambda values: values
