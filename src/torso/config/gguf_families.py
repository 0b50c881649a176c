"""What GGUF files of each family say of their sizes and positions, as the Hub's ``config.json`` has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

from torso.weights.gguf_metadata import GgufMetadata

Table = dict[str, Any]

# Of Llama 3's stretched positions a file holds the factor of each frequency alone; all models made so have these.
_LLAMA3: Mapping[str, float | int] = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def _decoder(said: GgufMetadata) -> Table:
    heads = said.whole(".attention.head_count")
    groups = said.whole(".attention.head_count_kv", heads)
    width = said.whole(".embedding_length")
    config: Table = {
        "vocab_size": said.rows("token_embd.weight"),
        "hidden_size": width,
        "intermediate_size": said.whole(".feed_forward_length"),
        "num_hidden_layers": said.whole(".block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "max_position_embeddings": said.whole(".context_length"),
        "rms_norm_eps": said.real(".attention.layer_norm_rms_epsilon", 1e-5),
        "rope_theta": said.real(".rope.freq_base", 10_000.0),
    }
    if said.get(".attention.key_length") is not None or width % heads:
        config["head_dim"] = said.whole(".attention.key_length")
    stretch = _stretched(said, config)
    return config | ({"rope_scaling": stretch} if stretch else {})


def _stretched(said: GgufMetadata, config: Table) -> Table | None:
    """Return how rotary positions are stretched, by the metadata or by the factors that a file holds as tensors."""
    kind = said.text(".rope.scaling.type", "none")
    trained = {}
    if said.get(".rope.scaling.original_context_length") is not None:
        trained = {"original_max_position_embeddings": said.whole(".rope.scaling.original_context_length")}
    if "rope_factors_long.weight" in said.file.tensors:
        lists = {f"{name}_factor": _numbers(said, f"rope_factors_{name}.weight") for name in ("long", "short")}
        factor = said.get(".rope.scaling.attn_factor")
        own = {} if factor is None else {"attention_factor": said.real(".rope.scaling.attn_factor")}
        return {"rope_type": "longrope", **lists, **trained, **own}
    if "rope_freqs.weight" in said.file.tensors:
        return _as_llama3(said, config)
    if kind == "none" or said.get(".rope.scaling.factor") in (None, 0, 1):
        return None
    if kind not in ("linear", "yarn"):
        raise said.unsupported(".rope.scaling.type", kind, "none, linear, yarn, longrope")
    return {"rope_type": kind, "factor": said.real(".rope.scaling.factor"), **trained}


def _as_llama3(said: GgufMetadata, config: Table) -> Table | None:
    factors = _numbers(said, "rope_freqs.weight")
    factor = max(factors)
    if factor == min(factors) == 1:
        return None
    size = 2 * len(factors)
    for index, each in enumerate(factors):
        turns = _LLAMA3["original_max_position_embeddings"] * config["rope_theta"] ** (-2 * index / size) / math.tau
        low, high = _LLAMA3["low_freq_factor"], _LLAMA3["high_freq_factor"]
        smooth = min(1.0, max(0.0, (turns - low) / (high - low)))
        wanted = 1 / ((1 - smooth) / factor + smooth)
        if not abs(each - wanted) <= 1e-3 * wanted:
            raise said.unsupported("rope_freqs.weight", f"{each:g} ({index})", "Llama 3")
    return {"rope_type": "llama3", "factor": factor, **_LLAMA3}


def _numbers(said: GgufMetadata, tensor: str) -> list[float]:
    found = said.file.tensors.get(tensor)
    if found is None or len(found.shape) != 1 or not 0 < found.shape[0] <= 1 << 16:
        raise said.unusable(tensor)
    numbers = [float(each) for each in said.file.read(tensor)]
    if not all(1e-6 < each < 1e6 for each in numbers):
        raise said.unusable(tensor)
    return numbers


def _qwen2(said: GgufMetadata) -> Table:
    return {**_decoder(said), "use_sliding_window": False}


def _phi3(said: GgufMetadata) -> Table:
    config = _decoder(said)
    whole, turned = config["hidden_size"] // config["num_attention_heads"], said.get(".rope.dimension_count")
    if turned is not None:
        config["partial_rotary_factor"] = said.whole(".rope.dimension_count") / config.get("head_dim", whole)
    trained = ".rope.scaling.original_context_length"
    if said.get(trained) is not None:
        config["original_max_position_embeddings"] = said.whole(trained)
    return config | _window(said)


def _window(said: GgufMetadata) -> Table:
    width = said.get(".attention.sliding_window")
    return {"sliding_window": None if width in (None, 0) else said.whole(".attention.sliding_window")}


def _gemma(said: GgufMetadata) -> Table:
    return {**_decoder(said), "hidden_act": "gelu_pytorch_tanh"}


def _gemma2(said: GgufMetadata) -> Table:
    config = _decoder(said) | _window(said)
    largest = {"gemma2": 46, "gemma3": 62}[said.architecture]
    # The largest model of each of the two families divides scores by another number; no file says so.
    by = config["hidden_size"] // config["num_attention_heads"]
    config["query_pre_attn_scalar"] = by if config["num_hidden_layers"] == largest else config.get("head_dim", by)
    for name in ("attn_logit_softcapping", "final_logit_softcapping"):
        absent = None if said.architecture == "gemma3" else {"attn": 50.0, "final": 30.0}[name.partition("_")[0]]
        config[name] = absent if said.get(f".{name}") is None else said.real(f".{name}")
    return {**config, "hidden_activation": "gelu_pytorch_tanh"}


def _gemma3(said: GgufMetadata) -> Table:
    local = said.real(".rope.freq_base_swa", 10_000.0)
    return {**_gemma2(said), "rope_local_base_freq": local}


def _olmo(said: GgufMetadata) -> Table:
    clip = said.get(".attention.clamp_kqv")
    return {**_decoder(said), "clip_qkv": None if clip in (None, 0) else said.real(".attention.clamp_kqv")}


def _olmo2(said: GgufMetadata) -> Table:
    config = _decoder(said) | _kinds(said)
    # OLMo 3 has windows, and the name of OLMo 2.
    return (
        config
        if config["sliding_window"] is None
        else config | {"model_type": "olmo3", "architectures": ["Olmo3ForCausalLM"]}
    )


def _kinds(said: GgufMetadata) -> Table:
    """Return the window, and which layers have one; of three in four, where a file does not say."""
    window = _window(said)
    stated: object = said.get(".attention.sliding_window_pattern")
    slides = cast("list[object]", stated) if isinstance(stated, list) else []
    layers = said.whole(".block_count")
    if window["sliding_window"] is None:
        return window | {"layer_types": ["full_attention"] * layers}
    if len(slides) != layers:
        slides = [(layer + 1) % 4 != 0 for layer in range(layers)]
    return window | {"layer_types": ["sliding_attention" if each else "full_attention" for each in slides]}


def _seed_oss(said: GgufMetadata) -> Table:
    there = {name: f"blk.0.attn_{part}.bias" in said.file.tensors for name, part in (("", "q"), ("out_", "output"))}
    return {**_decoder(said), **{f"attention_{name}bias": has for name, has in there.items()}}


def _starcoder2(said: GgufMetadata) -> Table:
    own = {"norm_epsilon": said.real(".attention.layer_norm_epsilon", 1e-5), "sliding_window": None}
    return {**_decoder(said), **own, "use_bias": "blk.0.attn_q.bias" in said.file.tensors}


def _gpt2(said: GgufMetadata) -> Table:
    return {
        "vocab_size": said.rows("token_embd.weight"),
        "n_positions": said.rows("position_embd.weight"),
        "n_embd": said.whole(".embedding_length"),
        "n_layer": said.whole(".block_count"),
        "n_head": said.whole(".attention.head_count"),
        "n_inner": said.whole(".feed_forward_length"),
        "layer_norm_epsilon": said.real(".attention.layer_norm_epsilon", 1e-5),
    }


def _encoder(said: GgufMetadata) -> Table:
    if said.get(".attention.causal") not in (None, False):
        raise said.unsupported(".attention.causal", said.get(".attention.causal"), "false")
    return {
        "vocab_size": said.rows("token_embd.weight"),
        "hidden_size": said.whole(".embedding_length"),
        "num_hidden_layers": said.whole(".block_count"),
        "num_attention_heads": said.whole(".attention.head_count"),
        "intermediate_size": said.whole(".feed_forward_length"),
        "layer_norm_eps": said.real(".attention.layer_norm_epsilon", 1e-12),
        "type_vocab_size": said.rows("token_types.weight"),
    }


def _bert(said: GgufMetadata) -> Table:
    return {**_encoder(said), "max_position_embeddings": said.rows("position_embd.weight")}


def _nomic(said: GgufMetadata) -> Table:
    config = {**_encoder(said), "max_position_embeddings": said.whole(".context_length"), "hidden_act": "silu"}
    stretch = _stretched(said, config)
    return (
        config | {"rope_theta": said.real(".rope.freq_base", 1000.0)} | ({"rope_scaling": stretch} if stretch else {})
    )


CONFIGS: Mapping[str, Callable[[GgufMetadata], Table]] = {
    "llama": _decoder,
    "qwen2": _qwen2,
    "qwen3": _qwen2,
    "gemma": _gemma,
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "phi3": _phi3,
    "olmo": _olmo,
    "olmo2": _olmo2,
    "exaone4": lambda said: _decoder(said) | _kinds(said),
    "seed_oss": _seed_oss,
    "starcoder2": _starcoder2,
    "gpt2": _gpt2,
    "bert": _bert,
    "nomic-bert": _nomic,
}
"""What the ``config.json`` of each architecture says, by llama.cpp's name."""


def _experts(said: GgufMetadata, name: str = "num_experts") -> Table:
    return {name: said.experts, "num_experts_per_tok": said.whole(".expert_used_count")}


def _qwen_moe(said: GgufMetadata) -> Table:
    # llama.cpp divides the weights of Qwen3's experts by their sum, those of Qwen2's not; no file says so.
    own = {"moe_intermediate_size": said.whole(".expert_feed_forward_length")}
    config = {**_qwen2(said), **_experts(said), **own, "norm_topk_prob": said.architecture == "qwen3moe"}
    if said.architecture == "qwen2moe":
        config["shared_expert_intermediate_size"] = said.whole(".expert_shared_feed_forward_length")
    return config


MIXTURE_CONFIGS: Mapping[str, Callable[[GgufMetadata], Table]] = {
    "llama": lambda said: _decoder(said) | _experts(said, "num_local_experts"),
    "qwen2moe": _qwen_moe,
    "qwen3moe": _qwen_moe,
    "olmoe": lambda said: {**_decoder(said), **_experts(said), "norm_topk_prob": False},
}
"""The same of those with experts in their layers."""
