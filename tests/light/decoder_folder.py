"""A small decoder as a folder, made without PyTorch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from tokenizers import pre_tokenizers

from torso.weights.number_bits import NumberBits
from torso.weights.safetensors import write

TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
END = 256
_SIZES = {
    "vocab_size": END + 1,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def decoder(folder: Path) -> Path:
    """Write a Llama of random weights that reads bytes and answers chats."""
    folder.mkdir()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*alphabet, "<|endoftext|>"])}
    files = {
        "config.json": {
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "rms_norm_eps": 1e-6,
            "hidden_act": "silu",
            "tie_word_embeddings": False,
            "bos_token_id": END,
            "eos_token_id": END,
            **_SIZES,
        },
        "generation_config.json": {"eos_token_id": END, "bos_token_id": END, "max_new_tokens": 12},
        "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"},
        "vocab.json": vocabulary,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    write(folder / "model.safetensors", _weights())
    return folder


def adapted(folder: Path, base: Path) -> tuple[Path, Path]:
    """Write a low-rank adapter of a decoder, as PEFT does, and the decoder with the adapter merged into it."""
    dice, rank, alpha = np.random.RandomState(4), 3, 12
    weights = _weights()
    factors = dict[str, NumberBits]()
    for layer in range(_SIZES["num_hidden_layers"]):
        for name in ("self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"):
            key = f"model.layers.{layer}.{name}"
            whole = weights[f"{key}.weight"].data
            a, b = (
                0.2 * dice.standard_normal(shape).astype(np.float32)
                for shape in ((rank, whole.shape[1]), (len(whole), rank))
            )
            factors[f"base_model.model.{key}.lora_A.weight"] = NumberBits(a, "F32")
            factors[f"base_model.model.{key}.lora_B.weight"] = NumberBits(b, "F32")
            weights[f"{key}.weight"] = NumberBits(whole + b @ a * np.float32(alpha / rank), "F32")
    adapter, merged = folder / "adapter", folder / "merged"
    adapter.mkdir()
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base), "r": rank}
    settings |= {"lora_alpha": alpha, "target_modules": ["q_proj", "v_proj", "down_proj"]}
    (adapter / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    write(adapter / "adapter_model.safetensors", factors)
    shutil.copytree(base, merged)
    write(merged / "model.safetensors", weights)
    return adapter, merged


def _weights() -> dict[str, NumberBits]:
    dice = np.random.RandomState(3)

    def drawn(*shape: int) -> NumberBits:
        return NumberBits((0.3 * dice.standard_normal(shape)).astype(np.float32), "F32")

    def ones(size: int) -> NumberBits:
        return NumberBits(np.ones(size, np.float32), "F32")

    width, inner = _SIZES["hidden_size"], _SIZES["intermediate_size"]
    found = {"model.embed_tokens.weight": drawn(END + 1, width)}
    for layer in range(_SIZES["num_hidden_layers"]):
        shapes = {
            "self_attn.q_proj": (width, width),
            "self_attn.k_proj": (width // 2, width),
            "self_attn.v_proj": (width // 2, width),
            "self_attn.o_proj": (width, width),
            "mlp.gate_proj": (inner, width),
            "mlp.up_proj": (inner, width),
            "mlp.down_proj": (width, inner),
        }
        found |= {f"model.layers.{layer}.{name}.weight": drawn(*shape) for name, shape in shapes.items()}
        for name in ("input_layernorm", "post_attention_layernorm"):
            found[f"model.layers.{layer}.{name}.weight"] = ones(width)
    return found | {"model.norm.weight": ones(width), "lm_head.weight": drawn(END + 1, width)}
