"""Conversion of a GGUF file of the Llama architecture to a Hub folder: config.json, tokenizer.json and safetensors.

Source: ``convert_hf_to_gguf.py`` of llama.cpp, of which this is the inverse.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torso.errors import FileFormatError, UnsupportedError
from torso.io.atomic_write import write_atomically
from torso.io.paths import shown
from torso.weights.gguf import GgufFile
from torso.weights.number_bits import NumberBits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NAMES: Mapping[str, str] = {
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
_IN_A_LAYER = re.compile(r"(?:blk\.(\d+)\.)?(\w+)\.weight")
_DIGITS_APART = ("smollm",)
_CONTROL, _USER = 3, 4  # kinds of tokens: the model's own marks, and what was added to match whole


def write_folder(path: Path, folder: Path) -> None:
    """Write the model of a GGUF file as a folder that transformers and torso load; weights become float32.

    Args:
        path: a GGUF file of the architecture ``llama`` with a byte-level tokenizer.
        folder: an existing folder.

    Raises:
        TorsoError: as `GgufFile`.
        UnsupportedError: E_UNSUPPORTED: another architecture or tokenizer, or tensors that this one does not have.
        FileFormatError: E_HEADER: metadata that does not describe a model.
    """
    from torso.weights import safetensors

    file = GgufFile(path)
    _require(file, "general.architecture", "llama")
    _require(file, "tokenizer.ggml.model", "gpt2")
    _require(file, "tokenizer.ggml.pre", *_DIGITS_APART)
    config, tokenizer = _config(file), _tokenizer(file)
    safetensors.write(folder / "model.safetensors", dict(_weights(file, config)))
    for name, value in (
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", _tokenizer_config(file, config)),
        ("config.json", config),
    ):
        with write_atomically(folder / name) as out:
            out.write((json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def _weights(file: GgufFile, config: Mapping[str, Any]) -> list[tuple[str, NumberBits]]:
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    weights: list[tuple[str, NumberBits]] = []
    for name in file.tensors:
        found = _IN_A_LAYER.fullmatch(name)
        if found is None or found[2] not in _NAMES:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} holds the tensor {name}, which a Llama model does not have.",
                cure="Use the model's safetensors.",
                values=dict(path=shown(file.path), name=shown(name[:80])),
            )
        layer = "" if found[1] is None else f"model.layers.{found[1]}."
        value = file.read(name)
        if found[2] in heads:
            value = _halves_apart(file, name, value, heads[found[2]])
        weights.append((f"{layer}{_NAMES[found[2]]}.weight", NumberBits(value, "F32")))
    return weights


def _halves_apart(file: GgufFile, name: str, value: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Permute query or key rows from llama.cpp's interleaved rotary layout to the Hub's half-split layout."""
    if value.ndim != 2 or value.shape[0] % (2 * heads):
        raise _unusable(file, f"{name[:80]} {list(value.shape)}")
    return value.reshape(heads, -1, 2, value.shape[1]).swapaxes(1, 2).reshape(value.shape)


def _config(file: GgufFile) -> dict[str, Any]:
    vocabulary = len(_list(file, "tokenizer.ggml.tokens", str))
    heads = _whole(file, "llama.attention.head_count")
    config: dict[str, Any] = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocabulary,
        "hidden_size": _whole(file, "llama.embedding_length"),
        "intermediate_size": _whole(file, "llama.feed_forward_length"),
        "num_hidden_layers": _whole(file, "llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": _whole(file, "llama.attention.head_count_kv", heads),
        "max_position_embeddings": _whole(file, "llama.context_length"),
        "rms_norm_eps": _real(file, "llama.attention.layer_norm_rms_epsilon", 1e-5),
        "rope_theta": _real(file, "llama.rope.freq_base", 10_000.0),
        "hidden_act": "silu",
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "torch_dtype": "float32",
    }
    for role in ("bos", "eos"):
        if (key := f"tokenizer.ggml.{role}_token_id") in file.metadata:
            config[f"{role}_token_id"] = _id(file, key, vocabulary)
    return config


def _tokenizer(file: GgufFile) -> dict[str, Any]:
    """Return the tokenizer.json of a byte-level BPE that splits digits one by one."""
    tokens, merges = _list(file, "tokenizer.ggml.tokens", str), _list(file, "tokenizer.ggml.merges", str)
    kinds = _list(file, "tokenizer.ggml.token_type", int)
    if len(kinds) != len(tokens) or len(set(tokens)) != len(tokens):
        raise _unusable(file, "tokenizer.ggml.tokens")
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, **flags, "special": kind == _CONTROL}
            for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
            if kind in (_CONTROL, _USER)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, level]},
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": merges,
        },
    }


def _tokenizer_config(file: GgufFile, config: Mapping[str, Any]) -> dict[str, Any]:
    tokens = _list(file, "tokenizer.ggml.tokens", str)
    tokenizer_config: dict[str, Any] = {
        "tokenizer_class": "GPT2Tokenizer",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["max_position_embeddings"],
    }
    for role, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")):
        if (name := f"tokenizer.ggml.{key}_token_id") in file.metadata:
            tokenizer_config[f"{role}_token"] = tokens[_id(file, name, len(tokens))]
    template = file.metadata.get("tokenizer.chat_template")
    return tokenizer_config | ({"chat_template": template} if isinstance(template, str) else {})


def _require(file: GgufFile, key: str, *known: str) -> None:
    if file.metadata.get(key) not in known:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{path} says {key} = {value}; torso converts only {known}.",
            cure="Use the model's safetensors.",
            values=dict(path=shown(file.path), key=key, value=str(file.metadata.get(key))[:80], known=", ".join(known)),
        )


def _whole(file: GgufFile, key: str, default: int | None = None) -> int:
    value = file.metadata.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
        raise _unusable(file, key)
    return value


def _id(file: GgufFile, key: str, vocabulary: int) -> int:
    value = file.metadata.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < vocabulary:
        raise _unusable(file, key)
    return value


def _real(file: GgufFile, key: str, default: float) -> float:
    value = file.metadata.get(key, default)
    if not isinstance(value, float) or not 0 < value < 1e30:
        raise _unusable(file, key)
    # Stored as float32: the shortest number that is stored so is meant, 1e-5 and not 9.999999747378752e-06.
    shortest = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((each for each in shortest if struct.pack("<f", each) == struct.pack("<f", value)), value)


def _list(file: GgufFile, key: str, kind: type) -> list[Any]:
    value = file.metadata.get(key)
    items = cast("list[object]", value) if isinstance(value, list) else []
    if not items or not all(isinstance(item, kind) for item in items):
        raise _unusable(file, key)
    return items


def _unusable(file: GgufFile, key: str) -> FileFormatError:
    return FileFormatError(
        "E_HEADER",
        "{path} does not describe a model: {key} is missing or cannot be.",
        cure="Download it again.",
        values=dict(path=shown(file.path), key=shown(key)),
    )
